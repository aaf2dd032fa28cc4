"""Of a retrieval: the cosines of pairs, and where images lie on the map of their embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from switchyard.evaluation.report.charts.figure import MUTED, SERIES, axes, style, svg


def scores(verification: dict[str, Any], threshold: float) -> str:
    """Cosines of pairs of one class and of two, as shares of each, with both thresholds.

    Args:
        verification: `histogram` and `threshold` of the equal error rate.
        threshold: Below which an image is refused.
    """
    with style():
        figure, area = axes(3.9, 3.0, left=0.55)
        histogram = verification["histogram"]
        edges = histogram["edges"]
        widths = [right - left for left, right in pairwise(edges)]
        for color, kind in zip(SERIES, ("genuine", "impostor"), strict=False):
            area.bar(edges[:-1], histogram[kind], widths, align="edge", color=color, alpha=0.6, linewidth=0)
        area.axvline(verification["threshold"], color=MUTED, linewidth=0.9, dashes=(4, 3))
        area.axvline(threshold, color=MUTED, linewidth=0.9, dashes=(1, 2))
        drawn = [left for i, left in enumerate(edges[:-1]) if histogram["genuine"][i] or histogram["impostor"][i]]
        area.set(xlabel="cosine", ylabel="share of pairs", xlim=(min(drawn) - 0.02, 1.02))
        area.locator_params(nbins=5)
        told = f"cosines of pairs of one class and of two; the errors are equal at {verification['threshold']:.2f}"
        return svg(figure, told)


def embedding_map(found: dict[str, Any], classes: Sequence[tuple[str, bool]]) -> str:
    """Each image as a dot in the colour of its class; hollow if the gallery does not know it.

    Args:
        found: `x`, `y` and `labels`.
        classes: In the order of the colours, with whether the gallery knows them; muted where the colours end.
    """
    with style():
        figure, area = axes(3.9, 3.6, left=0.12)
        for place, (label, known) in enumerate(classes):
            color = SERIES[place] if place < len(SERIES) else MUTED
            rows = [row for row, each in enumerate(found["labels"]) if each == label]
            across, down = ([found[axis][row] for row in rows] for axis in ("x", "y"))
            fill = {"mew": 0, "alpha": 0.75} if known else {"mew": 0.8, "markerfacecolor": "none"}
            area.plot(across, down, "o", color=color, markersize=3 if known else 3.4, **fill)
        area.set_xticks([])
        area.set_yticks([])
        area.grid(visible=False)
        for side in ("left", "bottom"):
            area.spines[side].set_visible(False)
        return svg(figure, f"map of {len(found['labels'])} test images of {len(classes)} classes")
