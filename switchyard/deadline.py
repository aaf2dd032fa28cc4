"""A time limit for optional work, which must not hold up the rest."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


def within(seconds: float, act: Callable[[], Result]) -> Result | None:
    """What a function returns, or None if it fails or takes too long.

    Args:
        seconds: The time limit; a function that takes longer continues in the background and ends with the process.
        act: The function.
    """
    results: list[Result] = []

    def run() -> None:
        try:
            results.append(act())
        except Exception as error:  # whatever it was, there is no result
            logger.debug("%s: %s", type(error).__name__, error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return results[0] if results else None
