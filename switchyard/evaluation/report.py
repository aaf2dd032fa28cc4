"""The report of an evaluation as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from switchyard.evaluation.gates import GateResult


def to_html(report: dict[str, Any], gates: Sequence[GateResult] = (), verdict: str = "") -> str:
    """The page; the same arguments give the same bytes."""
    rows = "".join(f"<li>{escape(str(gate))}</li>" for gate in gates)
    return f"<!doctype html><title>{escape(str(report['best']))}</title><p>{escape(verdict)}<ul>{rows}</ul>"
