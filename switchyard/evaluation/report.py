"""The report of an evaluation as one HTML page that needs nothing else.

`report.html` next to this file is the page, a Jinja template that escapes whatever it is given;
`charts` draws. Neither looks at the clock: the same report gives the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.gates import GateResult

if TYPE_CHECKING:
    import jinja2

_TEMPLATE = Path(__file__).with_name("report.html")
_VERDICT = Path(__file__).with_name("verdict.html")


def to_html(report: dict[str, Any], gates: Sequence[GateResult] = (), verdict: str = "") -> str:
    """The page.

    Args:
        report: `Evaluation.report`.
        gates: From `gates.judge`; without any the page has no table of gates.
        verdict: One sentence on what was decided, such as that of `gates.sentence`.

    Returns:
        HTML without external resources; the same arguments give the same bytes.
    """
    from markupsafe import Markup

    template = _template(_TEMPLATE)
    charts = {name: Markup(svg) for name, svg in _charts(report).items()}
    passed = all(gate.passed for gate in gates)
    return template.render(report=report, gates=gates, verdict=verdict, passed=passed, charts=charts)


def with_verdict(html: str, promotion: dict[str, Any]) -> str:
    """The page of `to_html` with what was decided at its top: the charts need not be drawn again for that.

    Args:
        html: The page.
        promotion: What promote returns: version, verdict, reason, champion, comparison.
    """
    verdict = _template(_VERDICT).render(promotion=promotion, comparison=promotion["comparison"])
    return html.replace("</header>\n", f"</header>\n\n{verdict}\n", 1)


def _template(path: Path) -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"number": number, "plain": plain, "folds": folds}
    return environment.from_string(path.read_text(encoding="utf-8"))


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


def plain(value: object) -> str:
    """Any JSON value on one line."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def folds(found: dict[str, Any] | None) -> str:
    """What cross-validation found, from the card: `roc_auc 0.851 ± 0.019 in 5 folds`."""
    if not found:
        return number(None)
    if {"mean", "std"} <= found.keys():
        of_folds = f" in {len(found['folds'])} folds" if "folds" in found else ""
        return f"{found.get('metric', '')} {number(found['mean'])} ± {number(found['std'])}{of_folds}".strip()
    return plain(found)


def _charts(report: dict[str, Any]) -> dict[str, str]:
    """The charts that these figures allow: a model that answers NaN has no curve."""
    from switchyard.evaluation import charts

    test = report["test"]
    drawn = {"candidates": charts.candidates(report["candidates"], report["selection"]["metric"], report["best"])}
    if any((test.get("roc") or {}).values()):
        drawn["roc"] = charts.roc(test["roc"])
    if any((test.get("pr") or {}).values()):
        drawn["pr"] = charts.precision_recall(test["pr"])
    if "residuals" in test:
        drawn["residuals"] = charts.residuals(test["residuals"]["histogram"])
        drawn["predicted_true"] = charts.predicted_true(test["residuals"]["sample"], report["data"]["target"])
    return drawn
