"""The rules of a contract's columns, each as the expression that is true where a row breaks it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import Column, Scalar
    from switchyard.data.casting import Cast


@dataclass(frozen=True)
class Rule:
    """One rule of one column.

    Attributes:
        column: The column's name.
        name: The rule's key in the config.
        asked: What the config asks for, JSON-able.
        broken: True in the rows that break it. None for `unique`, which no row can break alone.
    """

    column: str
    name: str
    asked: Any
    broken: pl.Expr | None


def column_rules(name: str, column: Column, cast: Cast, value: pl.Expr, missing: pl.Expr) -> list[Rule]:
    """All rules that the config gives for one column.

    A pattern has to match the whole value.

    Args:
        name: The column's name.
        column: Its part of the contract.
        cast: How it is read, which tells whether it can fail to have its type.
        value: The typed value in the frame that the rules run on.
        missing: True there where the source has no value.
    """
    rules = []
    if cast.missing is not None:
        rules.append(Rule(name, "type", column.type, value.is_null() & ~missing))
    if not column.nullable:
        rules.append(Rule(name, "nullable", False, missing))
    if column.min is not None:
        rules.append(Rule(name, "min", column.min, value < _bound(column, column.min)))
    if column.max is not None:
        rules.append(Rule(name, "max", column.max, value > _bound(column, column.max)))
    if column.allowed is not None:
        allowed = [_allowed(column, one) for one in column.allowed]
        rules.append(Rule(name, "allowed", list(column.allowed), ~value.is_in(allowed)))
    if column.pattern is not None:
        rules.append(Rule(name, "pattern", column.pattern, ~value.str.contains(rf"\A(?:{column.pattern})\z")))
    if column.unique:
        rules.append(Rule(name, "unique", True, None))
    return rules


def _bound(column: Column, bound: float) -> int | float:
    # An integer bound keeps the comparison in integers, which is exact and cheaper.
    return int(bound) if column.type == "integer" and bound.is_integer() and abs(bound) < 2**63 else bound


def _allowed(column: Column, value: Scalar) -> Scalar | datetime.datetime:
    """An allowed value as the column holds it; the config has seen to it that it fits the type."""
    match column.type:
        case "string":
            return str(value)
        case "number":
            return float(value)
        case "datetime":
            moment = datetime.datetime.fromisoformat(str(value))
            return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return value
