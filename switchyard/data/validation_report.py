"""The validation report as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #d9dde3; --soft: #667; --good: #1a7f37; --bad: #c62828; --back: #f6f7f9 }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a3f47; --soft: #9aa3ad; --good: #4ac26b; --bad: #ff6b60; --back: #1e2228 }
  body { background: #14171b; color: #e3e6ea }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
.verdict { border-left: .4rem solid var(--good); background: var(--back); padding: .8rem 1rem }
.verdict.broken { border-color: var(--bad) } .verdict p { margin: .3rem 0 0; overflow-wrap: anywhere }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 600 }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
td { overflow-wrap: break-word; max-width: 28rem } .good, .bad { white-space: nowrap }
.good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
.soft { color: var(--soft) }
@media (max-width: 32rem) { table { font-size: .8rem } th, td { padding-right: .4rem } }
"""
NUMBERS = ("images", "found", "nulls", "min", "max", "measured", "allowed")


def to_html(report: dict[str, Any]) -> str:
    """The page of a report: verdict, rules by column, violations with examples, distribution.

    Args:
        report: `ContractReport.to_dict()`. A key `distribution` adds `ColumnShift`s as dictionaries
            (`asdict`); an empty list or None there says that there was nothing to compare with.
    """
    parts = [
        _verdict(report),
        _section("Rules", _rules(report)),
        _section("Violations", _violations(report)) if report["violations"] else "",
        _section("Columns" if _has_columns(report) else f"Of each {report['unit']}", _columns(report)),
        _section("Classes", _classes(report)) if report.get("classes") else "",
    ]
    if "distribution" in report:
        parts.append(_section("Distribution against the last accepted data", _distribution(report)))
    title = escape(f"Validation of {report['source']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n{''.join(parts)}</body></html>\n"
    )


def _verdict(report: dict[str, Any]) -> str:
    shifted = [shift["column"] for shift in report.get("distribution") or [] if not shift["passed"]]
    passed = report["passed"] and not shifted
    text = report["sentence"]
    if shifted and report["passed"]:
        text += f"; distribution shifted in {', '.join(shifted)}"
    heading = "The data keeps its contract" if passed else "The data breaks its contract"
    return (
        f'<div class="verdict{"" if passed else " broken"}"><h1>{"✓" if passed else "✗"} {heading}</h1>'
        f"<p>{escape(text)}</p></div>\n"
    )


def _rules(report: dict[str, Any]) -> str:
    rows = [
        (
            check["column"] or "the table",
            check["rule"],
            _asked(check),
            f"{check['count']:,}",
            _mark(check["passed"]),
        )
        for check in report["checks"]
    ]
    start = 0 if _has_columns(report) else 1
    return _table(("column", "rule", "asked", "found", "")[start:], [row[start:] for row in rows])


def _has_columns(report: dict[str, Any]) -> bool:
    """Whether the rules are about columns; those of images are about whole files."""
    return any(check["column"] for check in report["checks"])


def _named(report: dict[str, Any]) -> str:
    return "column" if _has_columns(report) else "what"


def _classes(report: dict[str, Any]) -> str:
    unit = f"{report['unit']}s"
    return _table(("class", unit), [(name, f"{count:,}") for name, count in report["classes"].items()])


def _asked(check: dict[str, Any]) -> str:
    asked = check["asked"]
    match check["rule"]:
        case "nullable":
            return "no nulls"
        case "unique":
            return "no repeats"
        case "missing":
            return f"a column of type {asked}"
    return ", ".join(map(_value, asked)) if isinstance(asked, list) else _value(asked)


def _violations(report: dict[str, Any]) -> str:
    rows = [
        (
            violation["column"] or "the table",
            violation["rule"],
            f"{violation['count']:,}",
            _Markup("<br>".join(escape(_example(example)) for example in violation["examples"])),
        )
        for violation in report["violations"]
    ]
    start = 0 if _has_columns(report) else 1
    return _table(("column", "rule", "found", "examples")[start:], [row[start:] for row in rows])


def _example(example: dict[str, Any]) -> str:
    value = _value(example["value"])
    if "row" not in example:
        return value
    return f"row {example['row']:,}: {value}" if value else f"row {example['row']:,}"


def _columns(report: dict[str, Any]) -> str:
    rows = [
        (
            name,
            known["type"],
            known.get("source_type", ""),
            f"{known['nulls']:,}" if "nulls" in known else "",
            _value(known.get("min")),
            _value(known.get("max")),
        )
        for name, known in report["columns"].items()
    ]
    note = ""
    if report["unchecked"]:
        note = f'<p class="soft">Not in the contract, so left out: {escape(", ".join(report["unchecked"]))}</p>'
    heads = (_named(report), "type", "in the source", "nulls", "min", "max")
    told = [place for place in range(len(heads)) if not rows or any(row[place] for row in rows)]
    return _table([heads[place] for place in told], [[row[place] for place in told] for row in rows]) + note


def _distribution(report: dict[str, Any]) -> str:
    shifts: Sequence[dict[str, Any]] | None = report["distribution"]
    if not shifts:
        return '<p class="soft">Nothing to compare with yet: this data is recorded as the baseline.</p>'
    rows = [
        (shift["column"], shift["method"], f"{shift['value']:.4f}", f"{shift['max']:g}", _mark(shift["passed"]))
        for shift in shifts
    ]
    return _table((_named(report), "method", "measured", "allowed", ""), rows)


class _Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def _mark(passed: bool) -> _Markup:
    return _Markup('<span class="good">✓ kept</span>' if passed else '<span class="bad">✗ broken</span>')


def _value(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _section(heading: str, body: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{body}</section>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    kinds = [' class="number"' if head in NUMBERS else "" for head in heads]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, heads, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{k}>{_cell(v)}</td>' for k, v in zip(kinds, row, strict=True))}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: str) -> str:
    return value if isinstance(value, _Markup) else escape(value)
