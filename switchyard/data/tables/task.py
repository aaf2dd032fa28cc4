"""What the data steps do with a table; `switchyard.tasks.data.DataSteps` says what each is for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.data.casting import cast
from switchyard.data.dataset import Dataset, require_unchanged
from switchyard.data.tables.source import Source, look
from switchyard.data.tables.source import inspect as inspect_source
from switchyard.data.validation import Outcome

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import TableIngest, TablePreprocess, TableValidate
    from switchyard.config.sections import Config, Contract
    from switchyard.data.training_rows import TrainingRows

__all__ = ["look"]

UNIT = "row"


def inspect(config: Config, root: Path, split: bool) -> Source:
    """See `DataSteps.inspect`: also one pass over the values of a local table."""
    from switchyard.data.tables.split_check import check_split

    source = inspect_source(config.data, config.contract, config.task, root=root, features=config.features)
    if split:
        check_split(source, config)
    return source


def ingest(recipe: TableIngest, root: Path, folder: Path) -> tuple[Dataset, dict[str, Any]]:
    """See `DataSteps.ingest`; the only part is `raw`."""
    from switchyard.data.tables.ingest import ingest as ingest_source

    source = look(recipe.data, root)
    require_unchanged(recipe.data.uri, source.fingerprint, recipe.fingerprint)
    ingested = ingest_source(source, recipe.data, folder)
    facts = {"rows": ingested.rows, "bytes": ingested.bytes, "fingerprint": ingested.fingerprint}
    return Dataset(str(folder), ("raw",)), facts


def validate(raw: Dataset, recipe: TableValidate, baseline: dict[str, Any] | None) -> Outcome:
    """See `DataSteps.validate`."""
    from switchyard.data.tables.validation import validate as validate_table

    about = {"source": recipe.uri, "target": recipe.data.target}
    return validate_table(raw.scan("raw"), recipe.contract, **about, baseline=baseline)


def preprocess(raw: Dataset, recipe: TablePreprocess, folder: Path, learned: TrainingRows | None = None) -> Dataset:
    """See `DataSteps.preprocess`: the contract's types, and the split; no model of a table is indexed."""
    from switchyard.data.tables.split import split as split_rows

    return split_rows(typed(raw, recipe), recipe.split, recipe.data, recipe.task, recipe.seed, folder)


def typed(raw: Dataset, recipe: TablePreprocess) -> pl.LazyFrame:
    """See `DataSteps.typed`."""
    return cast(raw.scan("raw"), recipe.contract)


def widened(contract: Contract, recorded: dict[str, Any], source: Source) -> Contract:
    """See `DataSteps.widened`."""
    from switchyard.config.sections import Column

    columns = dict(contract.columns)
    for name, column in (recorded.get("columns") or {}).items():
        if name not in columns and name in source.columns:
            columns[name] = Column.model_validate_json(json.dumps(column))
    return contract.model_copy(update={"columns": columns})


def recognised_by(rows: pl.LazyFrame) -> pl.LazyFrame:
    """See `DataSteps.recognised_by`: every column, so that an id tells apart what is otherwise equal."""
    return rows
