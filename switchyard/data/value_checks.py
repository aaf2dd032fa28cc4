"""What makes training pointless whatever the contract says: a constant target, an empty feature.

One streaming pass. It is made on local files before anything is submitted, and on the ingested
table if the source is remote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchyard.config import Contract, Data, Features, Scalar, Task
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
    import polars as pl

    target = data.target
    feature_names = sorted(_features(data, contract, features))
    seen = pl.col(target)
    numbers = seen.cast(pl.Float64, strict=False)
    found = frame.select(
        pl.len().alias("rows"),
        seen.null_count().alias("nulls"),
        seen.drop_nulls().unique().sort().head(50).implode().alias("classes"),
        seen.filter(numbers.is_null() & seen.is_not_null()).cast(pl.String).head(1).implode().alias("words"),
        *(pl.col(column).is_null().all().alias(f"null:{column}") for column in feature_names),
    ).collect(engine="streaming")
    facts: dict[str, Any] = found.row(0, named=True)
    _check_target(name, data, facts)
    if task == "regression" and facts["words"]:
        raise InputError(
            f"{name} has {facts['words'][0]!r} in the target {target!r} (data.target), which regression needs as "
            "numbers: write `classification` at task, name another target, or list that text in data.nulls."
        )
    if task == "classification" and data.positive is not None:
        _check_positive(name, data, data.positive, [str(value) for value in facts["classes"]])
    for column in feature_names:
        if facts[f"null:{column}"]:
            raise InputError(
                f"{name} has no value at all in the column {column!r}: add it to features.exclude, or correct the file."
            )
    return int(facts["rows"])


def _features(data: Data, contract: Contract, features: Features) -> set[str]:
    named = features.numeric is not None or features.categorical is not None
    chosen = {*(features.numeric or ()), *(features.categorical or ())} if named else set(contract.columns)
    return chosen - set(features.exclude) - {data.target, data.id, data.time, data.group}


def _check_target(name: str, data: Data, facts: dict[str, Any]) -> None:
    rows, nulls, classes = facts["rows"], facts["nulls"], facts["classes"]
    if not rows:
        raise InputError(f"{name} has a header but no rows: put the rows there, or correct data.uri.")
    if nulls == rows:
        raise InputError(
            f"{name} has no value at all in the target {data.target!r}: name another column at data.target."
        )
    if nulls:
        raise InputError(
            f"{name} has no value in the target {data.target!r} in {nulls:,} of {rows:,} rows: "
            "fill in or remove these rows, or correct data.nulls if they are not missing."
        )
    if len(classes) == 1:
        raise InputError(
            f"{name} has only the value {str(classes[0])!r} in the target {data.target!r}, so there is nothing to "
            "learn: name another column at data.target."
        )


def _check_positive(name: str, data: Data, positive: Scalar, classes: list[str]) -> None:
    shown = ", ".join(repr(value) for value in classes[:10]) + (", …" if len(classes) > 10 else "")
    if not any(same_value(positive, value) for value in classes):
        raise InputError(
            f"{name} has the classes {shown} in the target {data.target!r}, and {positive!r} "
            "(data.positive) is none of them: write one of these at data.positive."
        )
    if len(classes) > 2:
        raise InputError(
            f"{name} has more than two classes in the target {data.target!r} ({shown}), so none of them can be "
            "data.positive: remove that key."
        )


def same_value(wanted: Scalar, text: str) -> bool:
    """Whether a value of the config means the same as the text of a cell: 1 and `1.0`, true and `True`."""
    if isinstance(wanted, bool):
        return text.lower() in (("true", "1", "1.0") if wanted else ("false", "0", "0.0"))
    if isinstance(wanted, str):
        return wanted == text
    try:
        return float(text) == wanted
    except ValueError:
        return False
