"""The section Confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import Context, GateSchema, Section


class Confusion(Section[Context, GateSchema]):
    """Shows the matrix that the scoring of the test answers keeps under `test`."""

    key, title, position = "confusion", "Confusion matrix", 60
    template = Path(__file__).with_suffix(".html")

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """For a model that has classes."""
        return report.test.confusion is not None


SECTION = Confusion()
