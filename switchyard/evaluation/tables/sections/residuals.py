"""The section Residuals of a regression, with the error by decile of the true value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.table_section import TableSection


class Residuals(TableSection):
    """Keeps the errors by decile, under `deciles`; the residuals themselves are kept under `test`."""

    key, title, position = "residuals", "Residuals", 110
    template = Path(__file__).with_suffix(".html")
    report_key = "deciles"

    def measure(self, context: TableContext) -> Measurement | None:
        """See `switchyard.evaluation.tables.deciles`."""
        from switchyard.evaluation.tables.deciles import deciles

        return Measurement(deciles(context.answers)) if context.task == "regression" else None

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """Residuals, predicted against true values, and errors by decile."""
        from switchyard.evaluation.report.charts import errors

        found, target, drawn = report.test.residuals, report.data.target, {}
        if found is not None:
            drawn["residuals"] = errors.residuals(found["histogram"])
            drawn["predicted_true"] = errors.predicted_true(found["sample"], target)
        if rows := [each for each in report.get(self.report_key, []) if each["n"]]:
            drawn["deciles"] = errors.deciles(rows, target)
        return drawn

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """For a regression with finite answers."""
        return "residuals" in charts


SECTION = Residuals()
