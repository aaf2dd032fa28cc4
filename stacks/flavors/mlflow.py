"""Flavor `switchyard-mlflow`: ZenML's MLflow tracker without the imports that it does not need.

After each step ZenML 0.98 switches MLflow's autologging off for eight frameworks, which imports every one that is
installed, torch among them. Nothing here switches autologging on.
"""

from __future__ import annotations

from zenml.integrations.mlflow.flavors.mlflow_experiment_tracker_flavor import MLFlowExperimentTrackerFlavor


class TrackerFlavor(MLFlowExperimentTrackerFlavor):
    """The flavor of `Tracker`."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "switchyard-mlflow"

    @property
    def implementation_class(self) -> type:
        """The tracker; imported late, since it imports MLflow."""
        from stacks.flavors.mlflow_tracker import Tracker

        return Tracker
