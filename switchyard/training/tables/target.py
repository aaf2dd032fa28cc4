"""The target column as what learners take: class numbers, or float64 values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.sections import Data, Scalar, Task
from switchyard.config.target import require_class, require_two_values
from switchyard.errors import InputError
from switchyard.statistics.labels import positive_position

if TYPE_CHECKING:
    import polars as pl

_SOURCE = "the training rows"


@dataclass(frozen=True)
class Target:
    """What is known of the target from the training rows.

    Attributes:
        name: The column.
        task: Classification or regression.
        classes: The sorted classes (text, integers or booleans); empty for regression. The graph's
            `label` is text for text, int64 for integers, and int64 0 or 1 for booleans.
        positive: The class that binary metrics are about; None unless there are two.
        scale: The standard deviation of a regression target.
    """

    name: str
    task: Task
    classes: tuple[Scalar, ...] = ()
    positive: Scalar | None = None
    scale: float = 1.0

    @property
    def positive_position(self) -> int | None:
        """Where the positive class stands in `classes`; None unless there are two."""
        return None if self.positive is None else self.classes.index(self.positive)

    def encode(self, frame: pl.DataFrame) -> np.ndarray:
        """The target of each row: its number in `classes`, or its value."""
        if self.task == "regression":
            return frame[self.name].to_numpy().astype(np.float64)
        number = {value: index for index, value in enumerate(self.classes)}
        return np.array([number[value] for value in frame[self.name].to_list()], dtype=np.int64)


def fit_target(frame: pl.DataFrame, data: Data, task: Task) -> Target:
    """Read the classes (or the scale) off the training rows.

    Raises:
        InputError: The target has missing values, is constant, or lacks `data.positive`.
    """
    column = frame[data.target]
    if column.null_count():
        raise InputError(
            f"target column {data.target!r} is missing in {column.null_count()} training rows: "
            "drop these rows, or set nullable: false in its contract to stop before training"
        )
    if not frame.height:
        raise InputError("there are no rows to train on: give more rows, or smaller shares of validation and test")
    require_two_values(_SOURCE, data.target, column.unique().head(2).to_list(), frame.height)
    if task == "regression":
        return Target(data.target, task, scale=_spread(column))
    classes = tuple(column.unique().sort().to_list())
    if not isinstance(classes[0], str | int):
        raise InputError(
            f"target column {data.target!r} holds {column.dtype} values, which are no classes: "
            "declare it as string, integer or boolean in the contract, or set task: regression"
        )
    if data.positive is not None:
        require_class(_SOURCE, data.target, data.positive, classes)
    position = positive_position(classes, data.positive)
    return Target(data.target, task, classes, None if position is None else classes[position])


def _spread(column: pl.Series) -> float:
    import polars as pl

    if not column.cast(pl.Float32, strict=False).is_finite().all():
        raise InputError(
            f"target column {column.name!r} holds a number beyond float32 (3.4e38), infinity or NaN: repair the data"
        )
    return float(column.to_numpy().astype(np.float64).std())
