"""Whether the columns are still distributed as in the last accepted version of the same data.

The validate step keeps the `profile` of accepted data as the baseline, and has `compare` look at the
next version. Numbers are counted in 256 quantile bins, text by value, one column in memory at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.sections import ColumnDistribution
from switchyard.data.casting import cast
from switchyard.data.shift_measures import ks, psi
from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import Column, Contract

VERSION = 1
BINS = 256  # KS is exact to 1 / 256, and exact for columns with fewer distinct values.
PSI_BINS = 10
CATEGORIES = 50
MIN_ROWS = 5  # a rarer category is part of "other": its share says nothing


@dataclass(frozen=True)
class ColumnShift:
    """How far one column moved.

    Attributes:
        column: The column.
        method: `psi` or `ks`.
        value: What was measured.
        max: What the config allows.
        passed: Whether it stays within.
    """

    column: str
    method: str
    value: float
    max: float
    passed: bool

    def sentence(self) -> str:
        """The shift in words."""
        verdict = "keeps its distribution" if self.passed else "shifted"
        return f"column {self.column} {verdict}: {self.method} {self.value:.3g}, at most {self.max:g} is allowed"


def profile(frame: pl.LazyFrame, contract: Contract) -> dict[str, Any]:
    """The baseline of every column, JSON-able.

    Numbers, integers and datetimes (as seconds) have `edges`, the upper edges of quantile bins, and
    `counts`, one more for what lies above; strings and booleans have `values` with `counts` and `other`.
    Columns with `unique` are identifiers and have no distribution.

    Args:
        frame: The raw table.
        contract: Its columns and their types.
    """
    import polars as pl

    typed = cast(frame, contract)
    columns = {
        name: _numeric(typed, name) if _is_numeric(column) else _categorical(typed, name)
        for name, column in contract.columns.items()
        if not column.unique
    }
    rows = int(frame.select(pl.len()).collect(engine="streaming").item())
    return {"version": VERSION, "rows": rows, "columns": columns}


def compare(frame: pl.LazyFrame, contract: Contract, baseline: dict[str, Any]) -> tuple[ColumnShift, ...]:
    """How far each column moved from the baseline.

    `contract.distribution` gives method and threshold, per column where it names one. Categorical columns
    are always measured by PSI. Datetimes are compared only where the config names them: time moves on.
    Columns that the baseline does not know, or knows as another kind, are left out.

    PSI counts nulls and unseen categories as bins of their own; KS looks at the values that are there.

    Args:
        frame: The raw table.
        contract: Its columns, their types and `distribution`.
        baseline: What `profile` gave for the accepted data.

    Raises:
        InputError: `contract.distribution.columns` names a column that the contract lacks or that is
            unique, or asks for KS on a categorical one.
    """
    _require_columns(contract)
    typed = cast(frame, contract)
    shifts = []
    for name, column in contract.columns.items():
        known = baseline["columns"].get(name)
        asked = _asked(contract, name)
        if asked is None or known is None or (known["kind"] == "numeric") != _is_numeric(column):
            continue
        value = (
            _numeric_shift(typed, name, known, asked.method)
            if _is_numeric(column)
            else _categorical_shift(typed, name, known)
        )
        shifts.append(ColumnShift(name, asked.method, value, asked.max, value <= asked.max))
    return tuple(shifts)


def _is_numeric(column: Column) -> bool:
    return column.type in ("integer", "number", "datetime")


def _require_columns(contract: Contract) -> None:
    for name, asked in contract.distribution.columns.items():
        key = f"contract.distribution.columns.{name}"
        if name not in contract.columns:
            raise InputError(f"{key}: no such column in the contract; name one of {', '.join(contract.columns)}")
        if contract.columns[name].unique:
            raise InputError(f"{key}: {name} is unique, an identifier without a distribution; remove this key")
        if asked.method == "ks" and not _is_numeric(contract.columns[name]):
            raise InputError(f"{key}.method: ks needs an order, and {name} is {contract.columns[name].type}; use psi")


def _asked(contract: Contract, name: str) -> ColumnDistribution | None:
    """What the config asks of a column; None: nothing."""
    config, column = contract.distribution, contract.columns[name]
    if name in config.columns:
        return config.columns[name]
    if column.type == "datetime":
        return None
    if config.method == "ks" and not _is_numeric(column):
        return ColumnDistribution()
    return ColumnDistribution(method=config.method, max=config.max)


def _numbers(typed: pl.LazyFrame, name: str) -> tuple[np.ndarray, int]:
    """A column's values as float64, sorted and without nulls, and the number of nulls."""
    import polars as pl

    column = pl.col(name)
    if isinstance(typed.collect_schema()[name], pl.Datetime):
        column = column.dt.timestamp("us") / 1e6
    series = typed.select(column.cast(pl.Float64)).collect(engine="streaming")[name]
    return np.sort(series.drop_nulls().to_numpy()), series.null_count()


