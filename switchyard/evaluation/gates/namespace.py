"""The flat namespace of gates: every number of a report by the dotted path that leads to it.

An estimate is gated by its own path, and its ends and rows by `.low`, `.high` and `.n`; the metrics stand at the
root. Lists (bins, rows, curves) have no names and are not gated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

# Sections whose numbers are figures of this model; the rest of a report names, counts and draws.
SECTIONS = (
    "calibration",
    "thresholds",
    "slices",
    "fairness",
    "importances",
    "stability",
    "robustness",
    "training",
    "contract",
    "classes",
    "retrieval",
)
BOUNDS = ("low", "high", "n")


def flatten(report: Mapping[str, Any]) -> dict[str, float | None]:
    """Everything that a gate can name in a report, with its value; None is "has no value on these rows".

    Args:
        report: Of an evaluation, with whatever sections it has.
    """
    flat = dict(_numbers("", report["test"]["metrics"]))
    best = next(each for each in report["candidates"] if each["name"] == report["best"])
    flat |= dict(_numbers("latency_ms", report["test"]["latency_ms"]))
    flat |= {"parity": best["parity"], "size_mb": best["size_mb"]}
    for section in SECTIONS:
        if section in report:
            flat |= dict(_numbers(section, report[section]))
    return flat


def _numbers(path: str, found: object) -> Iterator[tuple[str, float | None]]:
    """Each number below a path; an estimate is one itself."""
    if isinstance(found, Mapping):
        if is_estimate(found):
            yield path, found["value"]
        for name, below in found.items():
            if not (is_estimate(found) and name == "value"):
                yield from _numbers(f"{path}.{name}" if path else str(name), below)
    elif found is None:
        yield path, None
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield path, float(found) if math.isfinite(found) else None


def is_estimate(found: Mapping[str, Any]) -> bool:
    """Whether this is one figure with its interval, rather than a table of several."""
    return {"value", "low", "high"} <= found.keys()
