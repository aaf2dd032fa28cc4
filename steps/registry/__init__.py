"""Versions of a model and what is in production: the release log, reconciliation, MLflow's aliases."""
