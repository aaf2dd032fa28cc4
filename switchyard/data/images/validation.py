"""The verdict on ingested images: their contract, and how far they have moved since they were last accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchyard.config.images import IMAGE_COLUMNS, ImageContract
from switchyard.config.sections import Column, Contract
from switchyard.data.distribution import ColumnShift
from switchyard.data.images.contract import check
from switchyard.data.validation import Outcome, concluded

if TYPE_CHECKING:
    import polars as pl

_TYPES = {"label": "string", "format": "string", "mode": "string", "width": "integer", "height": "integer"}


def validate(
    images: pl.LazyFrame,
    unreadable: pl.LazyFrame,
    contract: ImageContract,
    *,
    source: str,
    baseline: dict[str, Any] | None,
) -> Outcome:
    """Checks the contract, then the distributions against the baseline, if there is one.

    What is compared are the shares of classes, formats and modes, and the distributions of width, height,
    brightness, contrast and the means of the colours, by the measures that tables have.

    Args:
        images: The ingested table.
        unreadable: Path and reason of each file that is not in it.
        contract: The rules.
        source: What the data is called in sentences.
        baseline: The `profile` of the data that was last accepted.
    """
    checked = check(images, unreadable, contract, source)
    table = images.select(IMAGE_COLUMNS)
    return concluded(checked, table, _measured(contract), baseline, lambda moved: _moved(source, moved))


def _measured(contract: ImageContract) -> Contract:
    """The columns that ingest measured, as the contract of a table."""
    columns = {
        name: Column.model_validate({"type": _TYPES.get(name, "number"), "nullable": True}) for name in IMAGE_COLUMNS
    }
    return Contract(columns=columns, distribution=contract.distribution)


def _moved(source: str, moved: list[ColumnShift]) -> str:
    sentences = "; ".join(shift.sentence().removeprefix("column ") for shift in moved)
    return (
        f"{source}: {sentences}, against the last accepted images; nothing was trained "
        f"(if this is how they are now, raise contract.distribution.columns.{moved[0].column}.max)"
    )
