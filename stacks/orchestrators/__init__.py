"""Orchestrators that ZenML does not bring, one folder for each."""
