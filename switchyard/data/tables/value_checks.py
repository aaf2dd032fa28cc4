"""What makes training pointless whatever the contract says: a constant target, an empty feature.

One streaming pass. It is made on local files before anything is submitted, and on the ingested
table if the source is remote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from switchyard.config.features import feature_kinds
from switchyard.config.sections import Contract, Data, Features, Task
from switchyard.config.target import require_class, require_two_values
from switchyard.data.casting import cast_expression
from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def check_values(name: str, frame: pl.LazyFrame, data: Data, contract: Contract, task: Task, features: Features) -> int:
    """Refuse a table whose target or features hold nothing to learn from.

    Args:
        name: The table's file, for the messages.
        frame: The table, its nulls read as nulls.
        data: For the target and its positive class.
        contract: For the columns that become features.
        task: Whether the target is a class or a number.
        features: For the columns that do not.

    Returns:
        The number of rows.

    Raises:
        InputError: For the first thing found.
    """
    schema = frame.collect_schema()
    names = list(feature_kinds(features, contract, data))
    empty = [_is_missing(column, schema[column]).all().alias(f"empty:{column}") for column in names]
    facts = _target_facts(name, frame, data.target, _typed(data.target, schema, contract), empty)
    if task == "regression" and facts["words"]:
        raise InputError(
            f"{name} has {facts['words'][0]!r} in the target {data.target!r} (data.target), which regression needs as "
            "numbers: write `classification` at task, name another target, or list that text in data.nulls."
        )
    if task == "classification" and data.positive is not None:
        require_class(name, data.target, data.positive, facts["classes"])
    for column in names:
        if facts[f"empty:{column}"]:
            raise InputError(
                f"{name} has no value at all in the column {column!r}: add it to features.exclude, or correct the file."
            )
    return int(facts["rows"])


def check_target(name: str, frame: pl.LazyFrame, target: str) -> int:
    """Refuse a target that is missing in some rows, or has one value only.

    Args:
        name: The table's file, for the messages.
        frame: The table, its nulls read as nulls.
        target: The column.

    Returns:
        The number of rows.

    Raises:
        InputError: Saying in how many rows it is missing, or what the one value is.
    """
    import polars as pl

    return int(_target_facts(name, frame, target, pl.col(target), [])["rows"])


def _typed(column: str, schema: pl.Schema, contract: Contract) -> pl.Expr:
    import polars as pl

    if column not in contract.columns:
        return pl.col(column)
    return cast_expression(column, schema[column], contract.columns[column].type).value


def _is_missing(column: str, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    return pl.col(column).fill_nan(None).is_null() if dtype.is_float() else pl.col(column).is_null()


def _target_facts(
    name: str, frame: pl.LazyFrame, target: str, typed: pl.Expr, others: Sequence[pl.Expr]
) -> dict[str, Any]:
    """Rows, some of the target's values as their type, some that are no numbers, and others: in one pass."""
    import polars as pl

    seen, dtype = pl.col(target), frame.collect_schema()[target]
    missing = _is_missing(target, dtype)
    is_word = cast_expression(target, dtype, "number").value.is_null() & ~missing
    found = frame.select(
        *others,
        pl.len().alias("rows"),
        missing.sum().alias("nulls"),
        seen.filter(~missing).unique().sort().head(2).implode().alias("values"),
        typed.drop_nulls().unique().sort().head(50).implode().alias("classes"),
        seen.filter(is_word).cast(pl.String).head(1).implode().alias("words"),
    )
    facts = found.collect(engine="streaming").row(0, named=True)
    _check_target(name, target, facts["rows"], facts["nulls"], facts["values"])
    return facts


def _check_target(name: str, target: str, rows: int, nulls: int, values: list[Any]) -> None:
    if not rows:
        raise InputError(f"{name} has a header but no rows: put the rows there, or correct data.uri.")
    if nulls == rows:
        raise InputError(f"{name} has no value at all in the target {target!r}: name another column at data.target.")
    if nulls:
        raise InputError(
            f"{name} has no value in the target {target!r} in {nulls:,} of {rows:,} rows: "
            "fill in or remove these rows, or correct data.nulls if they are not missing."
        )
    require_two_values(name, target, [str(value) for value in values], rows)
