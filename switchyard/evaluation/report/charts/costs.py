"""What answers cost by threshold."""

from __future__ import annotations

from typing import Any

from switchyard.evaluation.report.charts.figure import MUTED, SERIES, axes, style, svg


def costs(thresholds: dict[str, Any], unit: str) -> str:
    """Mean cost per row (or whatever the unit is) by threshold, with the lowest and that of the default threshold."""
    with style():
        figure, area = axes(3.9, 2.9, left=0.65)
        rows = [each for each in thresholds["rows"] if each["cost"] is not None]
        area.plot([r["threshold"] for r in rows], [r["cost"] for r in rows], color=SERIES[0], linewidth=1.6)
        lowest, default = thresholds["lowest_cost"], thresholds["default"]
        area.plot([default["threshold"]], [default["cost"]], "s", color=MUTED, markersize=6)
        area.plot([lowest["threshold"]], [lowest["cost"]], "o", color=SERIES[1], markersize=6.5)
        area.set(xlabel="threshold", ylabel=f"mean cost per {unit}", xlim=(-0.02, 1.02))
        return svg(figure, f"cost by threshold; lowest {lowest['cost']:.4g} at {lowest['threshold']:.3g}")
