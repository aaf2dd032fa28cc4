"""Measures the sections of a report."""

from __future__ import annotations

from typing import Any

from switchyard.evaluation.section import Context
from switchyard.evaluation.section_registry import sections_of


def measure_sections(
    kind: str, context: Context, *, has_finite_answers: bool = True
) -> tuple[dict[str, Any], list[str]]:
    """Everything that the report says about the best candidate beyond its metrics.

    Args:
        kind: Of data, such as `tables`.
        context: The best candidate on the test rows, and what decides what is measured.
        has_finite_answers: Without, only the sections that can cope with NaN are measured.

    Returns:
        What was found by its key in the report, and notes for the reader. A section that the task or the config does
        not call for is absent.
    """
    from threadpoolctl import threadpool_limits

    found: dict[str, Any] = {}
    notes: list[str] = []
    with threadpool_limits(1, user_api="blas"):  # the matrices are small: on two threads they take five times as long
        for section in sections_of(kind):
            if section.needs_finite_answers and not has_finite_answers:
                continue
            if measured := section.measure(context):
                found[section.report_key] = measured.value
                notes += measured.notes
    return found, notes
