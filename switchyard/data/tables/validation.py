"""Validates a table: the contract first, then the distributions against the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchyard.data.validation import Outcome, concluded

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import Contract
    from switchyard.data.distribution import ColumnShift


def validate(
    frame: pl.LazyFrame, contract: Contract, *, source: str, target: str, baseline: dict[str, Any] | None
) -> Outcome:
    """Checks the contract, then the distributions against the baseline, if there is one.

    Args:
        frame: The raw table.
        contract: The rules.
        source: What the data is called in sentences.
        target: The column to predict.
        baseline: The `profile` of the data that was last accepted.

    Raises:
        InputError: A rule makes no sense for its column, or the data cannot be trained on at all.
    """
    from switchyard.data.tables.contract.contract import check

    checked = check(frame, contract, target, source)
    return concluded(checked, frame, contract, baseline, lambda moved: _moved(source, moved))


def _moved(source: str, moved: list[ColumnShift]) -> str:
    sentences = "; ".join(shift.sentence() for shift in moved)
    return (
        f"{source}: {sentences}, against the last accepted data; nothing was trained "
        f"(if this is how the data is now, raise contract.distribution.columns.{moved[0].column}.max)"
    )
