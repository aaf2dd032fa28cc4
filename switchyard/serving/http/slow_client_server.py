"""uvicorn's server with a pause between SIGTERM and the end.

Kubernetes takes a pod that is to end out of its Service and sends SIGTERM at the same moment, so for a second or two
requests still come. uvicorn closes its port at once, and these would be refused.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from types import FrameType


class SlowClientServer(uvicorn.Server):
    """Answers on for a while after the first SIGTERM.

    Args:
        config: As uvicorn has it.
        drain_seconds: For how long; 0 for not at all. Another signal ends the pause.
    """

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        """Has seen no signal yet."""
        super().__init__(config)
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What uvicorn calls for SIGTERM and SIGINT."""
        seconds, self._drain_seconds = self._drain_seconds, 0.0
        if sig != signal.SIGTERM or seconds <= 0:
            super().handle_exit(sig, frame)
            return
        timer = threading.Timer(seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()
