"""The result of an evaluation, whatever the kind of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FEW_ROWS = 30


@dataclass(frozen=True)
class Evaluation:
    """Which candidate is the best, and everything that was measured.

    Attributes:
        best: The candidate's name.
        report: JSON-able. `gated` is the flat namespace of the gates, all of it about the best
            candidate on test rows; `report.to_html` draws the whole.
    """

    best: str
    report: dict[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        """What a terminal has room for: primary metric by candidate, and the best one's test metrics."""
        primary = self.report["selection"]["metric"]
        return {
            "best": self.best,
            "primary": primary,
            "rows": self.report["data"]["rows"],
            "candidates": {each["name"]: each["metrics"][primary] for each in self.report["candidates"]},
            "test": self.report["test"]["metrics"],
            "warnings": self.report["warnings"],
        }
