"""Flavor `kserve`: serves ONNX files on a cluster with KServe."""

from __future__ import annotations

from zenml.model_deployers.base_model_deployer import BaseModelDeployerFlavor

# ZenML's own commands put the project on the path only while this module is imported.
import switchyard  # noqa: F401
from stacks.deployers.kserve.config import KServeConfig


class KServeFlavor(BaseModelDeployerFlavor):
    """The flavor of `KServeDeployer`."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "kserve"

    @property
    def config_class(self) -> type[KServeConfig]:
        """Its settings."""
        return KServeConfig

    @property
    def implementation_class(self) -> type:
        """The deployer, imported late."""
        from stacks.deployers.kserve.deployer import KServeDeployer

        return KServeDeployer
