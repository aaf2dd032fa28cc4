"""Errors of a regression: their distribution, against the true value, by decile."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from switchyard.evaluation.report.charts.figure import INK, MUTED, SERIES, axes, short, style, svg


def residuals(histogram: dict[str, list[float]]) -> str:
    """How predicted minus true is distributed."""
    with style():
        figure, area = axes(3.9, 3.3, left=0.7)
        edges = histogram["edges"]
        widths = [right - left for left, right in pairwise(edges)]
        area.bar(edges[:-1], histogram["counts"], widths, align="edge", color=SERIES[0], alpha=0.75)
        area.axvline(0, color=INK, linewidth=0.8)
        area.set(xlabel="predicted - true", ylabel="test rows")
        area.locator_params(axis="x", nbins=5)
        return svg(figure, f"histogram of residuals from {edges[0]:.4g} to {edges[-1]:.4g}")


def predicted_true(sample: dict[str, list[float]], target: str) -> str:
    """A sample of predictions against true values, with the diagonal of being right."""
    with style():
        figure, area = axes(3.9, 3.3, left=0.7)
        both = [*sample["true"], *sample["predicted"]]
        area.plot([min(both), max(both)], [min(both), max(both)], color=MUTED, linewidth=0.8, dashes=(4, 3))
        area.plot(sample["true"], sample["predicted"], "o", color=SERIES[0], markersize=2.6, alpha=0.45, mew=0)
        area.set(xlabel=f"true {short(target)}", ylabel=f"predicted {short(target)}")
        area.locator_params(nbins=5)
        return svg(figure, f"predicted against true values of {len(sample['true'])} test rows")


def deciles(rows: Sequence[dict[str, Any]], target: str) -> str:
    """Mean absolute error as bars and bias as dots, by decile of the true value."""
    with style():
        figure, area = axes(3.9, 2.9, left=0.65)
        places = range(1, len(rows) + 1)
        area.bar(places, [each["mae"] for each in rows], 0.7, color=SERIES[0], alpha=0.6)
        area.plot(places, [each["bias"] for each in rows], "o-", color=SERIES[1], linewidth=1.2, markersize=4.5)
        area.axhline(0, color=INK, linewidth=0.8)
        area.set(xlabel=f"decile of true {short(target)}", ylabel="error")
        area.set_xticks(list(places))
        area.grid(axis="x", visible=False)
        worst = max(range(len(rows)), key=lambda i: rows[i]["mae"])
        return svg(figure, f"error by decile of the true value; the largest in decile {worst + 1}")
