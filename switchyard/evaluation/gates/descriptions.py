"""What the dotted name of a gate stands for, as its section describes it for the rows of this report."""

from __future__ import annotations

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section_registry import section_at

_ENDS = {"low": "lower end of the interval of", "high": "upper end of the interval of", "n": "{unit}s behind"}


def describe(name: str, report: EvaluationReport) -> str:
    """A phrase, such as `roc_auc of the 93 test rows where sex is female`.

    Args:
        name: Of a gate.
        report: Of the evaluation.

    Returns:
        Empty where the name says it itself, such as that of a metric, or where the report has nothing of that name.
    """
    head, _, rest = name.partition(".")
    if name not in report.gated:
        return ""
    main, _, end = name.rpartition(".")
    if end in _ENDS and main in report.gated:
        return f"{_ENDS[end].format(unit=report.unit)} {describe(main, report) or main}"
    section = section_at(head)
    return section.describe_gate(rest, report) if section and rest else ""
