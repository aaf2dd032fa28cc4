"""`python run.py doctor`: asks every part of a stack whether it does what a run needs. One file a check."""
