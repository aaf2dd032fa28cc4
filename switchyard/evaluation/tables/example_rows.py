"""A few rows that stand for a table: the golden rows of a deployment, and the rows that a report explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl


def choose(frame: pl.DataFrame, count: int) -> list[int]:
    """Positions: for each column with nulls the first such row, then rows spread over the frame.

    Args:
        frame: The columns that the model reads.
        count: How many rows; at least one.
    """
    chosen: list[int] = []
    for column in frame.get_columns():
        nulls = column.is_null().arg_true()
        if len(nulls) and not set(nulls.to_list()) & set(chosen):
            chosen.append(int(nulls[0]))
    spread = np.linspace(0, frame.height - 1, min(count, frame.height), dtype=int).tolist()
    return sorted(list(dict.fromkeys([*chosen, *spread]))[: max(count, 1)])
