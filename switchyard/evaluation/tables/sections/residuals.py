"""The section Residuals of a regression, with the error by decile of the true value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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

    def charts(self, report: Mapping[str, Any]) -> Mapping[str, str]:
        """Residuals, predicted against true values, and errors by decile."""
        from switchyard.evaluation.report.charts import errors

        test, target, drawn = report["test"], report["data"]["target"], {}
        if "residuals" in test:
            drawn["residuals"] = errors.residuals(test["residuals"]["histogram"])
            drawn["predicted_true"] = errors.predicted_true(test["residuals"]["sample"], target)
        if rows := [each for each in report.get(self.report_key, []) if each["n"]]:
            drawn["deciles"] = errors.deciles(rows, target)
        return drawn

    def is_shown(self, report: Mapping[str, Any], charts: Mapping[str, Any]) -> bool:
        """For a regression with finite answers."""
        return "residuals" in charts


SECTION = Residuals()
