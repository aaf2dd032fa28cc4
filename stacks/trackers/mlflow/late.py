"""Stands for the MLflow tracker until a step writes to it.

ZenML makes every component of the stack when a step starts, and to import MLflow takes longer than all the rest of that
start. Most steps do not track anything.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zenml.artifact_stores import LocalArtifactStore
from zenml.client import Client
from zenml.experiment_trackers import BaseExperimentTracker
from zenml.integrations.mlflow.flavors.mlflow_experiment_tracker_flavor import (
    MLFlowExperimentTrackerConfig,
    MLFlowExperimentTrackerSettings,
)
from zenml.stack import StackValidator

if TYPE_CHECKING:
    from zenml.config.step_run_info import StepRunInfo
    from zenml.metadata.metadata_types import MetadataType
    from zenml.stack import Stack

    from stacks.trackers.mlflow.tracker import Tracker


_DATABASE = "mlflow.db"


class LateTracker(BaseExperimentTracker):
    """Hands everything that it is asked to do to `Tracker`, which it makes, and so imports, when first asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever a component is made with
        """Keeps what the tracker is to be made with."""
        super().__init__(*args, **kwargs)
        self._made_with = (args, kwargs)

    @cached_property
    def _tracker(self) -> Tracker:
        from stacks.trackers.mlflow.tracker import Tracker

        args, kwargs = self._made_with
        return Tracker(*args, **kwargs)

    @property
    def config(self) -> MLFlowExperimentTrackerConfig:
        """The settings of the stack component."""
        return cast(MLFlowExperimentTrackerConfig, self._config)

    @property
    def settings_class(self) -> type[MLFlowExperimentTrackerSettings]:
        """What a step or a pipeline may set otherwise."""
        return MLFlowExperimentTrackerSettings

    @property
    def local_path(self) -> str | None:
        """Where it keeps its data, if that is on this machine."""
        return self._tracker.local_path

    @property
    def validator(self) -> StackValidator | None:
        """Which stacks it can be in: ZenML's rule, which every run is held against, tracked or not."""
        if self.config.tracking_uri:
            return self._tracker.validator
        return StackValidator(custom_validation_function=_beside_a_local_store)

    def prepare_step_run(self, info: StepRunInfo) -> None:
        """Starts the MLflow runs of a step."""
        self._tracker.prepare_step_run(info)

    def get_step_run_metadata(self, info: StepRunInfo) -> dict[str, MetadataType]:
        """What ZenML notes of a step that was tracked."""
        return self._tracker.get_step_run_metadata(info)

    def cleanup_step_run(self, info: StepRunInfo, step_failed: bool) -> None:
        """Ends the MLflow runs of a step."""
        self._tracker.cleanup_step_run(info, step_failed)

    def check(self) -> None:
        """Asks the server whether it is there, and this user known; a file needs no asking."""
        if self.config.tracking_uri:
            self._tracker.check()

    def configure_mlflow(self) -> None:
        """Makes MLflow itself use this server."""
        self._tracker.configure_mlflow()

    def get_tracking_uri(self, as_plain_text: bool = True) -> str:
        """Where MLflow is."""
        if self.config.tracking_uri:
            return self._tracker.get_tracking_uri(as_plain_text)
        # As in ZenML's tracker; the summary of every run shows it.
        return f"sqlite:///{Path(Client().active_stack.artifact_store.path).absolute() / _DATABASE}"


def _beside_a_local_store(stack: Stack) -> tuple[bool, str]:
    reason = "MLflow experiment tracker without a specified tracking uri only works with a local artifact store."
    return isinstance(stack.artifact_store, LocalArtifactStore), reason
