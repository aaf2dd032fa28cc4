"""What all model deployers share: the only place that calls ZenML's model-deployer interface.

ZenML 0.98 deprecates model deployers. Whoever replaces the interface has to change this file, and in each deployer's
folder the base classes that its flavor, settings and service name.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

from zenml.client import Client
from zenml.enums import ServiceState
from zenml.model_deployers.base_model_deployer import (
    DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT,
    BaseModelDeployer,
    get_model_version_id_if_exists,
)
from zenml.models import ServiceResponse
from zenml.services import BaseService, ServiceConfig
from zenml.services.service import BaseDeploymentService
from zenml.services.service_status import ServiceStatus

from switchyard.model.onnx_model import OnnxModel

_TIMEOUT = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT


class EndpointConfig(ServiceConfig):
    """What ZenML stores of an endpoint: the version that it serves, and where it answered when that was recorded."""

    pipeline_name: str = "training"
    pipeline_step_name: str = "deploy"
    url: str = ""


class EndpointService(BaseDeploymentService):
    """One use case that is served, as ZenML shows it."""

    config: EndpointConfig
    status: ServiceStatus = ServiceStatus()

    def address(self) -> str:
        """Where it answers: the root of the server, without a trailing slash."""
        return self.config.url

    @abstractmethod
    def read_log(self, tail: int | None) -> Generator[str, bool, None]:
        """The lines of its log, or only the last ones."""

    def get_logs(self, follow: bool = False, tail: int | None = None) -> Generator[str, bool, None]:
        """The lines of its log, newest last; it cannot be followed."""
        yield from self.read_log(tail)

    @property
    def prediction_url(self) -> str | None:
        """Where to POST."""
        return f"{self.address()}/v2/models/{self.config.model_name}/infer"

    @property
    def healthcheck_url(self) -> str | None:
        """Answers 200 when it is ready."""
        return f"{self.address()}/v2/health/ready"


Service = TypeVar("Service", bound=EndpointService)


class EndpointDeployer(BaseModelDeployer, Generic[Service]):
    """A deployer of ONNX models that keeps ZenML's records of what it serves.

    Subclasses add `roll_out`, `retire` and `serving` (see `switchyard.serving.rollout.deployer.Deployer`).
    """

    SERVICE: ClassVar[type[EndpointService]]

    # What a deployer has to provide.

    @abstractmethod
    def start(self, service: Service, timeout: int) -> None:
        """Start the endpoint again, with the version that it served last."""

    @abstractmethod
    def stop(self, service: Service, timeout: int) -> None:
        """Stop the endpoint; what it serves stays where it is."""

    @abstractmethod
    def delete(self, service: Service, timeout: int) -> None:
        """Remove the endpoint; the models stay in the registry."""

    @staticmethod
    def details(service: Service) -> dict[str, str | None]:
        """What `zenml model-deployer models describe` shows beside URL and version."""
        return {}

    def owns(self, config: dict[str, Any]) -> bool:
        """Whether an endpoint of this deployer's flavor is this deployer's; `config` as ZenML has stored it."""
        return True

    # ZenML's records of what is served: one entry per use case.

    def known(self, name: str) -> list[ServiceResponse]:
        """ZenML's complete records of a use case."""
        return [record for record in self._records(name) if record.service_source]

    def record(self, config: EndpointConfig) -> UUID:
        """Make ZenML's list of services say what is served.

        Args:
            config: The endpoint, which has just passed its smoke test.

        Returns:
            The id of the record; the same one as long as nothing changes.
        """
        client = Client()
        for found in self._records(str(config.model_name)):
            if found.service_source and found.config == config.model_dump():
                return self._save_running(found.id, config)
            client.delete_service(found.id)
        model_version = get_model_version_id_if_exists(config.model_name, config.model_version)
        return self._save_running(client.create_service(config, self.SERVICE.SERVICE_TYPE, model_version).id, config)

    def forget(self, name: str) -> None:
        """Delete ZenML's records of a use case."""
        for found in self._records(name):
            Client().delete_service(found.id)

    def _records(self, name: str) -> list[ServiceResponse]:
        found = Client().list_services(service_name=f"zenml-{name}", hydrate=True).items
        return [each for each in found if self.owns(each.config)]

    def _save_running(self, service_id: UUID, config: EndpointConfig) -> UUID:
        service = self.SERVICE(uuid=service_id, admin_state=ServiceState.ACTIVE, config=config)
        service.status.update_state(ServiceState.ACTIVE)
        _save(service)
        return service_id

    # What ZenML's own commands call: `zenml model-deployer models list | describe | start | stop | delete | logs`.

    @classmethod
    def get_model_server_info(cls, service: BaseService) -> dict[str, str | None]:
        """What `zenml model-deployer models describe` shows."""
        shown = {"PREDICTION_URL": service.get_prediction_url(), "MODEL_VERSION": service.config.model_version}
        return {**shown, **cls.details(cast(Service, service))}

    def perform_deploy_model(self, id: UUID, config: ServiceConfig, timeout: int = _TIMEOUT) -> BaseService:
        """Not offered: a version only goes into service through `roll_out`, which smoke-tests it.

        Raises:
            NotImplementedError: Always.
        """
        flavor = self.FLAVOR().name
        raise NotImplementedError(f"the {flavor} deployer takes models through roll_out, which smoke-tests them first")

    def perform_start_model(self, service: BaseService, timeout: int = _TIMEOUT) -> BaseService:
        """Starts it again, with the version that it served last."""
        self.start(cast(Service, service), timeout)
        service.admin_state = ServiceState.ACTIVE
        service.update_status()
        _save(cast(Service, service))
        return service

    def perform_stop_model(self, service: BaseService, timeout: int = _TIMEOUT, force: bool = False) -> BaseService:
        """Stops it; what it serves stays where it is."""
        self.stop(cast(Service, service), timeout)
        service.admin_state = ServiceState.INACTIVE
        service.update_status()
        return service

    def perform_delete_model(self, service: BaseService, timeout: int = _TIMEOUT, force: bool = False) -> None:
        """Removes it; the models stay in the registry."""
        self.delete(cast(Service, service), timeout)


def named(model: OnnxModel, name: str) -> OnnxModel:
    """The model under the name of its use case, which is its name in the protocol."""
    return replace(model, metadata={**model.metadata, "name": name})


def _save(service: EndpointService) -> None:
    Client().update_service(
        service.uuid,
        name=service.config.service_name,
        service_source=service.model_dump()["type"],
        admin_state=service.admin_state,
        status=service.status.model_dump(),
        prediction_url=service.prediction_url,
        health_check_url=service.healthcheck_url,
    )
