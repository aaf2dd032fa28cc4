"""Flavor `switchyard-mlflow`: the MLflow tracker of ZenML without the imports it does not need, with or without a key.

After each step ZenML 0.98 switches MLflow's autologging off for eight frameworks, which imports every one that is
installed, torch among them. Nothing here switches autologging on. And ZenML demands a password or a token of every
MLflow server, while MLflow itself asks for neither unless told to.
"""

from __future__ import annotations

from typing import Any

from pydantic import model_validator
from zenml.integrations.mlflow.flavors.mlflow_experiment_tracker_flavor import (
    MLFlowExperimentTrackerConfig,
    MLFlowExperimentTrackerFlavor,
)

_USER, _PASSWORD, _TOKEN = "tracking_username", "tracking_password", "tracking_token"


class TrackerConfig(MLFlowExperimentTrackerConfig):
    """The settings of ZenML's tracker; a server may be used with user and password, with a token, or with neither."""

    # Both take the place of ZenML's own checks of these names. They look at what the settings say, a value or a
    # reference such as {{secret.key}}: to read the attribute would fetch the secret, once an attribute and check.

    @model_validator(mode="after")
    def _ensure_complete_credential_pairs(self) -> TrackerConfig:
        if bool(self._said(_USER)) != bool(self._said(_PASSWORD)):
            raise ValueError(f"{_USER} and {_PASSWORD} belong together; give both, or neither")
        return self

    @model_validator(mode="after")
    def _ensure_exactly_one_authentication_method_if_necessary(self) -> TrackerConfig:
        if self._said(_USER) and self._said(_TOKEN):
            raise ValueError(f"{_USER} and {_TOKEN} exclude each other; give user and password, or a token, or neither")
        return self

    def _said(self, name: str) -> Any:  # noqa: ANN401 - a setting
        return self.__dict__.get(name)


class TrackerFlavor(MLFlowExperimentTrackerFlavor):
    """The flavor of `Tracker`."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "switchyard-mlflow"

    @property
    def config_class(self) -> type[TrackerConfig]:
        """Its settings."""
        return TrackerConfig

    @property
    def implementation_class(self) -> type:
        """What stands for the tracker until it is used, since that imports MLflow."""
        from stacks.trackers.mlflow.late import LateTracker

        return LateTracker
