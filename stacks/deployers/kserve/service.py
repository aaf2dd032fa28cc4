"""What ZenML knows of an InferenceService: its manifest, its state, its logs."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, ClassVar

from zenml.enums import ServiceState
from zenml.models.v2.misc.service import ServiceType

from stacks.deployers.base import EndpointConfig, EndpointService
from stacks.deployers.kserve import logs
from stacks.deployers.kserve.answer import urls
from stacks.deployers.kserve.cluster import Cluster
from stacks.deployers.kserve.status import Status, status_of
from switchyard.errors import SwitchyardError

_STATES = {
    Status.READY: ServiceState.ACTIVE,
    Status.STARTING: ServiceState.PENDING_STARTUP,
    Status.STOPPED: ServiceState.INACTIVE,
    Status.MISSING: ServiceState.INACTIVE,
    Status.FAILED: ServiceState.ERROR,
}


class KServeServiceConfig(EndpointConfig):
    """Where the InferenceService is, and the manifest that passed its smoke test last."""

    namespace: str
    kubernetes_context: str
    manifest: dict[str, Any]


class KServeService(EndpointService):
    """One InferenceService, which serves one use case."""

    SERVICE_TYPE: ClassVar[ServiceType] = ServiceType(
        name="kserve",
        type="model-serving",
        flavor="kserve",
        description="Open Inference Protocol v2 by a KServe InferenceService",
    )

    config: KServeServiceConfig

    def check_status(self) -> tuple[ServiceState, str]:
        """What the cluster reports."""
        try:
            found, reason = status_of(self.cluster().service(str(self.config.model_name)))
        except SwitchyardError as error:
            return ServiceState.ERROR, str(error)
        return _STATES[found], reason

    def read_log(self, tail: int | None) -> Generator[str, bool, None]:
        """The logs of its pods, one after the other."""
        yield from logs.read(self.cluster(), str(self.config.model_name), tail)

    def cluster(self) -> Cluster:
        """The namespace that it is in."""
        return Cluster(self.config.namespace, self.config.kubernetes_context)

    def urls(self) -> list[str]:
        """Where the cluster says that it answers now."""
        service = self.cluster().service(str(self.config.model_name))
        return urls(service) if service else []
