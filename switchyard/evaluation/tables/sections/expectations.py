"""The section Expectations: what the model must do whatever its figures say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.table_section import TableSection


class Expectations(TableSection):
    """They are judged like gates, so a model that answers NaN is not exempt."""

    key, title, position = "expectations", "Expectations", 180
    template = Path(__file__).with_suffix(".html")
    needs_finite_answers = False

    def measure(self, context: TableContext) -> Measurement | None:
        """See `switchyard.evaluation.tables.expectations`."""
        from switchyard.evaluation.tables.expectations import check_expectations

        asked = context.wanted.expectations
        found = check_expectations(context.model, context.subject.test, asked, seed=context.seed)
        return Measurement(found) if found else None

    def rows(self, report: EvaluationReport) -> list[dict[str, Any]]:
        """Those that do not hold first."""
        return sorted(report.get(self.key, []), key=lambda each: bool(each["passed"]))


SECTION = Expectations()
