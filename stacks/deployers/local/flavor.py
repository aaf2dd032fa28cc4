"""Flavor `oip`: serves ONNX files on this machine with the Open Inference Protocol v2."""

from __future__ import annotations

from zenml.model_deployers.base_model_deployer import BaseModelDeployerFlavor

# ZenML's own commands put the project on the path only while this module is imported.
import switchyard  # noqa: F401
from stacks.deployers.local.config import OipConfig


class OipFlavor(BaseModelDeployerFlavor):
    """The flavor of `OipDeployer`."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "oip"

    @property
    def config_class(self) -> type[OipConfig]:
        """Its settings."""
        return OipConfig

    @property
    def implementation_class(self) -> type:
        """The deployer, imported late."""
        from stacks.deployers.local.deployer import OipDeployer

        return OipDeployer
