"""Whether every column that the config names is in the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from switchyard.config.sections import Contract, Data, Features
from switchyard.data.places.files import instead
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
