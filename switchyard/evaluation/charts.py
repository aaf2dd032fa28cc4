"""Charts as inline SVG in the colours of the page around them, the same bytes for the same figures.

Drawn by matplotlib without pyplot. Colours that no page would use stand in for CSS variables, so
that a chart follows light and dark; text stays text, in the page's font.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = tuple(f"#00010{digit}" for digit in range(10))
_INK, _MUTED, _RULE = "#000001", "#000002", "#000003"
_VARIABLES = {_INK: "ink", _MUTED: "muted", _RULE: "rule", **{c: f"series-{i}" for i, c in enumerate(SERIES)}}
_LONGEST_NAME = 22


def roc(curves: dict[str, Any]) -> str:
    """True against false positive rate, one line a class, with the diagonal of guessing."""
    with _style():
        figure, axes = _square("false positive rate", "true positive rate")
        axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=0.8, dashes=(4, 3))
        for color, curve in zip(SERIES, curves.values(), strict=False):
            if curve is not None:
                axes.plot(curve["fpr"], curve["tpr"], color=color, linewidth=1.6)
        return _svg(figure, "ROC curve")


def precision_recall(curves: dict[str, Any]) -> str:
    """Precision against recall as steps, which is what average precision sums up."""
    with _style():
        figure, axes = _square("recall", "precision")
        for color, curve in zip(SERIES, curves.values(), strict=False):
            if curve is not None:
                axes.step(curve["recall"], curve["precision"], where="pre", color=color, linewidth=1.6)
        return _svg(figure, "precision-recall curve")


def candidates(rated: Sequence[dict[str, Any]], metric: str, best: str) -> str:
    """The primary metric of each candidate as a dot on its interval."""
    with _style():
        names = [_short(each["name"]) for each in reversed(rated)]
        figure, axes = _axes(4.8, 0.65 + 0.28 * len(rated), left=0.25 + 0.08 * max(map(len, names)))
        for height, each in enumerate(reversed(rated)):
            found = each["metrics"][metric]
            color = SERIES[0] if each["name"] == best else _MUTED
            if found["low"] is not None:
                axes.plot([found["low"], found["high"]], [height, height], color=color, linewidth=2.4, alpha=0.5)
            if found["value"] is not None:
                axes.plot([found["value"]], [height], "o", color=color, markersize=6)
        axes.set_yticks(range(len(rated)), names)
        axes.set_ylim(-0.6, len(rated) - 0.4)
        axes.tick_params(axis="y", length=0, labelcolor=_INK)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(metric)
        return _svg(figure, f"{metric} of each candidate with its interval")


def residuals(histogram: dict[str, list[float]]) -> str:
    """How predicted minus true is distributed."""
    with _style():
        figure, axes = _axes(4.6, 3.9)
        edges = histogram["edges"]
        widths = [right - left for left, right in pairwise(edges)]
        axes.bar(edges[:-1], histogram["counts"], widths, align="edge", color=SERIES[0], alpha=0.75)
        axes.axvline(0, color=_INK, linewidth=0.8)
        axes.set(xlabel="predicted - true", ylabel="test rows")
        axes.locator_params(axis="x", nbins=5)
        return _svg(figure, "histogram of residuals")


def predicted_true(sample: dict[str, list[float]], target: str) -> str:
    """A sample of predictions against true values, with the diagonal of being right."""
    with _style():
        figure, axes = _axes(4.6, 3.9)
        both = [*sample["true"], *sample["predicted"]]
        axes.plot([min(both), max(both)], [min(both), max(both)], color=_MUTED, linewidth=0.8, dashes=(4, 3))
        axes.plot(sample["true"], sample["predicted"], "o", color=SERIES[0], markersize=2.6, alpha=0.45, mew=0)
        axes.set(xlabel=f"true {_short(target)}", ylabel=f"predicted {_short(target)}")
        axes.locator_params(nbins=5)
        return _svg(figure, "predicted against true values")


def _style() -> AbstractContextManager[None]:
    import matplotlib as mpl

    settings = {
        "svg.hashsalt": "switchyard",
        "svg.fonttype": "none",
        "text.parse_math": False,  # a class may be called $x$
        "font.size": 9.0,
        "axes.edgecolor": _RULE,
        "axes.labelcolor": _MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": _RULE,
        "grid.linewidth": 0.6,
        "xtick.color": _RULE,
        "ytick.color": _RULE,
        "xtick.labelcolor": _MUTED,
        "ytick.labelcolor": _MUTED,
    }
    # The defaults first: a matplotlibrc of whoever runs this changes no byte.
    return mpl.rc_context({**mpl.rcParamsDefault, **settings})  # type: ignore[dict-item]


def _axes(width: float, height: float, left: float = 0.75) -> tuple[Figure, Axes]:
    """Inches; fixed margins, because measuring text would depend on the fonts of the machine."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    bottom, right, top = 0.5, 0.12, 0.1
    box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    axes = figure.add_axes(box)
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    return figure, axes


def _square(xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    figure, axes = _axes(4.6, 3.9, left=0.6)
    axes.set(xlabel=xlabel, ylabel=ylabel, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    return figure, axes


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _svg(figure: Figure, label: str) -> str:
    """What matplotlib writes, less what only a file of its own needs."""
    out = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", metadata=metadata)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # several charts share one page
    svg = re.sub(r" font-family: [^;\"]*;?", "", svg)
    svg = re.sub(r"#000[01]0\d", lambda found: f"var(--{_VARIABLES[found[0]]})", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    view_box = re.search(r'viewBox="[^"]*"', svg)
    opening = f'<svg {view_box[0] if view_box else ""} role="img" aria-label="{label}"'
    return re.sub(r"^<svg[^>]*", opening, svg, count=1)
