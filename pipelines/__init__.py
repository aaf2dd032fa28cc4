"""Wiring: one file a pipeline, and how a run is started, watched and summed up."""
