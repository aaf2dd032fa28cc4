"""The target column as positions in a model's list of classes, whatever type either has.

A target may be text, integers or booleans in the table, JSON values in the metadata and int64 or
strings in the graph's `label`: True, "true" and 1 can all be the same class.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

UNSEEN = -1


def positions(values: Iterable[Any], classes: Sequence[Any]) -> dict[Any, int]:
    """Where each distinct value stands in `classes`; `UNSEEN` if the model never saw it."""
    table = {key: position for position, label in enumerate(classes) for key in reversed(_keys(label))}
    return {value: next((table[key] for key in _keys(value) if key in table), UNSEEN) for value in values}


def encode(column: pl.Series, classes: Sequence[Any]) -> tuple[NDArray[np.int64], dict[str, int]]:
    """The target of each row as a position in `classes`.

    Args:
        column: The target, without nulls.
        classes: The model's classes in the order of its probability columns.

    Returns:
        Positions of shape (rows,), `UNSEEN` for labels that the model never saw, and how many
        rows carry each of those labels.
    """
    import polars as pl

    counts = dict(column.value_counts(sort=True).iter_rows())
    table = positions(counts, classes)
    codes = column.replace_strict(list(table), list(table.values()), return_dtype=pl.Int64) if counts else column
    unseen = {str(value): count for value, count in counts.items() if table[value] == UNSEEN}
    return codes.cast(pl.Int64).to_numpy(), unseen


def positive_position(classes: Sequence[Any], named: object = None) -> int | None:
    """The position of the positive class.

    Args:
        classes: Of the model or the target, in order.
        named: The class that the config or the model names; None if neither does.

    Returns:
        Of two classes the named one, and the second if none (or none of them) is named; None unless there are two.
    """
    if len(classes) != 2:
        return None
    found = UNSEEN if named is None else positions([named], classes)[named]
    return 1 if found == UNSEEN else found


def answered(classes: Sequence[Any], position: int) -> str | int:
    """A class as the graph's `label` has it: text, or an integer for integers and booleans."""
    label = classes[position]
    return label if isinstance(label, str) else int(label)


def _keys(value: object) -> tuple[str, ...]:
    """The spellings under which a label may be known, the most telling first."""
    if isinstance(value, (bool, np.bool_)):
        return (str(bool(value)).lower(), str(int(value)))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return (str(value), str(int(value)))
    return (str(value),)
