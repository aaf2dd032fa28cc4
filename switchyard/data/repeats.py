"""Values and rows that occur more than once, found in the memory of one 64-bit hash a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Repeats:
    """What repeats.

    Attributes:
        count: The number of rows that repeat an earlier one.
        first: Pairs (row, the earlier row that it repeats), counted from 1, of the first few.
    """

    count: int
    first: tuple[tuple[int, int], ...]


def find_repeats(hashes: pl.Series, limit: int = 5) -> Repeats:
    """Which rows repeat an earlier one.

    Equal hashes count as equal values: with 10 million distinct values a false alarm has a chance
    of 3 in a million.

    Args:
        hashes: One UInt64 a row; null where the row does not take part.
        limit: How many pairs to return at most.
    """
    values = hashes.drop_nulls().to_numpy()
    ordered = np.sort(values)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(repeated):
        return Repeats(0, ())
    rows = np.flatnonzero(hashes.is_not_null().to_numpy())
    return Repeats(len(repeated), _first_pairs(values, rows, np.unique(repeated), limit))


def _first_pairs(values: np.ndarray, rows: np.ndarray, repeated: np.ndarray, limit: int) -> tuple[tuple[int, int], ...]:
    members = np.flatnonzero(np.isin(values, repeated))
    seen: dict[int, int] = {}
    pairs: list[tuple[int, int]] = []
    for position in members:
        value, row = int(values[position]), int(rows[position]) + 1
        if value in seen:
            pairs.append((row, seen[value]))
            if len(pairs) == limit:
                break
        seen.setdefault(value, row)
    return tuple(pairs)
