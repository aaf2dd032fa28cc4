"""The report of an evaluation as one HTML page that needs nothing else.

The folder `templates` next to this file holds the frame of the page; each section brings its own template, charts and
order of rows. All templates escape whatever they are given, and none looks at the clock: the same report gives the same
bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gates.judge import GateResult
from switchyard.evaluation.section_registry import page_sections

if TYPE_CHECKING:
    import jinja2

_TEMPLATES = Path(__file__).with_name("templates")


def to_html(report: EvaluationReport | Mapping[str, Any], gates: Sequence[GateResult] = (), verdict: str = "") -> str:
    """The page.

    Args:
        report: Of an evaluation, or its JSON, with whatever sections it has.
        gates: From `gates.judge`; without any the page has no table of gates.
        verdict: One sentence on what was decided, such as that of `gates.sentence`.

    Returns:
        HTML without external resources; the same arguments give the same bytes.
    """
    from markupsafe import Markup

    found, parts = EvaluationReport.of(report), page_sections()
    drawn = {name: svg for section in parts.values() for name, svg in section.charts(found).items()}
    charts = {name: Markup(svg) for name, svg in drawn.items()}
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=found,
            gates=sorted(gates, key=lambda gate: gate.passed),
            verdict=verdict,
            passed=all(gate.passed for gate in gates),
            charts=charts,
            parts=parts,
            sections=[section for section in parts.values() if section.is_shown(found, charts)],
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


def _section_template(name: str) -> str | None:
    """The template of a section, which the page includes as `sections/KEY`."""
    section = page_sections().get(name.removeprefix("sections/"))
    return section.template.read_text(encoding="utf-8") if section else None


def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(_TEMPLATES), jinja2.FunctionLoader(_section_template)]),
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
