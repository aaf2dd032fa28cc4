"""Which rows a model was trained on, in eight bytes a row: they are recognised later, and never recovered.

Kept with each version of a model, so that no later comparison asks it about a row that it has learned by heart. The
same value gives the same hash in any run and as an integer or as a number; a row is all columns of the contract, so
that an id tells apart what is otherwise equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from switchyard.data.dataset import Dataset

if TYPE_CHECKING:
    import polars as pl

Hashes = NDArray[np.uint64]

_ROWS = 100_000  # text becomes Python objects, and those are large
_NULL = "\0null"
_CONTENT = "hash"
_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a table, by hash.

    Attributes:
        columns: What was hashed.
        hashes: Distinct and rising.
    """

    columns: tuple[str, ...]
    hashes: Hashes

    @classmethod
    def of(cls, table: pl.LazyFrame) -> Self:
        """All rows and columns of a table; one column at a time is in memory.

        Rows that hold files, which is what bytes are, go by the hash of their content: it makes no difference under
        which name or label an image was learned.
        """
        import polars as pl

        schema = table.collect_schema()
        has_files = _CONTENT in schema and pl.Binary() in schema.dtypes()
        columns = (_CONTENT,) if has_files else tuple(sorted(schema.names()))
        return cls(columns, np.unique(hash_rows(table, columns)))

    def joined(self, others: Self) -> Self:
        """These and others, of the same columns."""
        return replace(self, hashes=np.union1d(self.hashes, others.hashes))

    def missing(self, table: pl.LazyFrame) -> list[str]:
        """The columns without which no row can be recognised."""
        names = set(table.collect_schema().names())
        return [name for name in self.columns if name not in names]

    def contains(self, table: pl.LazyFrame) -> NDArray[np.bool_]:
        """Which rows of a table are among these, shape (rows,); further columns do not matter."""
        return np.isin(hash_rows(table, self.columns), self.hashes)

    def write(self, folder: Path) -> Dataset:
        """Two small tables, `columns` and `rows`."""
        import polars as pl

        pl.DataFrame({"column": self.columns}, schema={"column": pl.String}).write_parquet(folder / "columns.parquet")
        pl.DataFrame({"hash": self.hashes}).write_parquet(folder / "rows.parquet", compression="zstd")
        return Dataset(str(folder), ("columns", "rows"))

    @classmethod
    def read(cls, dataset: Dataset) -> Self:
        """What `write` wrote."""
        columns = dataset.scan("columns").collect()["column"].to_list()
        return cls(tuple(columns), dataset.scan("rows").collect()["hash"].to_numpy())


def hash_rows(table: pl.LazyFrame, columns: Sequence[str]) -> Hashes:
    """One number a row, whatever the order of the columns in the table."""
    combined: Hashes | None = None
    for name in columns:
        hashed = _hash_column(table.select(name).collect()[name])
        # Odd multipliers keep all 64 bits, and the order of columns matters: (1, 2) is not (2, 1).
        combined = hashed if combined is None else combined * _PRIME + hashed
    return np.zeros(0, np.uint64) if combined is None else combined


def _hash_column(column: pl.Series) -> Hashes:
    parts = [_hash_values(column[start : start + _ROWS]) for start in range(0, len(column), _ROWS)]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _hash_values(column: pl.Series) -> Hashes:
    import polars as pl
    from pandas.util import hash_array  # deterministic, unlike Polars' own, which may change with its version

    kind = column.dtype
    if kind.is_temporal():
        column = column.cast(pl.Datetime("us")).to_physical()
    if kind.is_numeric() or kind.is_temporal() or kind == pl.Boolean:
        numbers = column.cast(pl.Float64).fill_null(float("nan")).to_numpy() + 0.0  # -0 is 0
        numbers = np.where(np.isnan(numbers), np.nan, numbers)
        return np.asarray(hash_array(numbers.view(np.uint64)), np.uint64)
    text = column.cast(pl.String).fill_null(_NULL).to_numpy().astype(object)
    return np.asarray(hash_array(text, categorize=True), np.uint64)
