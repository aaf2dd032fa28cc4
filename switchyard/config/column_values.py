"""Checks of a contract's column that pydantic's constraints cannot express; `sections.Column` calls them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchyard.config.sections import Scalar


def check_value(value: Scalar, kind: str | None) -> None:
    """Checks that an allowed value is one of the column's type.

    Args:
        value: The value, as read from the config.
        kind: The column's type, or None if that is itself wrong.

    Raises:
        ValueError: It is not; the rest of a sentence about the key.
    """
    hint = {"string": "; put it in quotes", "datetime": " in ISO 8601, such as 2026-11-22 or 2026-11-22T08:30:00"}
    if kind is not None and not _fits(value, kind):
        article = "an" if kind == "integer" else "a"
        raise ValueError(f"has {json.dumps(value)}, which is not {article} {kind}{hint.get(kind, '')}")


def is_allowed(value: Scalar, allowed: Sequence[Scalar], kind: str) -> bool:
    """Whether a value is among those that the contract allows; `allowed: [1, 2]` of a string column means the texts."""
    return str(value) in map(str, allowed) if kind == "string" else value in allowed


def check_pattern(pattern: str) -> None:
    """Checks a regular expression with the engine that will match it: Polars, so Rust's syntax.

    Args:
        pattern: The regular expression.

    Raises:
        ValueError: It is not one; the rest of a sentence about the key.
    """
    import polars as pl

    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        lines = [line.removeprefix("error: ") for line in str(error).splitlines() if line.startswith("error: ")]
        reason = f": {lines[0]}" if lines else ""
        raise ValueError(
            f"is {pattern!r}, which is not a valid regular expression (Rust syntax, no look-around){reason}"
        ) from None


def _fits(value: Scalar, kind: str) -> bool:
    match kind:
        case "string":  # `allowed: [1, 2]` plainly means the texts; of true, nobody knows how the data writes it
            return not isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "datetime":
            return isinstance(value, str) and _is_iso_datetime(value)
    return isinstance(value, bool)


def _is_iso_datetime(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
