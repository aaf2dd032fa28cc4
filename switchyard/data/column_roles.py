"""Whether every column that the config names is in the table."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from switchyard.config import Contract, Data, Features
from switchyard.errors import InputError


def check_columns(name: str, columns: Sequence[str], data: Data, contract: Contract, features: Features) -> None:
    """Refuse a table that lacks a column which the config names.

    Args:
        name: The table's file, for the message.
        columns: The columns that it has.
        data: For target, id, time and group.
        contract: For the columns of the contract.
        features: For the columns that are named as features.

    Raises:
        InputError: For the first column that is absent.
    """
    for key, column in _named(data, contract, features):
        if column not in columns:
            raise InputError(f"{name} has no column {column!r}, which {key} names{instead(column, columns)}.")


def _named(data: Data, contract: Contract, features: Features) -> Iterator[tuple[str, str]]:
    yield "data.target", data.target
    for key, column in (("id", data.id), ("time", data.time), ("group", data.group)):
        if column is not None:
            yield f"data.{key}", column
    for column in contract.columns:
        yield "contract.columns", column
    for key, named in (
        ("numeric", features.numeric),
        ("categorical", features.categorical),
        ("exclude", features.exclude),
    ):
        for column in named or ():
            yield f"features.{key}", column


def instead(column: str, columns: Sequence[str]) -> str:
    """The rest of a sentence about a column that is absent: what was meant, or what there is."""
    by_lower = {known.strip().lower(): known for known in columns}
    close = difflib.get_close_matches(column.strip().lower(), list(by_lower), n=1)
    if close:
        return f" (did you mean {by_lower[close[0]]!r}?): correct the name in the config or in the file"
    shown = ", ".join(repr(known) for known in columns[:12]) + (", …" if len(columns) > 12 else "")
    return f": it has {shown}, so correct the name in the config or in the file"
