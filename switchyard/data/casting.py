"""How a raw column becomes the type that its contract names, as lazy Polars expressions.

`contract.check` counts what cannot be cast with the very expressions that `contract.cast` casts with,
so what passes the contract is what is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import ColumnType, Contract

TRUE = ("true", "yes", "1", "1.0")
FALSE = ("false", "no", "0", "0.0")
DATETIMES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
ZONED = "%Y-%m-%d %H:%M:%S%.f%#z"


@dataclass(frozen=True)
class Cast:
    """A column on its way to the contract's type.

    Attributes:
        value: The typed value; null where it is missing or cannot be cast.
        missing: True where the source has no value (null, or NaN), false elsewhere.
            None if nothing but null can make `value` null, so that counting is cheaper.
    """

    value: pl.Expr
    missing: pl.Expr | None = None

    @property
    def is_missing(self) -> pl.Expr:
        """True where the source has no value."""
        return self.value.is_null() if self.missing is None else self.missing


def cast_expression(name: str, source: pl.DataType, wanted: ColumnType) -> Cast:
    """How to read the column `name` of type `source` as the contract's type.

    Strings are trimmed; integers may be written `3.0`, booleans true/false, yes/no or 1/0 in any case,
    datetimes in ISO 8601 (a zone is converted to UTC and dropped). NaN is null, infinity is no number.
    """
    import polars as pl

    column = pl.col(name)
    if isinstance(source, (pl.Categorical, pl.Enum)):
        column, source = column.cast(pl.String), pl.String()
    if source == pl.Null:
        return Cast(column.cast(_polars_type(wanted)))
    if source.is_decimal():
        column, source = column.cast(pl.Float64), pl.Float64()
    makers = {"string": _string, "integer": _integer, "number": _number, "boolean": _boolean, "datetime": _datetime}
    return makers[wanted](column, source)


def _polars_type(wanted: ColumnType) -> pl.DataType:
    import polars as pl

    return {
        "string": pl.String(),
        "integer": pl.Int64(),
        "number": pl.Float64(),
        "boolean": pl.Boolean(),
        "datetime": pl.Datetime("us"),
    }[wanted]


def _impossible(column: pl.Expr, wanted: ColumnType) -> Cast:
    import polars as pl

    return Cast(pl.when(False).then(pl.lit(None, dtype=_polars_type(wanted))).otherwise(None), column.is_null())


def _string(column: pl.Expr, source: pl.DataType) -> Cast:
    import polars as pl

    if source.is_nested() or source in (pl.Object, pl.Binary):
        return _impossible(column, "string")
    if source.is_float():
        return Cast(column.fill_nan(None).cast(pl.String))
    return Cast(column if source == pl.String else column.cast(pl.String))


def _integer(column: pl.Expr, source: pl.DataType) -> Cast:
    import polars as pl

    if source == pl.String:
        text = column.str.strip_chars()
        number = text.cast(pl.Float64, strict=False)
        # Int64 first: a float holds whole numbers only up to 2^53.
        return Cast(text.cast(pl.Int64, strict=False).fill_null(_whole(number)), _missing_number(column, number))
    if source.is_float():
        return Cast(_whole(column.cast(pl.Float64)), _missing_number(column, column))
    if source.is_integer():
        missing = column.is_null() if source in (pl.UInt64, pl.Int128, pl.UInt128) else None
        return Cast(column.cast(pl.Int64, strict=False), missing)
    return Cast(column.cast(pl.Int64)) if source == pl.Boolean else _impossible(column, "integer")


def _number(column: pl.Expr, source: pl.DataType) -> Cast:
    import polars as pl

    if source.is_integer() or source == pl.Boolean:
        return Cast(column.cast(pl.Float64))
    if source == pl.String:
        number = column.str.strip_chars().cast(pl.Float64, strict=False)
    elif source.is_float():
        number = column.cast(pl.Float64)
    else:
        return _impossible(column, "number")
    return Cast(pl.when(number.is_finite()).then(number), _missing_number(column, number))


def _boolean(column: pl.Expr, source: pl.DataType) -> Cast:
    import polars as pl

    if source == pl.Boolean:
        return Cast(column)
    if source == pl.String:
        text = column.str.strip_chars().str.to_lowercase()
        is_true, is_false = text.is_in(TRUE), text.is_in(FALSE)
    elif source.is_numeric():
        is_true, is_false = column == 1, column == 0
    else:
        return _impossible(column, "boolean")
    missing = _missing_number(column, column) if source.is_float() else column.is_null()
    return Cast(pl.when(is_true).then(True).when(is_false).then(False), missing)


def _datetime(column: pl.Expr, source: pl.DataType) -> Cast:
    import polars as pl

    if source == pl.String:
        text = column.str.strip_chars().str.replace("T", " ", literal=True).str.replace("Z$", "+00:00")
        readings = [text.str.to_datetime(form, strict=False, time_unit="us") for form in DATETIMES]
        zoned = text.str.to_datetime(ZONED, strict=False, time_unit="us", time_zone="UTC").dt.replace_time_zone(None)
        return Cast(pl.coalesce(*readings, zoned), column.is_null())
    if isinstance(source, pl.Datetime):
        utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if source.time_zone else column
        return Cast(utc.cast(pl.Datetime("us")))
    return Cast(column.cast(pl.Datetime("us"))) if source == pl.Date else _impossible(column, "datetime")


def _whole(number: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False)


def _missing_number(column: pl.Expr, number: pl.Expr) -> pl.Expr:
    return column.is_null() | number.is_nan().fill_null(False)


def cast(frame: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """The columns of the contract, in its order and with its types.

    string → String, integer → Int64, number → Float64, boolean → Boolean, datetime → Datetime in
    microseconds without a zone. What `check` counts as unreadable becomes null.
    """
    schema = frame.collect_schema()
    return frame.select(
        cast_expression(name, schema[name], column.type).value.alias(name) for name, column in contract.columns.items()
    )
