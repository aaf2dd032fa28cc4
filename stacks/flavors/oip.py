"""Flavor `oip`: serves ONNX files on this machine with the Open Inference Protocol v2."""

from __future__ import annotations

from zenml.model_deployers.base_model_deployer import BaseModelDeployerConfig, BaseModelDeployerFlavor

# ZenML's own commands put the project on the path only while this module is imported.
import switchyard  # noqa: F401


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
        from stacks.flavors.oip_deployer import OipDeployer

        return OipDeployer
