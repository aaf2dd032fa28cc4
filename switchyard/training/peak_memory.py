"""The memory that a stretch of work needs, as a machine must have it.

Sampled, since the peak that the kernel keeps (`ru_maxrss`) is that of the process's whole life: where steps share a
process, the second candidate would inherit the first one's.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

_SECONDS = 0.02


class PeakMemory:
    """Looks at the resident memory of this process, libraries and all, fifty times a second while in its `with`.

    Attributes:
        megabytes: The largest that was seen, in 10^6 bytes.
    """

    def __init__(self) -> None:
        """Nothing is looked at yet."""
        self.megabytes = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> Self:
        """Starts to look."""
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Looks a last time."""
        self._done.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._done.wait(_SECONDS):
            self._look()

    def _look(self) -> None:
        import psutil

        self.megabytes = max(self.megabytes, psutil.Process().memory_info().rss / 1e6)
