"""What ZenML knows of a serving daemon: its settings, its state, its logs."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from zenml.enums import ServiceState
from zenml.models.v2.misc.service import ServiceType
from zenml.services import ServiceConfig
from zenml.services.service import BaseDeploymentService
from zenml.services.service_status import ServiceStatus

from switchyard.config.sections import Batching
from switchyard.serving.local import daemon


class OipServiceConfig(ServiceConfig):
    """Where the daemon's repository is, and where it is to answer."""

    root: str
    host: str
    port: int
    max_request_mb: float
    batching: Batching | None = None
    url: str = ""


class OipService(BaseDeploymentService):
    """One daemon, which serves one use case."""

    SERVICE_TYPE: ClassVar[ServiceType] = ServiceType(
        name="oip",
        type="model-serving",
        flavor="oip",
        description="Open Inference Protocol v2 over an ONNX model repository",
    )

    config: OipServiceConfig
    status: ServiceStatus = ServiceStatus()

    def check_status(self) -> tuple[ServiceState, str]:
        """Whether the daemon runs and answers."""
        return (ServiceState.ACTIVE, "") if self._daemon() else (ServiceState.INACTIVE, "")

    def get_logs(self, follow: bool = False, tail: int | None = None) -> Generator[str, bool, None]:
        """The daemon's log, newest lines last; it stays when the daemon has ended. It cannot be followed."""
        del follow
        running = self._daemon()
        log = running.log if running else Path(self.config.root) / ".server.log"
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        yield from lines[-tail:] if tail else lines

    @property
    def prediction_url(self) -> str | None:
        """Where to POST."""
        return f"{self._url()}/v2/models/{self.config.model_name}/infer"

    @property
    def healthcheck_url(self) -> str | None:
        """Answers 200 when it is ready."""
        return f"{self._url()}/v2/health/ready"

    def _daemon(self) -> daemon.Daemon | None:
        return daemon.status(Path(self.config.root))

    def _url(self) -> str:
        """Where it answers now: a daemon that is started again may get another port."""
        running = self._daemon()
        return running.url if running else self.config.url
