"""The section Curves: ROC and precision-recall curves of a classification."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import Context, GateSchema, Section


class Curves(Section[Context, GateSchema]):
    """Shows the curves that the scoring of the test answers keeps under `test`."""

    key, title, position = "curves", "ROC and precision", 40
    template = Path(__file__).with_suffix(".html")

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """Those that have at least one curve."""
        from switchyard.evaluation.report.charts import curves

        roc, pr, drawn = report.test.roc or {}, report.test.pr or {}, {}
        if any(roc.values()):
            drawn["roc"] = curves.roc(roc)
        if any(pr.values()):
            drawn["pr"] = curves.precision_recall(pr)
        return drawn

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """If there is a curve."""
        return "roc" in charts or "pr" in charts


SECTION = Curves()
