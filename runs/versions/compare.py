"""`python run.py compare A B`: two registered versions on the same rows, side by side. It changes nothing: no run."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from zenml.models import ModelVersionResponse

from runs.preflight import preflight
from steps.registry.version_record import recipe_of
from steps.registry.versions import PRODUCTION, load_version, training_rows_of, version_named
from switchyard.config.sections import UseCase
from switchyard.errors import InputError
from switchyard.evaluation.entrants import Entrant
from switchyard.evaluation.report.page import number
from switchyard.project import ROOT
from switchyard.tasks.data import Source
from switchyard.tasks.recipes import Recipes
from switchyard.tasks.registry import kind_of

if TYPE_CHECKING:
    import polars as pl


def compare(path: Path, first: str, second: str, uri: str | None = None, as_json: bool = False) -> int:
    """Prints what both are worth and whether they differ.

    Args:
        path: The use case.
        first: A version's number, or `champion`.
        second: The other one.
        uri: Another source, of which all rows or images are asked; by default the test part of the config's source.
        as_json: For programs.

    Returns:
        0, whatever the verdict.

    Raises:
        InputError: There is no such version, or the data cannot be used.
        SwitchyardError: The ONNX file of a version is gone.
    """
    config, source = preflight(path, [f"data.uri={json.dumps(uri)}"] if uri else [], split=not uri)
    found = [version_named(config.name, each) for each in (first, second)]
    numbers = [int(each.number) for each in found]
    if numbers[0] == numbers[1]:
        raise InputError(f"both are version {numbers[0]} of {config.name}: name two that differ")
    one, other = (
        Entrant(f"version {each}", load_version(config.name, each), training_rows_of(config.name, each))
        for each in numbers
    )
    with TemporaryDirectory(prefix="switchyard-compare-") as folder:
        rows = _rows(_with_columns_of(config, numbers, source), source, Path(folder), everything=bool(uri))
        evaluation = kind_of(config.task).evaluation()
        figures = evaluation.side_by_side(one, other, rows, Recipes.of(config).promote)
    about = {"uri": source.uri, "fingerprint": source.fingerprint, "part": "all rows" if uri else "test"}
    figures = {"use_case": config.name, "data": about, **figures}
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        _print(Console(highlight=False), figures, found)
    return 0


def _with_columns_of(config: UseCase, numbers: list[int], source: Source) -> UseCase:
    """The contract, and what the versions read beyond it, if the source still has that."""
    contract: Any = config.contract
    for version in numbers:
        recipe = recipe_of(config.name, version)
        recorded: Any = (recipe.config.get("contract") if recipe else None) or {}
        contract = kind_of(config.task).data().widened(contract, recorded, source)
    return config.model_copy(update={"contract": contract})


def _rows(config: UseCase, source: Source, folder: Path, everything: bool) -> pl.LazyFrame:
    """As the steps ingest and preprocess make them of the source as it is now."""
    steps, recipes = kind_of(config.task).data(), Recipes.of(config, source.fingerprint)
    raw, _ = steps.ingest(recipes.ingest, ROOT, folder)
    if everything:
        return steps.typed(raw, recipes.preprocess)
    return steps.preprocess(raw, recipes.preprocess, folder / "split").scan("test")


def _print(console: Console, figures: dict[str, Any], found: list[ModelVersionResponse]) -> None:
    data, unit = figures["data"], figures["unit"]
    which = f"{unit}s" if data["part"] == "all rows" else f"test {unit}s"
    left_out = f", {figures['left_out']:,} left out that either was trained on" if figures["left_out"] else ""
    head = f"{figures['use_case']} on {figures['rows']:,} {which} of {data['uri']}{left_out}"
    console.print(head, markup=False)
    console.print(_table(figures, found))
    for note in figures["notes"]:
        console.print(f"note: {note}", markup=False)
    console.print(figures["verdict"][:1].upper() + figures["verdict"][1:], markup=False)


def _table(figures: dict[str, Any], found: list[ModelVersionResponse]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0))
    table.add_column("")
    for name, version in zip(figures["versions"], found, strict=True):
        table.add_column(f"{name}{' (champion)' if version.stage == PRODUCTION else ''}")
    versions = list(figures["versions"].values())
    for metric in dict.fromkeys(name for each in versions for name in each["metrics"]):
        label = f"{metric} *" if metric == figures["primary"] else metric
        table.add_row(label, *(_estimate(each["metrics"].get(metric)) for each in versions))
    table.add_row("size, MB", *(number(each["size_mb"]) for each in versions))
    for quantile in ("p50", "p95"):
        table.add_row(
            f"one {figures['unit']}, {quantile}, ms", *(number(each["latency_ms"].get(quantile)) for each in versions)
        )
    table.add_row("candidate", *(escape(str(each.get("candidate", ""))) for each in versions))
    for label in dict.fromkeys(label for each in versions for label in each["facts"]):
        table.add_row(label, *(escape(each["facts"].get(label, "")) for each in versions))
    return table


def _estimate(found: dict[str, float | None] | None) -> str:
    if not found or found["value"] is None:
        return number(None)
    interval = "" if found["low"] is None else f"  [dim]{number(found['low'])} to {number(found['high'])}[/]"
    return number(found["value"]) + interval
