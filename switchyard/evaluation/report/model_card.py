"""The card of a registered model: Markdown that says what it is for, what it can do, and where it comes from.

The headings are those of Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019, arXiv:1810.03993), which the
model cards of the Hugging Face Hub follow, too. `model_card.md` beside this file is the template; all that it shows is
escaped. Pure: the same run gives the same card. The promote step keeps it with the version, `show` prints it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.report.markdown import block, code, inline
from switchyard.evaluation.report.page import number, plain
from switchyard.evaluation.sections.robustness import perturbed

_TEMPLATE = Path(__file__).with_suffix(".md")
_DASH = "–"


def model_card(
    report: EvaluationReport | Mapping[str, Any], recipe: Mapping[str, Any], release: Mapping[str, Any]
) -> str:
    """The card.

    Args:
        report: Of the evaluation, or its JSON; of its sections each may be absent.
        recipe: What the version was made from, as `steps.registry.version_record` keeps it; each key may be absent.
        release: Its `version`; `verdict`, `reason`, `champion` and `comparison` of the promote step, if decided.

    Returns:
        Markdown; a heading without a text of its own says "Not stated.".
    """
    import jinja2

    found = EvaluationReport.of(report)
    environment = jinja2.Environment(
        autoescape=False,
        finalize=inline,  # escapes what nothing else has: the page is Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= _FILTERS
    config, model = recipe.get("config") or {}, recipe.get("model") or {}
    data = recipe.get("data") or {}
    columns = (config.get("contract") or {}).get("columns") or {}
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        name=found.name,
        report=found,
        gated=found.gated,
        recipe=recipe,
        release=release,
        config=config,
        card=config.get("card") or {},
        split=config.get("split") or {},
        model=model,
        inputs=model.get("inputs") or [],
        image=next((spec for spec in model.get("inputs") or [] if spec["datatype"] == "UINT8"), None),
        data=data,
        source={**(found.data.source), **{k: data[k] for k in ("uri", "fingerprint") if k in data}},
        columns=columns,
        request=Markup(_request(model.get("inputs") or [], columns)),
    )
    return _without_gaps(page)


def made_up_row(inputs: list[dict[str, Any]], columns: Mapping[str, Any]) -> dict[str, Any]:
    """A row that the contract allows, and nobody's: the first allowed value, the middle of a range, or missing."""
    return {spec["name"]: _made_up(columns.get(spec["name"]) or {}, spec["datatype"]) for spec in inputs}


def _made_up(asked: Mapping[str, Any], datatype: str) -> Any:  # noqa: ANN401 - a JSON scalar
    if allowed := asked.get("allowed"):
        return str(allowed[0]) if datatype == "BYTES" else float(allowed[0])
    if datatype == "BYTES":
        return "" if asked.get("nullable") else "text"
    bounds = [bound for bound in (asked.get("min"), asked.get("max")) if bound is not None]
    middle = sum(bounds) / len(bounds) if bounds else 0.0
    return float(round(middle)) if asked.get("type") in ("integer", "boolean") else middle


def _request(inputs: list[dict[str, Any]], columns: Mapping[str, Any]) -> str:
    row = made_up_row(inputs, columns)
    tensors = [
        {"name": spec["name"], "shape": [1, 1], "datatype": spec["datatype"], "data": [row[spec["name"]]]}
        for spec in inputs
    ]
    return shlex.quote(json.dumps({"inputs": tensors}, ensure_ascii=False))


def _without_gaps(page: str) -> str:
    """One empty line at most, and none at the ends: conditions of the template leave more."""
    lines: list[str] = []
    for line in page.strip().split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def _verdict(release: Mapping[str, Any]) -> Markup:
    if not release.get("verdict"):
        return Markup("It is registered; nothing has been decided about it.")
    return Markup(f"**{inline(release['verdict'])}**: {inline(release.get('reason') or '')}.")


def _estimate(found: Mapping[str, Any] | None) -> Markup:
    """`0.861 (0.801 to 0.913)`."""
    if not found or found.get("value") is None:
        return Markup(_DASH)
    low = found.get("low")
    return inline(number(found["value"]) + ("" if low is None else f" ({_interval(found)})"))


def _interval(found: Mapping[str, Any]) -> str:
    if found.get("low") is None or found.get("high") is None:
        return _DASH
    return f"{number(found['low'])} to {number(found['high'])}"


def _metrics(groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is estimated of the slices of one column."""
    return list(dict.fromkeys(name for found in groups.values() for name, each in found.items() if _is_estimate(each)))


def _is_estimate(found: object) -> bool:
    return isinstance(found, dict) and "value" in found


def _named(values: Mapping[str, Any] | None, between: str = " = ") -> Markup:
    return Markup(", ".join(f"{inline(name)}{between}{inline(plain(each))}" for name, each in (values or {}).items()))


def _code_version(found: Mapping[str, Any] | None) -> Markup:
    if not found:
        return Markup(_DASH)
    commit = f"commit {found['commit']}" if found.get("commit") else "no commit known"
    changed = ", with changes that were not committed" if found.get("dirty") else ""
    return inline(f"{commit}{changed}; SHA-256 {found['sha256']}")


def _values(asked: Mapping[str, Any]) -> Markup:
    """What the contract allows in a column."""
    if asked.get("allowed"):
        return Markup(", ".join(code(each) for each in asked["allowed"]))
    low, high = asked.get("min"), asked.get("max")
    bounds = [f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else ""]
    pattern = code(asked["pattern"]) if asked.get("pattern") else ""
    return Markup(" ".join(each for each in (*bounds, pattern) if each) or "any")


_FILTERS: dict[str, Any] = {
    "code": code,
    "codes": lambda values: Markup(", ".join(code(each) for each in values)),
    "code_version": _code_version,
    "estimate": _estimate,
    "interval": _interval,
    "metrics": _metrics,
    "named": _named,
    "number": lambda value: number(value if isinstance(value, int | float) else None),
    "or_dash": lambda value: value if value or value == 0 else _DASH,
    "own_words": lambda text: block(text) if text else "Not stated.",
    "p_value": lambda p: "< 0.0001" if p < 0.0001 else f"= {p:.2g}",
    "perturbed": lambda report: [each for each in perturbed(report) if each.loss],
    "percent": lambda share: f"{share * 100:g} %" if isinstance(share, int | float) else _DASH,
    "plain": lambda value: _DASH if value is None else plain(value),
    "stated": lambda value: value or "not stated",
    "values": _values,
    "verdict": _verdict,
}
