"""Figures as dots on their intervals, one line each: candidates, slices, importances, perturbed rows, seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from switchyard.evaluation.report.charts.figure import INK, MUTED, SERIES, axes, short, style, svg


@dataclass(frozen=True)
class Line:
    """One dot.

    Attributes:
        name: Beside it.
        found: `value`, `low` and `high`, each of which may be None.
        stands_out: Drawn in the first colour, otherwise muted.
    """

    name: str
    found: Mapping[str, Any]
    stands_out: bool = True


def dots(lines: Sequence[Line], xlabel: str, label: str, *, reference: float | None = None, bars: bool = False) -> str:
    """A dot on its interval for each line, the first one on top.

    Args:
        lines: What is compared.
        xlabel: What is measured.
        label: The same for who cannot see it.
        reference: A value that all are held against, as a dashed line.
        bars: Draw the value as a bar from 0.
    """
    with style():
        names = [short(each.name) for each in reversed(lines)]
        figure, area = axes(3.9, 0.6 + 0.23 * len(lines), left=0.2 + 0.075 * max(map(len, names)))
        if reference is not None:
            area.axvline(reference, color=MUTED, linewidth=0.9, dashes=(4, 3))
        if bars:
            area.axvline(0, color=MUTED, linewidth=0.8)
        for height, each in enumerate(reversed(lines)):
            color = SERIES[0] if each.stands_out else MUTED
            value, low, high = (each.found.get(end) for end in ("value", "low", "high"))
            if value is not None and bars:
                area.barh([height], [value], height=0.6, color=color, alpha=0.35, linewidth=0)
            if low is not None and high is not None:
                area.plot([low, high], [height, height], color=color, linewidth=2.4, alpha=0.5)
            if value is not None:
                area.plot([value], [height], "o", color=color, markersize=4 if bars else 6)
        area.set_yticks(range(len(lines)), names)
        area.set_ylim(-0.6, len(lines) - 0.4)
        area.tick_params(axis="y", length=0, labelcolor=INK)
        area.locator_params(axis="x", nbins=5)
        area.grid(axis="y", visible=False)
        area.set_xlabel(xlabel)
        return svg(figure, label)


def seeds(values: Sequence[float | None], names: Sequence[object], metric: str, mean: float | None) -> str:
    """The metric of each seed's model as a dot, with their mean."""
    lines = [Line(f"seed {name}", {"value": value}) for name, value in zip(names, values, strict=True)]
    return dots(lines, metric, f"{metric} of the same candidate with {len(lines)} seeds", reference=mean)
