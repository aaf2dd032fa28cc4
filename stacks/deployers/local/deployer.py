"""The model deployer of flavor `oip`."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, cast

from zenml.config.global_config import GlobalConfiguration
from zenml.model_deployers.base_model_deployer import BaseModelDeployerFlavor

from stacks.deployers.base import EndpointDeployer, EndpointService, named
from stacks.deployers.local.config import OipConfig
from stacks.deployers.local.flavor import OipFlavor
from stacks.deployers.local.service import OipService, OipServiceConfig
from switchyard.config.sections import Deployment
from switchyard.config.server_options import ServerOptions, ServerSettings, settings_of
from switchyard.model.onnx_model import OnnxModel
from switchyard.serving.local import daemon, repository
from switchyard.serving.local import deploy as local
from switchyard.serving.rollout.deployer import Endpoint
from switchyard.serving.rollout.golden_rows import GoldenRows


class OipDeployer(EndpointDeployer[OipService]):
    """One daemon per use case, each over a model repository of its own."""

    NAME: ClassVar[str] = "OIP"
    FLAVOR: ClassVar[type[BaseModelDeployerFlavor]] = OipFlavor
    SERVICE: ClassVar[type[EndpointService]] = OipService

    @property
    def config(self) -> OipConfig:
        """The settings of the stack component."""
        return cast(OipConfig, self._config)

    def roll_out(
        self, name: str, version: int, model: OnnxModel, golden: GoldenRows, deployment: Deployment
    ) -> Endpoint:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        options = ServerOptions.for_deployment(self._root(name), deployment)
        deployed = local.deploy(options, named(model, name), golden, version=version)
        service = self.record(
            OipServiceConfig(
                model_name=name,
                model_version=str(version),
                url=deployed.url,
                root=str(options.root),
                server=ServerSettings(**settings_of(deployment)),
            )
        )
        return Endpoint(
            name=name,
            version=version,
            url=deployed.url,
            service=str(service),
            notice=deployed.notice or "",
            request=golden.request,
        )

    def retire(self, name: str) -> None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        local.retire(self._root(name), name)
        self.forget(name)

    def serving(self, name: str) -> int | None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        return repository.active(self._root(name), name)

    def start(self, service: OipService, timeout: int) -> None:
        """Start the daemon again, with the version that it served last."""
        daemon.start(ServerOptions.for_deployment(Path(service.config.root), service.config.server))

    def stop(self, service: OipService, timeout: int) -> None:
        """End the daemon; its repository stays."""
        daemon.stop(Path(service.config.root))

    def delete(self, service: OipService, timeout: int) -> None:
        """End the daemon; its repository stays, so that the versions can be served again."""
        daemon.stop(Path(service.config.root))

    @staticmethod
    def details(service: OipService) -> dict[str, str | None]:
        """The repository."""
        return {"ROOT": service.config.root}

    def _root(self, name: str) -> Path:
        base = Path(self.config.path) if self.config.path else Path(GlobalConfiguration().local_stores_path) / "oip"
        return base / name
