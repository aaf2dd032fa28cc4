"""`python run.py history`: what was in production when and why, read from the runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from steps.registry.release_log import changes_of
from steps.registry.versions import facts_of
from switchyard.lineage import CodeVersion
from switchyard.releases.history import Period, at, periods
from switchyard.releases.told import ToldData, ToldHistory, ToldPeriod
from switchyard.releases.version_facts import VersionFacts

_UNKNOWN = "unknown"


def history(use_case: str, moment: datetime | None = None) -> ToldHistory:
    """The periods of a use case.

    Args:
        use_case: The config's name.
        moment: Which moment is asked for; None for all of them, and for what is in production now.
    """
    known = periods([change for change, _ in changes_of(use_case)])
    facts = facts_of(use_case)
    now = at(known, moment) if moment else (known[-1] if known else None)
    shown = known if moment is None else [now] if now else []
    return ToldHistory(
        use_case=use_case,
        at=moment,
        in_production=_period(now, facts) if now and now.change.version is not None else None,
        changes=tuple(_period(each, facts) for each in shown),
    )


def _period(period: Period, facts: Mapping[int, VersionFacts]) -> ToldPeriod:
    """With where its version comes from."""
    change = period.change
    known = facts.get(change.version or 0, VersionFacts())
    lineage = known.lineage
    return ToldPeriod(
        version=change.version,
        since=period.since,
        until=period.until,
        approximate=change.found_by is not None,
        action=change.action,
        reason=change.reason,
        by=change.by,
        replaced=period.replaced,
        run=change.run,
        stack=change.stack,
        found_by=change.found_by,
        candidate=known.candidate,
        sha256=known.sha256,
        data=ToldData(uri=lineage.uri, fingerprint=lineage.fingerprint) if lineage else ToldData(),
        code=lineage.code if lineage else None,
        trained_by=lineage.run if lineage else None,
    )


def print_history(console: Console, told: ToldHistory) -> None:
    """Prints one table of all periods, or all that is known of one.

    Args:
        console: Where to.
        told: See `history`.
    """
    if told.at:
        return _print_moment(console, told, told.at)
    if not told.changes:
        return console.print(f"No version of {told.use_case} was ever in production.", markup=False)
    zone = datetime.now().astimezone().tzname()
    table = Table(title=f"{told.use_case}: what was in production (times in {zone})", box=SIMPLE_HEAD)
    table.title_justify = "left"
    for column in ("version", "since", "until", "by"):
        table.add_column(column)
    table.add_column("why", ratio=1, overflow="fold")
    for each in told.changes:
        since, until = (_time(moment).replace(" ", "\n", 1) or "now" for moment in (each.since, each.until))
        why = f"{escape(each.reason)}\n[dim]{escape(_origin(each))}[/]"
        table.add_row(_version(each.version), since, until, escape(each.by.name), why)
    return console.print(table)


def _print_moment(console: Console, told: ToldHistory, moment: datetime) -> None:
    when = f"{_time(moment)} {moment.astimezone().tzname()}"
    period = told.changes[0] if told.changes else None
    if told.in_production is None or period is None:
        why = f"run {period.run} had retired it: {period.reason}" if period else "nothing had been released yet"
        return console.print(f"At {when} no version of {told.use_case} was in production; {why}.", markup=False)
    console.print(f"At {when} {told.use_case} version {period.version} was in production.", markup=False)
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for label, value in (
        ("since", _since(period)),
        ("until", _time(period.until) or "now"),
        ("why", period.reason),
        ("by", f"{period.by.name}, {period.action}, run {period.run}"),
        ("replaced", _version(period.replaced) if period.replaced else "nothing"),
        ("data", f"{period.data.uri or _UNKNOWN}, fingerprint {period.data.fingerprint or _UNKNOWN}"),
        ("code", _code(period.code, full=True)),
        ("trained", f"by run {period.trained_by or _UNKNOWN}, as candidate {period.candidate or _UNKNOWN}"),
        ("sha256", period.sha256 or _UNKNOWN),
    ):
        facts.add_row(label, escape(value))
    return console.print(facts)


def _version(number: int | None) -> str:
    return "retired" if number is None else str(number)


def _time(moment: datetime | None) -> str:
    """In this machine's time zone, to the second."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _since(period: ToldPeriod) -> str:
    about = f"about (its run crashed, {period.found_by} found it) " if period.approximate else ""
    return f"{about}{_time(period.since)}"


def _origin(period: ToldPeriod) -> str:
    """The run, what it replaced, and the data and code of the version, on a line each."""
    replaced = f", replaced version {period.replaced}" if period.replaced else ""
    found = f"\nthe run crashed then; {period.found_by} found what it had done" if period.approximate else ""
    told = f"{period.action}{replaced}: {period.run}{found}"
    if period.version is None:
        return told
    data = f"{period.data.uri or _UNKNOWN} {(period.data.fingerprint or _UNKNOWN)[:12]}"
    return f"{told}\ndata {data}, code {_code(period.code)}"


def _code(code: CodeVersion | None, full: bool = False) -> str:
    """The commit if there was one, else the hash over the files; `+` for changes that were not committed."""
    if code is None:
        return _UNKNOWN
    name = code.commit or code.sha256
    return f"{name if full else name[:10]}{'+' if code.dirty else ''}"
