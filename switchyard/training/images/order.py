"""In which order the images of a table are trained on: shuffled, and yet read in large pieces.

Row groups are shuffled, then taken together until they have enough rows, and those rows are shuffled. Whoever
follows the order holds one such piece of the encoded table. The order depends on the table, the seed and the epoch
alone, not on who decodes or on what is cached: so all of them train the same model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Piece:
    """What is read at once.

    Attributes:
        groups: Numbers of row groups.
        rows: Numbers of rows in the table, all of those groups, in the order in which they are used.
    """

    groups: tuple[int, ...]
    rows: np.ndarray


def shuffled(
    group_rows: tuple[int, ...], selected: np.ndarray, at_least: int, seed: int, epoch: int
) -> Iterator[Piece]:
    """A training epoch.

    Args:
        group_rows: How many rows each row group has.
        selected: Whether a row is used; bool of shape (rows,).
        at_least: How many rows are shuffled together, if there are as many.
        seed: Of the run.
        epoch: Each has an order of its own.
    """
    rng = np.random.default_rng([seed, epoch])
    starts = np.cumsum([0, *group_rows])
    groups, rows = list[int](), 0
    for group in rng.permutation(len(group_rows)).tolist():
        groups.append(group)
        rows += int(selected[starts[group] : starts[group + 1]].sum())
        if rows >= at_least:
            yield _piece(groups, starts, selected, rng)
            groups, rows = [], 0
    if rows:
        yield _piece(groups, starts, selected, rng)


def in_order(group_rows: tuple[int, ...], selected: np.ndarray) -> Iterator[Piece]:
    """The table from its first row to its last."""
    starts = np.cumsum([0, *group_rows])
    for group in range(len(group_rows)):
        rows = _rows((group,), starts, selected)
        if len(rows):
            yield Piece((group,), rows)


def batches(pieces: Iterator[Piece], size: int, keep_last: bool) -> Iterator[tuple[list[Piece], np.ndarray]]:
    """Cut the rows into batches, across the borders of pieces.

    Args:
        pieces: From `shuffled` or `in_order`.
        size: Rows of a batch.
        keep_last: Whether the last one may be smaller; if not, it is left out (unless it is the only one).

    Yields:
        The pieces that have to be read for the batch in addition to those before it, and its row numbers.
    """
    waiting, unread, any_yielded = np.empty(0, dtype=np.int64), list[Piece](), False
    for piece in pieces:
        waiting, unread = np.concatenate([waiting, piece.rows]), [*unread, piece]
        while len(waiting) >= size:
            yield unread, waiting[:size]
            waiting, unread, any_yielded = waiting[size:], [], True
    if len(waiting) and (keep_last or not any_yielded):
        yield unread, waiting


def count(rows: int, size: int, keep_last: bool) -> int:
    """How many batches `batches` makes of so many rows."""
    return -(-rows // size) if keep_last or rows < size else rows // size


def _piece(groups: list[int], starts: np.ndarray, selected: np.ndarray, rng: np.random.Generator) -> Piece:
    return Piece(tuple(groups), rng.permutation(_rows(tuple(groups), starts, selected)))


def _rows(groups: tuple[int, ...], starts: np.ndarray, selected: np.ndarray) -> np.ndarray:
    rows = np.concatenate([np.arange(starts[group], starts[group + 1]) for group in groups])
    return np.asarray(rows[selected[rows]])
