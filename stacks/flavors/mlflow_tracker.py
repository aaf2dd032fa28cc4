"""The experiment tracker of flavor `switchyard-mlflow`."""

from __future__ import annotations

from zenml.integrations.mlflow.experiment_trackers.mlflow_experiment_tracker import MLFlowExperimentTracker


class Tracker(MLFlowExperimentTracker):
    """ZenML's tracker, but for autologging."""

    def disable_autologging(self) -> None:
        """Nothing: no step of ours switches autologging on."""
