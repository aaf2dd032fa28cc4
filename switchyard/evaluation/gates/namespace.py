"""The gate namespace: every number of a report by the dotted name that a gate uses for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section_registry import page_sections


def flatten(report: EvaluationReport | Mapping[str, Any]) -> dict[str, float | None]:
    """Everything that a gate can name in a report, with its value; None means "no value on these rows".

    Args:
        report: Of an evaluation, or the JSON of one.
    """
    found = EvaluationReport.of(report)
    flat: dict[str, float | None] = {}
    for section in page_sections().values():
        flat |= section.gate_values(found)
    return flat
