"""What ZenML knows of a serving daemon: its settings, its state, its log."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from zenml.enums import ServiceState
from zenml.models.v2.misc.service import ServiceType

from stacks.deployers.base import EndpointConfig, EndpointService
from switchyard.config.server_options import ServerSettings
from switchyard.serving.local import daemon


class OipServiceConfig(EndpointConfig):
    """Where the daemon's repository is, and the settings with which it starts again."""

    root: str
    server: ServerSettings


class OipService(EndpointService):
    """One daemon, which serves one use case."""

    SERVICE_TYPE: ClassVar[ServiceType] = ServiceType(
        name="oip",
        type="model-serving",
        flavor="oip",
        description="Open Inference Protocol v2 over an ONNX model repository",
    )

    config: OipServiceConfig

    def check_status(self) -> tuple[ServiceState, str]:
        """Whether the daemon is running."""
        return (ServiceState.ACTIVE, "") if self._daemon() else (ServiceState.INACTIVE, "")

    def read_log(self, tail: int | None) -> Generator[str, bool, None]:
        """The daemon's log, which stays when the daemon has ended."""
        running = self._daemon()
        log = running.log if running else Path(self.config.root) / ".server.log"
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        yield from lines[-tail:] if tail else lines

    def address(self) -> str:
        """Where it answers now: a daemon that is started again may get another port."""
        running = self._daemon()
        return running.url if running else self.config.url

    def _daemon(self) -> daemon.Daemon | None:
        return daemon.status(Path(self.config.root))
