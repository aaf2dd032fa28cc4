"""How a network has learned: its losses, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from switchyard.evaluation.report.charts.figure import SERIES, axes, style, svg

LOSSES = ("loss", "validation_loss")


def epochs(history: Sequence[dict[str, Any]]) -> str:
    """The loss of the training and of the validation images.

    Args:
        history: An epoch each, with `epoch` and `LOSSES`.
    """
    from matplotlib.ticker import MaxNLocator

    with style():
        figure, area = axes(3.9, 2.6, left=0.65)
        numbers = [each["epoch"] for each in history]
        for color, name in zip(SERIES, LOSSES, strict=False):
            area.plot(numbers, [each[name] for each in history], "o-", color=color, linewidth=1.4, markersize=3.5)
        area.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
        area.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        best = min(history, key=lambda each: each["validation_loss"])
        return svg(figure, f"loss of {len(history)} epochs; the lowest of the validation is in epoch {best['epoch']}")
