"""How learners are tuned and fitted on tables."""
