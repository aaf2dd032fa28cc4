"""How fast a model answers, so that slow answers are computed in a thread and fast ones are not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# An answer expected to take longer would keep other requests waiting.
_INLINE_SECONDS = 0.005
_SAMPLE = 128


class Pace:
    """Seconds of CPU for a byte of request, a moving average of every 128th request, and of each while they are slow.

    CPU time, because a busy machine does not stretch it; not of each request, because reading it is a call
    into the kernel that can cost as much as running the graph.
    """

    __slots__ = ("_seconds_per_byte", "_until_sample")

    def __init__(self) -> None:
        """Take the first request as a sample."""
        self._seconds_per_byte = 0.0
        self._until_sample = 0

    def is_slow(self, size: int) -> bool:
        """Whether a request of `size` bytes is likely to take long."""
        return size * self._seconds_per_byte > _INLINE_SECONDS

    def measured(self, size: int, answer: Callable[[], T]) -> T:
        """The result of `answer`, and now and then a lesson from how long it took."""
        self._until_sample -= 1
        if self._until_sample >= 0:
            return answer()
        start = time.thread_time()
        result = answer()
        lesson = (time.thread_time() - start) / max(size, 1)
        known = self._seconds_per_byte
        self._seconds_per_byte = lesson if known == 0.0 else known + 0.3 * (lesson - known)
        self._until_sample = 0 if self.is_slow(size) else _SAMPLE - 1
        return result
