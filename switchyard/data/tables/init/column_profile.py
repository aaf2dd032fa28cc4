"""What the columns of an unknown table look like: measured in three streaming passes for `init`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from switchyard.config.sections import ColumnType, Data, Scalar
from switchyard.data.casting import cast_expression
from switchyard.data.formats.reading import scan
from switchyard.data.places.files import Format

if TYPE_CHECKING:
    import polars as pl

LISTED = 50
"""A column with more distinct values than this is not listed value by value."""
_MISSING_ANYWHERE = ("NA", "N/A", "#N/A", "n/a", "null", "NULL", "NaN", "nan")
_MISSING_AMONG_NUMBERS = ("None", "none", "?", "-", ".", "missing", "unknown")
_ODD_DATE = r"^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|^[A-Za-z]{3,9} \d{1,2},? \d{4}"


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds.

    Attributes:
        name: The column.
        type: What its values are; None if no type of the contract can hold them.
        rows: Of the table.
        nulls: Rows without a value.
        distinct: Different values, the missing one not counted.
        low: The smallest number, for integers and numbers.
        high: The largest.
        counts: Rows of each value in the order of the values, if there are at most `LISTED`.
        odd_dates: Whether it is text that looks like dates which are not ISO 8601.
    """

    name: str
    type: ColumnType | None
    rows: int
    nulls: int
    distinct: int
    low: float | None = None
    high: float | None = None
    counts: dict[Scalar, int] = field(default_factory=dict)
    odd_dates: bool = False

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value of its own."""
        return self.nulls == 0 and self.distinct == self.rows

    @property
    def is_whole(self) -> bool:
        """Whether all values are whole numbers, whatever their type."""
        whole = all(isinstance(value, bool | int) or float(value).is_integer() for value in self.counts)
        return self.type == "integer" or (self.type == "number" and bool(self.counts) and whole)


def find_nulls(paths: Sequence[str], kind: Format, data: Data, columns: Sequence[str]) -> tuple[str, ...]:
    """Which texts of a CSV mean that a value is missing.

    `NA` and its like always do; `?` or `none` only in a column whose other values are all numbers.
    """
    import polars as pl

    if kind == "parquet":
        return ("",)
    frame = scan(paths, kind, data.model_copy(update={"nulls": ("",)}), columns)
    marks = (*_MISSING_ANYWHERE, *_MISSING_AMONG_NUMBERS)
    found = frame.select(
        *(
            pl.col(name).filter(pl.col(name).is_in(marks)).unique().implode().alias(f"marks:{place}")
            for place, name in enumerate(columns)
        ),
        *(
            (
                pl.col(name).is_not_null()
                & ~pl.col(name).is_in(marks)
                & pl.col(name).str.strip_chars().cast(pl.Float64, strict=False).is_null()
            )
            .any()
            .alias(f"words:{place}")
            for place, name in enumerate(columns)
        ),
        *((~pl.col(name).is_in(marks)).any().alias(f"others:{place}") for place, name in enumerate(columns)),
    ).collect(engine="streaming")
    facts = found.row(0, named=True)
    taken = set()
    for place in range(len(columns)):
        is_numeric = not facts[f"words:{place}"] and facts[f"others:{place}"]
        taken |= {mark for mark in facts[f"marks:{place}"] if mark in _MISSING_ANYWHERE or is_numeric}
    return ("", *(mark for mark in marks if mark in taken))


def profile(frame: pl.LazyFrame) -> tuple[list[ColumnProfile], int]:
    """The profile of each column, and how many rows repeat another one.

    Args:
        frame: The table, its nulls read as nulls.
    """
    import polars as pl

    schema = frame.collect_schema()
    expressions: list[pl.Expr] = [pl.len().alias("rows")]
    for place, (name, dtype) in enumerate(schema.items()):
        expressions += [expression.alias(f"{key}:{place}") for key, expression in _facts(name, dtype).items()]
    usable = [name for name, dtype in schema.items() if not _is_unusable(dtype)]
    expressions.append(pl.struct(usable).hash().n_unique().alias("kinds"))
    facts = frame.select(expressions).collect(engine="streaming").row(0, named=True)
    profiles = [_profiled(name, dtype, place, facts) for place, (name, dtype) in enumerate(schema.items())]
    return _with_counts(frame, profiles), int(facts["rows"] - facts["kinds"])


def _is_unusable(dtype: pl.DataType) -> bool:
    import polars as pl

    return dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Time, pl.Duration)


def _facts(name: str, dtype: pl.DataType) -> dict[str, pl.Expr]:
    import polars as pl

    if _is_unusable(dtype):
        return {"nulls": pl.col(name).null_count()}
    number = cast_expression(name, dtype, "number")
    facts = {
        "nulls": pl.col(name).null_count(),
        "distinct": pl.col(name).drop_nulls().hash().n_unique(),
        "low": number.value.min(),
        "high": number.value.max(),
    }
    if dtype.is_float():
        facts["nulls"] = number.is_missing.sum()
        facts["distinct"] = pl.col(name).fill_nan(None).drop_nulls().n_unique()
    if _is_text(dtype):
        facts |= _text_facts(name, dtype)
    return facts


def _is_text(dtype: pl.DataType) -> bool:
    import polars as pl

    return dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum))


def _text_facts(name: str, dtype: pl.DataType) -> dict[str, pl.Expr]:
    """For each type, whether some text cannot be read as it; and what speaks against numbers."""
    import polars as pl

    text = pl.col(name).cast(pl.String).str.strip_chars()
    wanted: tuple[ColumnType, ...] = ("integer", "number", "datetime")
    casts = {kind: cast_expression(name, dtype, kind) for kind in wanted}
    facts = {f"not_{kind}": (cast.value.is_null() & ~cast.is_missing).any() for kind, cast in casts.items()}
    return facts | {
        "not_boolean": (~text.str.to_lowercase().is_in(("true", "false"))).any(),
        "point": text.str.contains(r"[.eE]").any(),
        "zero": text.str.contains(r"^[+-]?0\d").any(),
        "odd_date": text.str.contains(_ODD_DATE).all(),
    }


def _profiled(name: str, dtype: pl.DataType, place: int, facts: dict[str, Any]) -> ColumnProfile:
    mine = {key.partition(":")[0]: value for key, value in facts.items() if key.endswith(f":{place}")}
    nulls = int(mine["nulls"])
    if _is_unusable(dtype):
        return ColumnProfile(name, None, facts["rows"], nulls, 0)
    kind = _type(dtype, mine, facts["rows"] == nulls)
    is_number = kind in ("integer", "number")
    return ColumnProfile(
        name,
        kind,
        facts["rows"],
        nulls,
        int(mine["distinct"]),
        mine["low"] if is_number else None,
        mine["high"] if is_number else None,
        odd_dates=kind == "string" and nulls < facts["rows"] and bool(mine.get("odd_date")),
    )


def _type(dtype: pl.DataType, facts: dict[str, Any], is_empty: bool) -> ColumnType | None:
    import polars as pl

    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    if dtype.is_temporal():
        return "datetime"
    return _text_type(facts, is_empty)


def _text_type(facts: dict[str, Any], is_empty: bool) -> ColumnType:
    """What text means; `007` stays text, since a number would lose its zeros."""
    if is_empty:
        return "string"
    if not facts["not_boolean"]:
        return "boolean"
    if not facts["zero"]:
        if not facts["not_integer"] and not facts["point"]:
            return "integer"
        if not facts["not_number"]:
            return "number"
    return "string" if facts["not_datetime"] else "datetime"


def _with_counts(frame: pl.LazyFrame, profiles: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """The profiles with the rows of each value, where the values are few."""
    few = [one for one in profiles if 0 < one.distinct <= LISTED and one.type not in (None, "datetime")]
    if not few:
        return list(profiles)
    schema = frame.collect_schema()
    found = frame.select(
        cast_expression(one.name, schema[one.name], _known(one.type))
        .value.drop_nulls()
        .value_counts()
        .implode()
        .alias(str(place))
        for place, one in enumerate(few)
    ).collect(engine="streaming")
    counts = {}
    for place, one in enumerate(few):
        pairs = (tuple(pair.values()) for pair in found[str(place)][0].to_list())
        counts[one.name] = dict(sorted(pairs))
    return [_replace_counts(one, counts.get(one.name, {})) for one in profiles]


def _known(kind: ColumnType | None) -> ColumnType:
    assert kind is not None
    return kind


def _replace_counts(one: ColumnProfile, counts: dict[Scalar, int]) -> ColumnProfile:
    from dataclasses import replace

    return replace(one, counts=counts) if counts else one
