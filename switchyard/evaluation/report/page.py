"""The report of an evaluation as one HTML page that needs nothing else.

The folder `page` next to this file holds the page, a Jinja template a section, which escape whatever they are given;
`page_charts` draws, `view` sorts. None looks at the clock: the same report gives the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.gates.judge import GateResult
from switchyard.evaluation.report import view

if TYPE_CHECKING:
    import jinja2

_PAGE = Path(__file__).with_name("templates")

# By the name of the template, in the order of the page.
SECTIONS = {
    "metrics": "Metrics",
    "candidates": "Candidates",
    "retrieval": "Retrieval",
    "curves": "ROC and precision",
    "calibration": "Calibration",
    "confusion": "Confusion matrix",
    "classes": "Classes",
    "samples": "Images",
    "saliency": "Heat maps",
    "thresholds": "Thresholds and costs",
    "residuals": "Residuals",
    "slices": "Slices",
    "fairness": "Fairness",
    "importances": "Importances",
    "explanations": "Explanations",
    "robustness": "Robustness",
    "stability": "Stability",
    "expectations": "Expectations",
    "resources": "Time and size",
    "hyperparameters": "Hyperparameters",
    "data": "Data",
}
_ALWAYS = frozenset({"metrics", "candidates", "resources", "hyperparameters", "data"})


def to_html(report: dict[str, Any], gates: Sequence[GateResult] = (), verdict: str = "") -> str:
    """The page.

    Args:
        report: `Evaluation.report`, with whatever sections it has.
        gates: From `gates.judge`; without any the page has no table of gates.
        verdict: One sentence on what was decided, such as that of `gates.sentence`.

    Returns:
        HTML without external resources; the same arguments give the same bytes.
    """
    from markupsafe import Markup

    from switchyard.evaluation.report.page_charts import drawn

    charts = {name: Markup(svg) for name, svg in drawn(report).items()}
    sections = {name: title for name, title in SECTIONS.items() if _is_there(name, report, charts)}
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            gates=sorted(gates, key=lambda gate: gate.passed),
            verdict=verdict,
            passed=all(gate.passed for gate in gates),
            charts=charts,
            sections=sections,
            view=view,
        )
    )


def with_verdict(html: str, promotion: dict[str, Any], lineage: dict[str, Any] | None = None) -> str:
    """The page of `to_html` with what was decided at its top: the charts need not be drawn again for that.

    Args:
        html: The page.
        promotion: What promote returns: version, verdict, reason, champion, comparison.
        lineage: Of this run, for a section of its own at the end.
    """
    environment = _environment()
    template = environment.get_template("verdict.html")
    verdict = template.render(promotion=promotion, comparison=promotion["comparison"])
    page = html.replace("</header>\n", f"</header>\n\n{verdict}\n", 1)
    if not lineage:
        return page
    section = environment.get_template("lineage.html").render(lineage=lineage)
    page = page.replace("</nav>", '<a href="#lineage">Lineage</a></nav>', 1)
    return page.replace("</main>", f"{section}</main>", 1)


def _is_there(name: str, report: dict[str, Any], charts: dict[str, Any]) -> bool:
    """Whether the report has something to show for a section."""
    if name == "curves":
        return "roc" in charts or "pr" in charts
    if name == "confusion":
        return "confusion" in report["test"]
    if name == "residuals":
        return "residuals" in charts
    return name in _ALWAYS or bool(report.get(name))


def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "signed": signed, "plain": plain, "folds": folds, "count": count}
    return environment


def number(value: float | None) -> str:
    """Three or four significant digits, thousands set apart; a dash for None."""
    if value is None or math.isnan(value):
        return "–"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:.4g}"
    if size >= 0.0995 or size == 0:
        return f"{value:.3f}"
    return f"{value:.3g}"


def signed(value: float | None) -> str:
    """As `number`, with its sign."""
    return f"+{number(value)}" if value is not None and value > 0 else number(value)


def count(value: int | None) -> str:
    """A whole number, thousands set apart."""
    return "–" if value is None else f"{value:,}"


def plain(value: object) -> str:
    """Any JSON value on one line."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def folds(found: dict[str, Any] | None) -> str:
    """What cross-validation found, from the metadata: `roc_auc 0.851 ± 0.019 in 5 folds`."""
    if not found:
        return number(None)
    if {"mean", "std"} <= found.keys():
        of_folds = f" in {len(found['folds'])} folds" if "folds" in found else ""
        return f"{found.get('metric', '')} {number(found['mean'])} ± {number(found['std'])}{of_folds}".strip()
    return plain(found)
