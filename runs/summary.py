"""The table at the end of a run: what was read, what was measured, what was decided, what answers now."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from runs.outcome_data import Figure, Outcome
from switchyard.project import ROOT
from switchyard.releases.promotion import ComparisonFigures, DifferenceFigures
from switchyard.serving.rollout.deployer import Endpoint


def print_summary(console: Console, outcome: Outcome, note: str = "") -> None:
    """Prints the summary of a run.

    Args:
        console: Where to.
        outcome: What came out of it.
        note: What else has to be said, above the table.
    """
    console.print()
    if note:
        console.print(note)
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for label, value in _facts(outcome):
        facts.add_row(label, escape(value))
    console.print(facts)
    if outcome.candidates:
        console.print(_candidates(outcome))
    if outcome.gates:
        console.print(_gates(outcome))
    if outcome.comparison and outcome.comparison.difference:
        console.print(_comparison(outcome.comparison, outcome.comparison.difference))
    for label, command in commands(outcome):
        console.print(f"[bold]{label}[/]")
        # Never wrapped, so that it can be copied.
        console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)


def commands(outcome: Outcome) -> list[tuple[str, str]]:
    """What to type next, by what it does."""
    listed = []
    if outcome.endpoint and not _only_tensors(outcome.endpoint):
        listed.append(("predict", _curl(outcome.endpoint)))
    listed += [(f"open {what}", command) for what, command in outcome.links.items()]
    if outcome.endpoint:
        listed.append(("stop the endpoint", f"python run.py stop {outcome.use_case}"))
    return [(label, _from_the_shell(command)) for label, command in listed]


def _from_the_shell(command: str) -> str:
    """The project's own .venv need not be activated for the command to work."""
    program = command.split(" ", 1)[0]
    own = Path(sys.prefix) == ROOT / ".venv" and os.environ.get("VIRTUAL_ENV") != sys.prefix
    return f".venv/bin/{command}" if own and program in ("python", "zenml", "mlflow") else command


def _curl(endpoint: Endpoint) -> str:
    """Asks about the first golden row; of an image, whose pixels nobody types, about a file of the user's."""
    url = f"{endpoint.url}/v2/models/{endpoint.name}"
    # The token is named and not shown.
    token = ' -H "Authorization: Bearer $SWITCHYARD_TOKEN"' if os.environ.get("SWITCHYARD_TOKEN") else ""
    if _takes_images(endpoint):
        return f"curl -s {url}/predict-image -H 'Content-Type: image/png'{token} --data-binary @IMAGE.png"
    first = {"inputs": [{**each, "shape": [1, 1], "data": each["data"][:1]} for each in endpoint.request["inputs"]]}
    return f"curl -s {url}/infer -H 'Content-Type: application/json'{token} -d {shlex.quote(json.dumps(first))}"


def _takes_images(endpoint: Endpoint) -> bool:
    return any(len(each["shape"]) > 2 for each in endpoint.request["inputs"])


def _only_tensors(endpoint: Endpoint) -> bool:
    """Whether the model takes images, and what serves it takes no files."""
    return _takes_images(endpoint) and not endpoint.predict_image


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
    data = outcome.data
    rows = f"{data.rows:,} {data.unit}s" if data.rows is not None else "remote"
    facts = [("run", outcome.run), ("data", f"{data.uri}, {rows}, fingerprint {data.fingerprint[:16]}")]
    facts += [("repaired" if number == 0 else "", line) for number, line in enumerate(outcome.repaired)]
    if outcome.verdict:
        facts.append(("verdict", outcome.verdict))
    if outcome.version is not None:
        facts.append(("model", f"{outcome.use_case} version {outcome.version}{_beside(outcome)}"))
    if endpoint := outcome.endpoint:
        facts.append(("endpoint", f"{endpoint.url}/v2/models/{outcome.use_case}"))
        if endpoint.notice:
            facts.append(("", endpoint.notice))
        if _only_tensors(endpoint):
            facts.append(("", "it takes images as tensors only: docs/endpoint.md#images"))
    return facts


def _beside(outcome: Outcome) -> str:
    """Which version is in production, if it is another one."""
    if outcome.champion in (None, outcome.version):
        return ""
    return f", registered; version {outcome.champion} is the champion"


def _candidates(outcome: Outcome) -> Table:
    """A column a candidate, a row a metric: the figure, and its interval below."""
    unit = outcome.data.unit
    table = Table(
        title=f"candidates, on validation {unit}s; the best one on test {unit}s, too",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("metric")
    for each in outcome.candidates:
        table.add_column(escape(each.name), style="bold" if each.best else "")
    for name in outcome.candidates[0].metrics:
        label = f"{name} *" if name == outcome.primary else name
        table.add_row(label, *(_estimate(each.metrics.get(name)) for each in outcome.candidates))
    return table


def _estimate(found: Figure | None) -> str:
    if found is None or found.value is None:
        return "undefined"
    interval = (
        "" if found.low is None or found.high is None else f"\n[dim]{_figure(found.low)}–{_figure(found.high)}[/]"
    )
    return _figure(found.value) + interval


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1e5 else f"{value:.3g}"


def _gates(outcome: Outcome) -> Table:
    table = Table(title=f"gates, on test {outcome.data.unit}s", title_justify="left", box=SIMPLE_HEAD)
    for column in ("gate", "measured", "asked", ""):
        table.add_column(column, overflow="fold")
    for gate in outcome.gates:
        measured = "undefined" if gate.measured is None else f"{gate.measured:.4g}"
        table.add_row(gate.name, measured, gate.asked, "[green]passed[/]" if gate.passed else "[red]failed[/]")
    return table


def _comparison(comparison: ComparisonFigures, found: DifferenceFigures) -> Table:
    """One row: both figures, how far they are apart, how sure that is, and the verdict."""
    table = Table(
        title=f"challenger against champion, on {comparison.rows:,} test {comparison.unit}s",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    interval = f"{(1 - comparison.alpha) * 100:g} % interval"
    for column in (comparison.metric, "champion", "difference", interval, f"p ({comparison.test})", "verdict"):
        table.add_column(column)
    values = [_figure(each) for each in (found.challenger, found.champion, found.effect)]
    between = f"{_figure(found.low)} to {_figure(found.high)}"
    table.add_row(*values, between, "< 0.0001" if found.p < 0.0001 else f"{found.p:.2g}", comparison.verdict)
    return table
