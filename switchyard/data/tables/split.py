"""How rows are assigned to training, validation and test; the preprocess step calls it.

Every method is the same assignment: rows form blocks that stay together (a row, a group, a moment in time),
the blocks stand in an order, and two cuts through that order make three parts. The order comes from the
raw 64-bit stream of PCG64, which NumPy guarantees never to change, so a seed means the same split on any
machine, thread count and version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from switchyard.data.dataset import Dataset
from switchyard.data.parts import PARTS, assign_blocks, random_order
from switchyard.data.write_parts import write_parts
from switchyard.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from switchyard.config.sections import Data, Split, Task


def split(frame: pl.LazyFrame, config: Split, data: Data, task: Task, seed: int, destination: Path) -> Dataset:
    """Write `train.parquet`, `validation.parquet` and `test.parquet` (zstd) into `destination`.

    Rows keep the source's order within a part. In memory are one byte a row for its part and the column
    that decides (target, group or time), never the table.

    Args:
        frame: The table with the contract's types.
        config: The method and the shares.
        data: Which columns are target, group and time.
        task: Classification makes sure that every class is in every part.
        seed: What decides the order.
        destination: An existing folder, or one to be made.

    Raises:
        InputError: The table cannot be split so; the sentence names the key or the column.
        SwitchyardError: The parts cannot be written.
    """
    parts = assign(frame, config, data, task, seed)
    write_parts(frame, parts, PARTS, destination)
    return Dataset(str(destination), PARTS)


def assign(frame: pl.LazyFrame, config: Split, data: Data, task: Task, seed: int) -> np.ndarray:
    """The part of every row, in the source's order: 0 training, 1 validation, 2 test.

    Returns:
        uint8 of shape (rows,).
    """
    import polars as pl

    if config.method == "stratified" and task != "classification":
        raise InputError(
            "split.method: stratified needs classes, and the task is regression; use random, group or time"
        )
    rows = int(frame.select(pl.len()).collect(engine="streaming").item())
    match config.method:
        case "random":
            parts = assign_blocks(random_order(rows, seed), np.ones(rows, np.int64), config)
        case "stratified":
            parts = _stratified(_codes(frame, data.target, "data.target"), config, seed)
        case "group":
            groups = _group_codes(frame, data)
            parts = assign_blocks(random_order(len(groups.sizes), seed), groups.sizes, config)[groups.values]
        case "time":
            times = _time_codes(frame, data)
            parts = assign_blocks(np.arange(len(times.sizes)), times.sizes, config)[times.values]
    _require_rows(parts, config)
    if task == "classification":
        _require_classes(_codes(frame, data.target, "data.target"), parts, config)
    return parts


def _stratified(classes: Codes, config: Split, seed: int) -> np.ndarray:
    rows = len(classes.values)
    shuffled = random_order(rows, seed)
    by_class = shuffled[np.argsort(classes.values[shuffled], kind="stable")]
    parts = np.empty(rows, np.uint8)
    for members in np.split(by_class, np.cumsum(classes.sizes)[:-1]):
        parts[members] = assign_blocks(np.arange(len(members)), np.ones(len(members), np.int64), config)
    return parts


@dataclass(frozen=True)
class Codes:
    """A column as numbers 0 … n - 1 in the order of its values.

    Attributes:
        column: The column's name.
        values: The number of each row's value, shape (rows,).
        sizes: How many rows have each value, shape (n,).
        labels: The values themselves, sorted.
    """

    column: str
    values: np.ndarray
    sizes: np.ndarray
    labels: pl.Series


def _codes(frame: pl.LazyFrame, column: str, key: str) -> Codes:
    import polars as pl

    schema = frame.collect_schema()
    if column not in schema:
        raise InputError(f"{key}: {column!r} is no column of the table; name one of {', '.join(schema.names())}")
    name = pl.col(column)
    series = frame.select(name.fill_nan(None) if schema[column].is_float() else name).collect(engine="streaming")[
        column
    ]
    if series.null_count():
        raise InputError(
            f"{key}: column {column} is null in {series.null_count():,} of {len(series):,} rows, which then belong to "
            f"no part of the split; fill them, or remove those rows"
        )
    codes = (series.rank("dense") - 1).to_numpy()
    return Codes(column, codes, np.bincount(codes), series.unique().sort())


def _group_codes(frame: pl.LazyFrame, data: Data) -> Codes:
    if data.group is None:
        raise InputError("data.group is not set, but split.method group needs it: name the column of the groups")
    return _codes(frame, data.group, "data.group")


def _time_codes(frame: pl.LazyFrame, data: Data) -> Codes:
    if data.time is None:
        raise InputError("data.time is not set, but split.method time needs it: name the column of the time")
    codes = _codes(frame, data.time, "data.time")
    if not (codes.labels.dtype.is_temporal() or codes.labels.dtype.is_numeric()):
        raise InputError(
            f"data.time: column {data.time} is {codes.labels.dtype}, which does not sort by time; "
            f"give it the type datetime, integer or number in contract.columns"
        )
    return codes


def _require_rows(parts: np.ndarray, config: Split) -> None:
    for part, name in enumerate(PARTS):
        if not (parts == part).any():
            raise InputError(
                f"split.{name if name != 'train' else 'method'}: {config.method} leaves no row for {name} "
                f"out of {len(parts):,} rows; use more rows, "
                f"{'more groups, ' if config.method == 'group' else ''}or other shares"
            )


def _require_classes(target: Codes, parts: np.ndarray, config: Split) -> None:
    for part, name in enumerate(PARTS):
        counts = np.bincount(target.values[parts == part], minlength=len(target.sizes))
        for code in np.flatnonzero(counts == 0):
            rows = int(target.sizes[code])
            raise InputError(
                f"split.method: {config.method} leaves no row of class {target.labels[int(code)]!r} of column "
                f"{target.column} in {name} (it has {rows:,} row{'s' if rows != 1 else ''} in all); "
                f"{_remedy(config, rows)}"
            )


def _remedy(config: Split, rows: int) -> str:
    if rows < len(PARTS):
        return "add rows of this class, or remove it from the data"
    if config.method == "random":
        return "use stratified, or add rows of this class"
    return "add rows of this class, or use another method"
