"""Charts as inline SVG in the colours of the page around them, the same bytes for the same figures.

Drawn by matplotlib without pyplot. Colours that no page would use stand in for CSS variables, so
that a chart follows light and dark; text stays text, in the page's font.
"""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = tuple(f"#00010{digit}" for digit in range(10))
INK, MUTED, RULE = "#000001", "#000002", "#000003"
_VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", **{c: f"series-{i}" for i, c in enumerate(SERIES)}}
_LONGEST_NAME = 22


def style() -> AbstractContextManager[None]:
    """What all charts share; whatever is set elsewhere changes no byte."""
    import matplotlib as mpl

    settings = {
        "svg.hashsalt": "switchyard",
        "svg.fonttype": "none",
        "text.parse_math": False,  # a class may be called $x$
        "font.size": 8.5,
        "axes.edgecolor": RULE,
        "axes.labelcolor": MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": RULE,
        "grid.linewidth": 0.6,
        "xtick.color": RULE,
        "ytick.color": RULE,
        "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED,
    }
    # The defaults first: a matplotlibrc of whoever runs this changes no byte.
    return mpl.rc_context({**mpl.rcParamsDefault, **settings})  # type: ignore[dict-item]


def axes(width: float, height: float, left: float = 0.75) -> tuple[Figure, Axes]:
    """Inches; fixed margins, because measuring text would depend on the fonts of the machine."""
    from matplotlib.figure import Figure

    plot = Figure(figsize=(width, height))
    bottom, right, top = 0.45, 0.12, 0.1
    box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    area = plot.add_axes(box)
    plot.patch.set_visible(False)
    area.patch.set_visible(False)
    return plot, area


def square(xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    """Both axes from 0 to 1."""
    plot, area = axes(3.9, 3.3, left=0.55)
    area.set(xlabel=xlabel, ylabel=ylabel, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    return plot, area


def short(name: str) -> str:
    """A name that fits beside an axis."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def svg(plot: Figure, label: str) -> str:
    """What matplotlib writes, less what only a file of its own needs.

    Args:
        plot: The figure.
        label: What it shows, for who cannot see it; escaped here.
    """
    out = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    plot.savefig(out, format="svg", metadata=metadata)
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'<g id="[^"]*"', "<g", drawn)  # several charts share one page
    drawn = re.sub(r" font-family: [^;\"]*;?", "", drawn)
    drawn = re.sub(r"#000[01]0\d", lambda found: f"var(--{_VARIABLES[found[0]]})", drawn)
    drawn = re.sub(r"\s*\n\s*", " ", drawn)
    view_box = re.search(r'viewBox="[^"]*"', drawn)
    opening = f'<svg {view_box[0] if view_box else ""} role="img" aria-label="{escape(label)}"'
    return re.sub(r"^<svg[^>]*", opening, drawn, count=1)
