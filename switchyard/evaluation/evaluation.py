"""The result of an evaluation, whatever the kind of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport

FEW_ROWS = 30


@dataclass(frozen=True)
class Evaluation:
    """Which candidate is the best, and everything that was measured.

    Attributes:
        found: The report. Its gate namespace is about the best candidate on test rows; `report.page.to_html` draws
            the whole.
    """

    found: EvaluationReport

    @property
    def best(self) -> str:
        """The best candidate's name."""
        return self.found.best

    @property
    def report(self) -> dict[str, Any]:
        """The report as JSON."""
        return self.found.to_json()

    @property
    def summary(self) -> dict[str, Any]:
        """What a terminal has room for: primary metric by candidate, and the best one's test metrics."""
        primary = self.found.selection.metric
        return {
            "best": self.best,
            "primary": primary,
            "rows": self.found.data.rows,
            "candidates": {each.name: each.metrics[primary] for each in self.found.candidates},
            "test": self.found.test.metrics,
            "warnings": self.found.warnings,
        }
