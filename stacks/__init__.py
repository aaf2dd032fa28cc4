"""Where a pipeline runs: stack files, how they are applied, and the flavors that ZenML does not bring."""
