"""What `--dry-run` prints: what would run, on which data, with which stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from switchyard.config.sections import UseCase

if TYPE_CHECKING:
    from switchyard.tasks.data import Source


def print_plan(console: Console, config: UseCase, source: Source, stack: dict[str, str]) -> None:
    """Prints the plan and runs nothing.

    Args:
        console: Where to.
        config: The use case.
        source: What preflight found of the data.
        stack: Flavor by component type; empty for the stack that is active in ZenML.
    """
    listed: list[tuple[str, str]] = []
    on = ", ".join(f"{kind} {flavor}" for kind, flavor in stack.items()) or "as it is active in ZenML"
    listed.append(("stack", on))
    listed.append(("ingest", f"{source.uri} ({source.described()})"))
    listed.append(("", f"fingerprint {source.fingerprint[:16]}"))
    listed.append(("validate", config.contract.described()))
    split = config.split
    listed.append(("preprocess", f"{split.method} split, {split.validation:.0%} validation, {split.test:.0%} test"))
    for name, candidate in config.candidates.items():
        listed.append((f"train_{name}", f"{candidate.type}, {candidate.described(config.search)}"))
    listed.append(("evaluate", f"the best by {config.metrics.primary}, {config.metrics.bootstrap} bootstrap resamples"))
    listed.append(("promote", "; ".join(f"{name} {asked}" for name, asked in config.gates.items()) or "no gates"))
    champion = config.champion
    by = "a paired test" if champion.test == "auto" else champion.test
    listed.append(("", f"then against the champion, by {by} at {champion.alpha:g}; too close: {champion.too_close}"))
    listed.append(("deploy", f"{config.deployment.host}:{config.deployment.port}"))
    table = Table(title=f"{config.name}: what would run", title_justify="left", show_header=False, box=None)
    for label, value in listed:
        table.add_row(escape(label), escape(value))
    console.print(table)
