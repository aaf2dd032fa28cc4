"""uvicorn's server with a grace period between SIGTERM and shutdown.

Kubernetes removes a terminating pod from its Service and sends SIGTERM at the same moment, so requests still arrive for
a second or two. uvicorn closes its port at once and would refuse them.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from types import FrameType


class GracefulServer(uvicorn.Server):
    """Keeps answering for a grace period after the first SIGTERM.

    Args:
        config: uvicorn's configuration.
        drain_seconds: The length of the grace period; 0 for none. Another signal ends it.
    """

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        """Start without having seen a signal."""
        super().__init__(config)
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by uvicorn for SIGTERM and SIGINT."""
        seconds, self._drain_seconds = self._drain_seconds, 0.0
        if sig != signal.SIGTERM or seconds <= 0:
            super().handle_exit(sig, frame)
            return
        timer = threading.Timer(seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()
