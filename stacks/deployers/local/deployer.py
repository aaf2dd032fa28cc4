"""The model deployer of flavor `oip`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast
from uuid import UUID

from zenml.client import Client
from zenml.config.global_config import GlobalConfiguration
from zenml.enums import ServiceState
from zenml.model_deployers.base_model_deployer import (
    DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT,
    BaseModelDeployer,
    BaseModelDeployerFlavor,
    get_model_version_id_if_exists,
)
from zenml.services import BaseService, ServiceConfig

from stacks.deployers.local.config import OipConfig
from stacks.deployers.local.flavor import OipFlavor
from stacks.deployers.local.service import OipService, OipServiceConfig
from switchyard.config.sections import Deployment
from switchyard.model.onnx_model import OnnxModel
from switchyard.serving.local import daemon, repository
from switchyard.serving.local import deploy as local
from switchyard.serving.rollout.deployer import Endpoint


class OipDeployer(BaseModelDeployer):
    """One daemon a use case, each over a model repository of its own."""

    NAME: ClassVar[str] = "OIP"
    FLAVOR: ClassVar[type[BaseModelDeployerFlavor]] = OipFlavor

    @property
    def config(self) -> OipConfig:
        """The settings of the stack component."""
        return cast(OipConfig, self._config)

    def roll_out(
        self, name: str, version: int, model: OnnxModel, golden: dict[str, Any], deployment: Deployment
    ) -> Endpoint:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        root = self._root(name)
        deployed = local.deploy(
            root,
            replace(model, metadata={**model.metadata, "name": name}),
            golden,
            deployment.host,
            deployment.port,
            version=version,
            max_request_mb=deployment.max_request_mb,
            batching=deployment.batching,
        )
        config = OipServiceConfig(
            model_name=name,
            model_version=str(version),
            pipeline_name="training",
            pipeline_step_name="deploy",
            root=str(root),
            host=deployment.host,
            port=deployment.port,
            max_request_mb=deployment.max_request_mb,
            batching=deployment.batching,
            url=deployed.url,
        )
        service = self._record(config)
        return Endpoint(
            name=name,
            version=version,
            url=deployed.url,
            service=str(service),
            notice=deployed.notice or "",
            request=golden["request"],
        )

    def retire(self, name: str) -> None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        local.retire(self._root(name), name)
        for known in Client().list_services(service_name=f"zenml-{name}").items:
            Client().delete_service(known.id)

    def serving(self, name: str) -> int | None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        return repository.active(self._root(name), name)

    def _record(self, config: OipServiceConfig) -> UUID:
        """Makes ZenML's list of services say what is served; one entry a use case."""
        client = Client()
        model_version = get_model_version_id_if_exists(config.model_name, config.model_version)
        for known in client.list_services(service_name=config.service_name, hydrate=True).items:
            if known.config == config.model_dump() and known.service_source:
                return self._running(known.id, config)
            client.delete_service(known.id)
        response = client.create_service(config, OipService.SERVICE_TYPE, model_version)
        return self._running(response.id, config)

    def _running(self, service_id: UUID, config: OipServiceConfig) -> UUID:
        service = OipService(uuid=service_id, admin_state=ServiceState.ACTIVE, config=config)
        service.status.update_state(ServiceState.ACTIVE)
        self._save(service)
        return service_id

    def _save(self, service: OipService) -> None:
        Client().update_service(
            service.uuid,
            name=service.config.service_name,
            service_source=service.model_dump()["type"],
            admin_state=service.admin_state,
            status=service.status.model_dump(),
            prediction_url=service.prediction_url,
            health_check_url=service.healthcheck_url,
        )

    def _root(self, name: str) -> Path:
        base = Path(self.config.path) if self.config.path else Path(GlobalConfiguration().local_stores_path) / "oip"
        return base / name

    # What ZenML's own commands call: `zenml model-deployer models list | start | stop | delete | logs`.

    @staticmethod
    def get_model_server_info(service: BaseService) -> dict[str, str | None]:
        """What `zenml model-deployer models describe` shows."""
        config = cast(OipServiceConfig, service.config)
        return {
            "PREDICTION_URL": service.get_prediction_url(),
            "MODEL_VERSION": config.model_version,
            "ROOT": config.root,
        }

    def perform_deploy_model(
        self, id: UUID, config: ServiceConfig, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT
    ) -> BaseService:
        """Not offered: a version only goes into service through `roll_out`, which smoke-tests it.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("the oip deployer takes models through roll_out, which smoke-tests them first")

    def perform_start_model(
        self, service: BaseService, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT
    ) -> BaseService:
        """Starts the daemon again, with the version that it served last."""
        config = cast(OipServiceConfig, service.config)
        daemon.start(
            Path(config.root),
            config.host,
            config.port,
            max_request_mb=config.max_request_mb,
            batching=config.batching,
        )
        service.admin_state = ServiceState.ACTIVE
        service.update_status()
        self._save(cast(OipService, service))
        return service

    def perform_stop_model(
        self, service: BaseService, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT, force: bool = False
    ) -> BaseService:
        """Ends the daemon; its repository stays."""
        daemon.stop(Path(cast(OipServiceConfig, service.config).root))
        service.admin_state = ServiceState.INACTIVE
        service.update_status()
        return service

    def perform_delete_model(
        self, service: BaseService, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT, force: bool = False
    ) -> None:
        """Ends the daemon; its repository stays, so that the versions can be served again."""
        daemon.stop(Path(cast(OipServiceConfig, service.config).root))
