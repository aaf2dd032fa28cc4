"""One column of the contract while it is being checked: what to count, and what the counts mean."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchyard.data.casting import Cast, cast_expression
from switchyard.data.tables.contract.rules import Rule, column_rules

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import Column

ORDERED = ("integer", "number", "datetime")


@dataclass(frozen=True)
class CheckedColumn:
    """A column and its rules, over the frame that `prepared` makes.

    Attributes:
        name: The column's name in the source.
        index: Its place in the contract, which names its expressions: source names could collide.
        type: The contract's type.
        source: The source's type.
        cast: How it is read.
        rules: What must hold.
        extremes: Whether to measure the least and the greatest value.
    """

    name: str
    index: int
    type: str
    source: pl.DataType
    cast: Cast
    rules: list[Rule]
    extremes: bool

    @classmethod
    def of(cls, index: int, name: str, column: Column, source: pl.DataType, is_target: bool) -> CheckedColumn:
        """The column as the contract wants it; `is_target` adds that it may have no nulls and is not constant."""
        import polars as pl

        if is_target:
            column = column.model_copy(update={"nullable": False})
        cast = cast_expression(name, source, column.type)
        value = pl.col(f"value:{index}")
        missing = value.is_null() if cast.missing is None else pl.col(f"missing:{index}")
        rules = column_rules(name, column, cast, value, missing)
        return cls(name, index, column.type, source, cast, rules, is_target or column.type in ORDERED)

    def prepared(self) -> list[pl.Expr]:
        """The typed value, and where it is missing if that is more than null."""
        missing = [] if self.cast.missing is None else [self.cast.missing.alias(f"missing:{self.index}")]
        return [self.cast.value.alias(f"value:{self.index}"), *missing]

    def counts(self) -> list[pl.Expr]:
        """What the pass measures: one value a column, or one list of hashes."""
        import polars as pl

        value = pl.col(f"value:{self.index}")
        expressions = [value.null_count().alias(self._key("nulls"))]
        if self.cast.missing is not None:
            expressions.append(pl.col(f"missing:{self.index}").sum().alias(self._key("missing")))
        if self.extremes:
            expressions += [value.min().alias(self._key("lowest")), value.max().alias(self._key("highest"))]
        for rule in self.rules:
            if rule.name == "unique":
                expressions.append(
                    pl.when(value.is_not_null()).then(value.hash(0)).implode().alias(self._key("unique"))
                )
            elif rule.name not in ("type", "nullable") and rule.broken is not None:
                expressions.append(rule.broken.sum().alias(self._key(rule.name)))
        return expressions

    def stats(self, measured: dict[str, Any]) -> dict[str, Any]:
        """What is known of the column, JSON-able."""
        known = {"type": self.type, "source_type": str(self.source), "nulls": self.missing(measured)}
        if self.extremes:
            known["min"] = jsonable(measured[self._key("lowest")])
            known["max"] = jsonable(measured[self._key("highest")])
        return known

    def missing(self, measured: dict[str, Any]) -> int:
        """How many rows have no value."""
        return int(measured[self._key("nulls" if self.cast.missing is None else "missing")])

    def count(self, rule: Rule, measured: dict[str, Any]) -> int:
        """How many rows break a rule other than `unique`."""
        if rule.name == "nullable":
            return self.missing(measured)
        if rule.name == "type":
            return int(measured[self._key("nulls")]) - self.missing(measured)
        return int(measured[self._key(rule.name)])

    def hashes(self, measured: dict[str, Any]) -> pl.Series:
        """The hash of each row's value, for a `unique` column."""
        hashes: pl.Series = measured[self._key("unique")]
        return hashes

    def _key(self, what: str) -> str:
        return f"{self.index}:{what}"


def jsonable(value: object) -> str | int | float | bool | None:
    """A value of a table as JSON can hold it."""
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