def _counts(ordered: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many sorted values lie in each bin up to an edge, and above the last edge."""
    return np.diff(np.searchsorted(ordered, edges, side="right"), prepend=0, append=len(ordered))


def _numeric(typed: pl.LazyFrame, name: str) -> dict[str, Any]:
    ordered, nulls = _numbers(typed, name)
    edges = ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered
    if len(edges) > BINS:
        # The values at the quantiles themselves, so that an edge is a value of the data.
        places = np.ceil(np.arange(1, BINS + 1) / BINS * len(ordered)).astype(np.int64) - 1
        edges = np.unique(ordered[places])
    counts = _counts(ordered, edges)
    return {"kind": "numeric", "nulls": nulls, "edges": edges.tolist(), "counts": counts.tolist()}


def _numeric_shift(typed: pl.LazyFrame, name: str, known: dict[str, Any], method: str) -> float:
    ordered, nulls = _numbers(typed, name)
    before = np.asarray(known["counts"], np.int64)
    now = _counts(ordered, np.asarray(known["edges"], np.float64))
    if method == "ks":
        return ks(before, now)
    starts = _psi_starts(before)
    return psi(
        [*np.add.reduceat(before, starts), known["nulls"]],
        [*np.add.reduceat(now, starts), nulls],
    )


def _psi_starts(counts: np.ndarray) -> np.ndarray:
    """Where the baseline's tenths begin among its bins; what lies above all edges is in the last."""
    if not counts.sum():
        return np.array([0])
    shares = np.cumsum(counts) / counts.sum()
    cuts = np.searchsorted(shares, np.arange(1, PSI_BINS) / PSI_BINS - 1e-9) + 1
    return np.unique(np.r_[0, cuts])


def _categorical(typed: pl.LazyFrame, name: str) -> dict[str, Any]:
    import polars as pl

    counted = typed.group_by(pl.col(name).cast(pl.String)).len().collect(engine="streaming")
    nulls = counted.filter(pl.col(name).is_null())["len"].sum()
    present = counted.drop_nulls(name)
    kept = present.filter(pl.col("len") >= MIN_ROWS).sort(["len", name], descending=[True, False]).head(CATEGORIES)
    return {
        "kind": "categorical",
        "nulls": int(nulls),
        "values": kept[name].to_list(),
        "counts": kept["len"].to_list(),
        "other": int(present["len"].sum()) - int(kept["len"].sum()),
    }


def _categorical_shift(typed: pl.LazyFrame, name: str, known: dict[str, Any]) -> float:
    import polars as pl

    text = pl.col(name).cast(pl.String)
    place = text.replace_strict(
        pl.Series(known["values"], dtype=pl.String),
        pl.Series(range(len(known["values"])), dtype=pl.Int64),
        default=len(known["values"]),
    )
    slot = pl.when(text.is_null()).then(len(known["values"]) + 1).otherwise(place).alias("slot")
    counted = typed.select(slot).group_by("slot").len().collect(engine="streaming")
    now = np.zeros(len(known["values"]) + 2, np.int64)
    now[counted["slot"].to_numpy()] = counted["len"].to_numpy()
    return psi([*known["counts"], known["other"], known["nulls"]], now)
