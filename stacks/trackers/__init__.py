"""Experiment trackers of our own, one folder for each."""
