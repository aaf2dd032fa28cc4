"""`python run.py history`: what was in production when and why, asked of the runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from steps.registry.release_log import changes_of
from steps.registry.versions import facts_of
from switchyard.releases.change import written
from switchyard.releases.history import Period, at, periods

_UNKNOWN = "unknown"


def history(use_case: str, moment: datetime | None = None) -> dict[str, Any]:
    """The periods of a use case, JSON-able; docs/releases.md describes it.

    Args:
        use_case: The config's name.
        moment: Which moment is asked for; None for all of them, and for what is in production now.
    """
    told = periods([change for change, _ in changes_of(use_case)])
    facts = facts_of(use_case)
    now = at(told, moment) if moment else (told[-1] if told else None)
    return {
        "use_case": use_case,
        "at": written(moment) if moment else None,
        "in_production": _period(now, facts) if now and now.change.version is not None else None,
        "changes": [_period(each, facts) for each in ([now] if moment and now else [] if moment else told)],
    }


def _period(period: Period, facts: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """With where its version comes from."""
    known = facts.get(period.change.version or 0, {})
    lineage = known.get("lineage") or {}
    return {
        **period.to_dict(),
        "candidate": known.get("candidate"),
        "sha256": known.get("sha256"),
        "data": {key: lineage.get(key) for key in ("uri", "fingerprint")},
        "code": lineage.get("code"),
        "trained_by": lineage.get("run"),
    }


def print_history(console: Console, told: dict[str, Any]) -> None:
    """One table of all periods, or all that is known of one.

    Args:
        console: Where to.
        told: See `history`.
    """
    if told["at"]:
        return _print_moment(console, told)
    if not told["changes"]:
        return console.print(f"Nothing of {told['use_case']} was ever in production.", markup=False)
    zone = datetime.now().astimezone().tzname()
    table = Table(title=f"{told['use_case']}: what was in production (times in {zone})", box=SIMPLE_HEAD)
    table.title_justify = "left"
    for column in ("version", "since", "until", "by"):
        table.add_column(column)
    table.add_column("why", ratio=1, overflow="fold")
    for each in told["changes"]:
        since, until = (_time(each[name]).replace(" ", "\n", 1) or "now" for name in ("since", "until"))
        why = f"{escape(each['reason'])}\n[dim]{escape(_origin(each))}[/]"
        table.add_row(_version(each["version"]), since, until, escape(_who(each)), why)
    return console.print(table)


def _print_moment(console: Console, told: dict[str, Any]) -> None:
    when = f"{_time(told['at'])} {datetime.fromisoformat(told['at']).astimezone().tzname()}"
    period = told["changes"][0] if told["changes"] else None
    if told["in_production"] is None or period is None:
        why = f"{period['run']} had retired it: {period['reason']}" if period else "nothing had been released yet"
        return console.print(f"At {when} nothing of {told['use_case']} was in production; {why}.", markup=False)
    console.print(f"At {when} {told['use_case']} version {period['version']} was in production.", markup=False)
    data, code = period["data"], period["code"]
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for label, value in (
        ("since", _since(period)),
        ("until", _time(period["until"]) or "now"),
        ("why", period["reason"]),
        ("by", f"{_who(period)}, {period['action']}, run {period['run']}"),
        ("replaced", _version(period["replaced"]) if period["replaced"] else "nothing"),
        ("data", f"{data['uri'] or _UNKNOWN}, fingerprint {data['fingerprint'] or _UNKNOWN}"),
        ("code", _code(code, full=True)),
        ("trained", f"by run {period['trained_by'] or _UNKNOWN}, as candidate {period['candidate'] or _UNKNOWN}"),
        ("sha256", period["sha256"] or _UNKNOWN),
    ):
        facts.add_row(label, escape(value))
    return console.print(facts)


def _version(number: int | None) -> str:
    return "retired" if number is None else str(number)


def _time(text: str | None) -> str:
    """In this machine's time zone, to the second."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S") if text else ""


def _since(period: dict[str, Any]) -> str:
    about = f"about (its run died, {period['found_by']} found it) " if period["approximate"] else ""
    return f"{about}{_time(period['since'])}"


def _who(period: dict[str, Any]) -> str:
    return str(period["by"]["name"])


def _origin(period: dict[str, Any]) -> str:
    """The run, what it replaced, and the data and code of the version, on a line each."""
    replaced = f", replaced version {period['replaced']}" if period["replaced"] else ""
    found = f"\nit died then, and {period['found_by']} found what it had done" if period["approximate"] else ""
    told = f"{period['action']}{replaced}: {period['run']}{found}"
    if period["version"] is None:
        return told
    data = f"{period['data']['uri'] or _UNKNOWN} {(period['data']['fingerprint'] or _UNKNOWN)[:12]}"
    return f"{told}\ndata {data}, code {_code(period['code'])}"


def _code(code: Any, full: bool = False) -> str:  # noqa: ANN401 - JSON
    """The commit if there was one, else the hash over the files; `+` for changes that were not committed."""
    if not isinstance(code, dict):
        return str(code or _UNKNOWN)
    name = str(code.get("commit") or code.get("sha256") or _UNKNOWN)
    return f"{name if full else name[:10]}{'+' if code.get('dirty') else ''}"
