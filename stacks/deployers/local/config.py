"""Settings of the deployer of the local endpoint."""

from __future__ import annotations

from zenml.model_deployers.base_model_deployer import BaseModelDeployerConfig


class OipConfig(BaseModelDeployerConfig):
    """Settings of the deployer.

    Attributes:
        path: Where the model repositories are kept, one folder a use case; by default a folder of ZenML's
            configuration.
    """

    path: str = ""

    @property
    def is_local(self) -> bool:
        """It serves on this machine."""
        return True
