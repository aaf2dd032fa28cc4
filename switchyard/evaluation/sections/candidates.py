"""The section Candidates: the candidates against each other on validation data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import Context, GateSchema, Section


class Candidates(Section[Context, GateSchema]):
    """What the best one was chosen by."""

    key, title, position = "candidates", "Candidates", 20
    template = Path(__file__).with_suffix(".html")

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The primary metric of each candidate."""
        from switchyard.evaluation.report.charts.dots import Line, dots

        primary, best = report.selection.metric, report.best
        rated = [Line(each.name, each.metrics[primary], each.name == best) for each in report.candidates]
        return {"candidates": dots(rated, primary, f"{primary} of each candidate with its interval")}

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """Always."""
        return True


SECTION = Candidates()
