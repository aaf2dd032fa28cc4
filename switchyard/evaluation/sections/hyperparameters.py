"""The section Hyperparameters of each candidate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import Context, GateSchema, Section


class Hyperparameters(Section[Context, GateSchema]):
    """Shows what the candidates' metadata says."""

    key, title, position = "hyperparameters", "Hyperparameters", 200
    template = Path(__file__).with_suffix(".html")

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """Always."""
        return True


SECTION = Hyperparameters()
