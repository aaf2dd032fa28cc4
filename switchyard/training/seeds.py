"""Seed variability: which other seeds a candidate is trained with, and how far the metric spreads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def other_seeds(seed: int, count: int) -> list[int]:
    """So many seeds, none of them this one."""
    return [(seed + step) % 2**32 for step in range(1, count + 1)]


def spread(seeds: Sequence[int], metric: str, values: Sequence[float | None]) -> dict[str, Any]:
    """The section `stability` of a report; see `measure_stability`."""
    defined = np.array([value for value in values if value is not None])
    found: dict[str, float | None] = dict.fromkeys(("mean", "std", "low", "high"))
    if len(defined):
        found = {"mean": float(defined.mean()), "std": None, "low": float(defined.min()), "high": float(defined.max())}
    if len(defined) > 1:
        found["std"] = float(defined.std(ddof=1))
    return {"seeds": list(seeds), "metric": metric, "values": list(values), **found}
