"""The section Curves: ROC and precision-recall curves of a classification."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.section import Context, GateSchema, Section


class Curves(Section[Context, GateSchema]):
    """Shows the curves that the scoring of the test answers keeps under `test`."""

    key, title, position = "curves", "ROC and precision", 40
    template = Path(__file__).with_suffix(".html")

    def charts(self, report: Mapping[str, Any]) -> Mapping[str, str]:
        """Those that have at least one curve."""
        from switchyard.evaluation.report.charts import curves

        test, drawn = report["test"], {}
        if any((test.get("roc") or {}).values()):
            drawn["roc"] = curves.roc(test["roc"])
        if any((test.get("pr") or {}).values()):
            drawn["pr"] = curves.precision_recall(test["pr"])
        return drawn

    def is_shown(self, report: Mapping[str, Any], charts: Mapping[str, Any]) -> bool:
        """If there is a curve."""
        return "roc" in charts or "pr" in charts


SECTION = Curves()
