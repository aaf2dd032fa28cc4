"""The rules of a contract's columns, each as the expression that is true where a row breaks it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config import Column, Scalar
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
    """All rules that the config gives for one column, checked for sense.

    Args:
        name: The column's name.
        column: Its part of the contract.
        cast: How it is read, which tells whether it can fail to have its type.
        value: The typed value in the frame that the rules run on.
        missing: True there where the source has no value.

    Raises:
        InputError: A rule does not fit the column's type; the sentence names the key.
    """
    rules = []
    if cast.missing is not None:
        rules.append(Rule(name, "type", column.type, value.is_null() & ~missing))
    if not column.nullable:
        rules.append(Rule(name, "nullable", False, missing))
    if column.min is not None:
        rules.append(Rule(name, "min", column.min, value < _bound(name, "min", column, column.min)))
    if column.max is not None:
        rules.append(Rule(name, "max", column.max, value > _bound(name, "max", column, column.max)))
    if column.allowed is not None:
        rules.append(Rule(name, "allowed", list(column.allowed), ~value.is_in(_allowed(name, column))))
    if column.pattern is not None:
        rules.append(Rule(name, "pattern", column.pattern, ~value.str.contains(_pattern(name, column))))
    if column.unique:
        rules.append(Rule(name, "unique", True, None))
    return rules


def _key(name: str, rule: str) -> str:
    return f"contract.columns.{name}.{rule}"


def _bound(name: str, rule: str, column: Column, bound: float) -> int | float:
    if column.type not in ("integer", "number"):
        raise InputError(
            f"{_key(name, rule)}: {rule} is not meaningful for a {column.type} column; remove it, "
            f"or give the column the type integer or number"
        )
    # An integer bound keeps the comparison in integers, which is exact and cheaper.
    return int(bound) if column.type == "integer" and bound.is_integer() and abs(bound) < 2**63 else bound


def _pattern(name: str, column: Column) -> str:
    import polars as pl

    if column.type != "string":
        raise InputError(
            f"{_key(name, 'pattern')}: a pattern is not meaningful for a {column.type} column; remove it, "
            f"or give the column the type string"
        )
    whole = rf"\A(?:{column.pattern})\z"
    try:
        pl.Series([""]).str.contains(whole)
    except pl.exceptions.ComputeError as error:
        reason = next((line.removeprefix("error: ") for line in str(error).splitlines() if "error: " in line), "")
        raise InputError(
            f"{_key(name, 'pattern')}: {column.pattern!r} is no valid regular expression"
            f"{f' ({reason})' if reason else ''}; write it in Rust's regex syntax, which has no look-around"
        ) from None
    return whole


def _allowed(name: str, column: Column) -> pl.Series:
    import polars as pl

    allowed = cast("tuple[Scalar, ...]", column.allowed)
    if not allowed:
        raise InputError(
            f"{_key(name, 'allowed')}: the list is empty, so no value could pass; name one, or remove the key"
        )
    values = [_scalar(name, column, value) for value in allowed]
    return pl.Series(values, dtype=pl.Datetime("us") if column.type == "datetime" else None)


def _scalar(name: str, column: Column, value: Scalar) -> Scalar | datetime.datetime:
    match column.type, value:
        case "string", bool():
            pass  # YAML reads a bare yes or no as a boolean: which of the two words was meant is lost.
        case "string", _:
            return str(value)
        case "boolean", bool():
            return value
        case "integer", int() if not isinstance(value, bool):
            return value
        case "number", int() | float() if not isinstance(value, bool):
            return float(value)
        case "datetime", str():
            try:
                return datetime.datetime.fromisoformat(value).replace(tzinfo=None)
            except ValueError:
                pass
    raise InputError(
        f"{_key(name, 'allowed')}: {value!r} is no {column.type}; write values of the column's type "
        f"(strings in quotes where YAML would read them as something else)"
    )
