"""The section Data: where the rows came from, and what their validation counted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import Place, numbers
from switchyard.evaluation.section import Context, GateSchema, Section


class Data(Section[Context, GateSchema]):
    """Shows `data`, and `contract`, which the evaluate step adds."""

    key, title, position = "data", "Data", 210
    template = Path(__file__).with_suffix(".html")
    report_key = "contract"
    offers_gates = True

    def gate_schema(self, schema: GateSchema) -> Mapping[str, Place]:
        """The counts of the validation."""
        return {self.report_key: numbers(*schema.contract_counts)}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        return f"{rest} of the data's contract"

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """Always."""
        return True


SECTION = Data()
