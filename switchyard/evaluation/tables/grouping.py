"""Test rows grouped by the values of a raw column: what slices and fairness are measured by.

Text and booleans are grouped by value, numbers by the quartiles of the training rows (`q1` to `q4`, names that a gate
can rely on) or by the config's own cuts (`bin1`, `bin2`, …). A missing value is a group of its own, as is an empty
text, which models take for missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.sections import Column, Contract, Features
from switchyard.statistics.metrics import Integers

if TYPE_CHECKING:
    import polars as pl

MISSING = "missing"
MOST = 20
"""Of more groups than this only the largest are told."""

_QUARTILES = ("q1", "q2", "q3", "q4")


@dataclass(frozen=True)
class Grouping:
    """Which group each row is in.

    Attributes:
        names: Of the groups, in the order in which they are told.
        codes: Each row's position in `names`, or -1: in none of them; shape (rows,).
        ranges: What a group of a numeric column spans, by name.
        note: What was left out, if anything.
    """

    names: tuple[str, ...]
    codes: Integers
    ranges: Mapping[str, str]
    note: str = ""

    def __iter__(self) -> Iterator[tuple[str, Integers]]:
        """Each group that has rows, and their positions, rising."""
        order = np.argsort(self.codes.astype(np.int16), kind="stable")
        ends = np.cumsum(np.bincount(self.codes + 1, minlength=len(self.names) + 1))
        for code, name in enumerate(self.names):
            if ends[code] < ends[code + 1]:
                yield name, order[ends[code] : ends[code + 1]]


def group_rows(
    frame: pl.DataFrame,
    train: pl.LazyFrame,
    names: Iterable[str],
    contract: Contract,
    features: Features,
    bins: Mapping[str, Sequence[float]],
) -> dict[str, Grouping]:
    """The groups of the test rows by each of these columns.

    Args:
        frame: The test rows with these columns.
        train: The training rows, for the quartiles of numeric columns.
        names: Columns of the contract.
        contract: For their types and the order of their values.
        features: For numbers that the model sees as categories.
        bins: The config's own cuts of numeric columns.
    """
    wanted = list(dict.fromkeys(names))
    numeric = {name for name in wanted if is_numeric(name, contract, features, bins)}
    cuts = quartiles(train, [name for name in wanted if name in numeric and name not in bins])
    return {
        name: by_bins(frame[name], bins[name])
        if name in bins
        else by_quartile(frame[name], cuts[name])
        if name in numeric
        else by_value(frame[name], contract.columns[name].allowed)
        for name in wanted
    }


def is_numeric(name: str, contract: Contract, features: Features, bins: Mapping[str, Sequence[float]]) -> bool:
    """Whether a column is cut into ranges; numbers that the model sees as categories are not, unless cuts are given."""
    if name in bins:
        return True
    return contract.columns[name].type in ("integer", "number") and name not in (features.categorical or ())


def quartiles(train: pl.LazyFrame, names: Iterable[str]) -> dict[str, tuple[float, ...]]:
    """The three quartiles of each of these columns among the training rows, in one pass; none if all is missing."""
    import polars as pl

    columns = list(names)
    if not columns:
        return {}
    known = [pl.col(name).cast(pl.Float64).fill_nan(None) for name in columns]
    found = train.select(
        [
            each.quantile(level / 4, interpolation="linear").alias(f"{level} {i}")
            for i, each in enumerate(known)
            for level in (1, 2, 3)
        ]
    ).collect()
    cuts = {name: [found[f"{level} {i}"][0] for level in (1, 2, 3)] for i, name in enumerate(columns)}
    return {name: () if None in values else tuple(values) for name, values in cuts.items()}


def by_quartile(column: pl.Series, cuts: Sequence[float]) -> Grouping:
    """Numbers cut at quartiles; a number that is a quartile is in the lower group.

    Args:
        column: Of numbers.
        cuts: From `quartiles`. Some are equal where many rows are: the groups between them are then empty.
    """
    texts = [_number(cut) for cut in cuts]
    spans = [f"up to {texts[0]}", *(f"over {a} to {b}" for a, b in pairwise(texts))] if cuts else []
    last = f"over {texts[-1]}" if cuts else "any"
    return _cut(column, cuts, "left", _QUARTILES[: len(cuts) + 1], (*spans, last))


def by_bins(column: pl.Series, cuts: Sequence[float]) -> Grouping:
    """Numbers cut where the config says; a number that is a cut is in the upper group, as in "18 and over"."""
    texts = [_number(cut) for cut in cuts]
    spans = [f"below {texts[0]}", *(f"{a} to below {b}" for a, b in pairwise(texts))]
    return _cut(column, cuts, "right", _bin_names(cuts), (*spans, f"{texts[-1]} and over"))


def by_value(column: pl.Series, allowed: Sequence[object] | None = None) -> Grouping:
    """Each value a group, the `MOST` largest of them; a column of which hardly two rows are alike has none.

    Args:
        column: Of text, booleans or numbers.
        allowed: The contract's values, for their order.
    """
    import polars as pl

    texts = column.cast(pl.String).fill_null("").replace("", MISSING)
    counts = dict(texts.value_counts().sort(["count", texts.name], descending=[True, False]).iter_rows())
    missing, total = counts.pop(MISSING, 0), len(counts)
    if total > MOST and total * 2 > len(texts) - missing:
        note = f"{column.name} has {total:,} values in {len(texts):,} rows, too many for groups"
        return Grouping((), np.full(len(texts), -1), {}, note)
    largest = list(counts)[:MOST]
    order = {str(value).lower() if isinstance(value, bool) else str(value): i for i, value in enumerate(allowed or ())}
    names = (*sorted(largest, key=lambda name: (order.get(name, len(order)), name)), *([MISSING] if missing else []))
    left_out = sum(counts.values()) - sum(counts[name] for name in largest)
    note = f"{column.name} has {total:,} values: the {MOST} largest are told, {left_out:,} rows are in none of them"
    codes = texts.replace_strict(list(names), range(len(names)), default=-1, return_dtype=pl.Int64).to_numpy()
    return Grouping(names, codes, {}, note if total > MOST else "")


def crossed(one: Grouping, other: Grouping, title: str) -> Grouping:
    """Each pair of groups a group, the `MOST` largest of them, called `female*1st`.

    Args:
        one: The first column's groups.
        other: The second column's, of the same rows.
        title: What the pair is called in a note.
    """
    width = max(1, len(other.names))
    both = np.where((one.codes < 0) | (other.codes < 0), -1, one.codes * width + other.codes)
    counts = np.bincount(both[both >= 0], minlength=len(one.names) * width)
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST])
    kept = kept[counts[kept] > 0]
    table = np.full(len(counts) + 1, -1)
    table[kept] = np.arange(len(kept))
    names = tuple(f"{one.names[cell // width]}*{other.names[cell % width]}" for cell in kept)
    spans = (
        (name, _span(one, cell // width), _span(other, cell % width)) for name, cell in zip(names, kept, strict=True)
    )
    ranges = {name: f"{a}, {b}" for name, a, b in spans if one.ranges or other.ranges}
    total, left_out = int((counts > 0).sum()), int(counts.sum() - counts[kept].sum())
    note = f"{title} has {total:,} pairs of values: the {MOST} largest are told, {left_out:,} rows are in none of them"
    return Grouping(names, table[both], ranges, note if total > MOST else "")


def known_names(
    name: str, contract: Contract, features: Features, bins: Mapping[str, Sequence[float]]
) -> tuple[str, ...] | None:
    """The groups that a column can have, as far as the config tells; None if only the data can."""
    column = contract.columns[name]
    missing = (MISSING,) if column.nullable else ()
    if is_numeric(name, contract, features, bins):
        return (*(_bin_names(bins[name]) if name in bins else _QUARTILES), *missing)
    if column.type == "boolean":
        return ("false", "true", *missing)
    values = _allowed(column)
    # An empty text is in the contract like any other, but its group is "missing".
    return None if values is None else tuple(dict.fromkeys((*(value or MISSING for value in values), *missing)))


def _allowed(column: Column) -> tuple[str, ...] | None:
    if column.allowed is None:
        return None
    return tuple(str(value) for value in column.allowed)


def _bin_names(cuts: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"bin{number}" for number in range(1, len(cuts) + 2))


def _cut(column: pl.Series, cuts: Sequence[float], side: str, names: Sequence[str], spans: Sequence[str]) -> Grouping:
    import polars as pl

    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    missing = np.isnan(values)
    codes = np.searchsorted(np.asarray(cuts, float), values, side="left" if side == "left" else "right")
    codes[missing] = len(names)
    every = (*names, *([MISSING] if missing.any() else []))
    return Grouping(every, codes, dict(zip(names, spans, strict=True)))


def _span(grouping: Grouping, code: int) -> str:
    """What the group spans, or its name."""
    name = grouping.names[code]
    return grouping.ranges.get(name, name)


def _number(value: float) -> str:
    return f"{int(value):,}" if abs(value) < 1e15 and value == int(value) else f"{value:.6g}"
