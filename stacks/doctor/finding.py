"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What a check has found.

    Attributes:
        state: `ok`, `failed`, or `skipped` where this machine may not look.
        seen: What was seen, in a few words.
        advice: What to do about it, if it failed.
    """

    state: Literal["ok", "failed", "skipped"]
    seen: str
    advice: str = ""


def ok(seen: str) -> Finding:
    """It does what a run needs."""
    return Finding("ok", seen)


def failed(seen: str, advice: str) -> Finding:
    """A run would fail on it."""
    return Finding("failed", seen, advice)


def skipped(seen: str) -> Finding:
    """It could not be found out, and why."""
    return Finding("skipped", seen)
