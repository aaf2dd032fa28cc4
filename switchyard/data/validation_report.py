"""The validation report as one HTML page that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Any


def to_html(report: dict[str, Any]) -> str:
    """The page of a report.

    Args:
        report: `ContractReport.to_dict()`, with, if measured, `distribution`: a list of `ColumnShift`s as
            dictionaries.
    """
    return f"<!doctype html><title>Validation</title><p>{escape(report['sentence'])}</p>"
