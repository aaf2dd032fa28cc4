"""Raw columns to one float64 matrix: what is fitted to the training rows before any learner.

Numbers are rounded to float32 first, because that is what the graph gets. Learners that need it
(linear models, the MLP) get imputed and standardised numbers; trees get them as they are, with NaN.
`graph_encoder.py` writes the same computation as ONNX nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.features import Feature
from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl

MAX_CATEGORIES = 100
"""Rarer categories than the 100 most frequent share one column with the unknown ones."""


@dataclass(frozen=True)
class NumericColumn:
    """What is known of a numeric column: `(value or fill - mean) / scale`, and maybe a missing indicator."""

    name: str
    fill: float
    mean: float
    scale: float
    indicator: bool


@dataclass(frozen=True)
class CategoricalColumn:
    """The categories of a column, in the order of its one-hot columns.

    Attributes:
        name: The raw column.
        categories: The values; float32 numbers if the column is FP32, else text ("" is missing).
        is_text: Whether the column is BYTES.
        missing: An FP32 column had NaN in training, which is then a category of its own, after the others.
        rest: Some categories were too rare; they and unknown ones light a last column. Without
            it an unknown category lights none.
    """

    name: str
    categories: tuple[str, ...] | tuple[float, ...]
    is_text: bool
    missing: bool
    rest: bool


@dataclass(frozen=True)
class Encoder:
    """The fitted preprocessing.

    Attributes:
        numeric: The numeric columns, first in the matrix.
        categorical: The categorical columns, one-hot, last in the matrix.
        standardise: Impute and standardise the numeric columns (and add missing indicators).
    """

    numeric: tuple[NumericColumn, ...]
    categorical: tuple[CategoricalColumn, ...]
    standardise: bool

    def transform(self, frame: pl.DataFrame) -> np.ndarray:
        """The matrix (rows, encoded columns) of a frame of raw columns."""
        blocks = [self._numeric_block(frame)] if self.numeric else []
        return np.concatenate([*blocks, *(_one_hot(frame, column) for column in self.categorical)], axis=1)

    def _numeric_block(self, frame: pl.DataFrame) -> np.ndarray:
        raw = np.stack([numbers(frame, column.name) for column in self.numeric], axis=1)
        if not self.standardise:
            return raw
        missing = np.isnan(raw)
        fill, mean, scale = (np.array([getattr(c, key) for c in self.numeric]) for key in ("fill", "mean", "scale"))
        scaled = (np.where(missing, fill, raw) - mean) / scale
        indicators = missing[:, [c.indicator for c in self.numeric]].astype(float)
        return np.concatenate([scaled, indicators], axis=1)


def fit_encoder(frame: pl.DataFrame, features: tuple[Feature, ...], standardise: bool) -> Encoder:
    """Learn medians, scales and categories from training rows."""
    return Encoder(
        tuple(_fit_numeric(frame, f.name) for f in features if f.kind == "numeric"),
        tuple(_fit_categorical(frame, f) for f in features if f.kind == "categorical"),
        standardise,
    )


def check_columns(frame: pl.DataFrame, features: tuple[Feature, ...]) -> None:
    """Refuse training columns that no model can learn from.

    Raises:
        InputError: A column is entirely missing, or holds a number that float32 cannot.
    """
    for feature in features:
        if frame[feature.name].null_count() == frame.height:
            raise InputError(
                f"column {feature.name!r} has no value in any of the {frame.height} training rows: "
                "name it under features.exclude, or repair the data"
            )
        if feature.datatype == "FP32" and np.isinf(numbers(frame, feature.name)).any():
            raise InputError(
                f"column {feature.name!r} holds a number beyond float32 (3.4e38), or infinity: "
                "repair the data, or name it under features.exclude"
            )


def numbers(frame: pl.DataFrame, name: str) -> np.ndarray:
    """A column as float64 values that float32 can hold; missing is NaN."""
    import polars as pl

    values = frame[name].cast(pl.Float32).fill_null(float("nan"))
    return values.cast(pl.Float64).to_numpy()


def _fit_numeric(frame: pl.DataFrame, name: str) -> NumericColumn:
    values = numbers(frame, name)
    missing = np.isnan(values)
    known = values[~missing]
    fill = float(np.median(known)) if known.size else 0.0
    filled = np.where(missing, fill, values)
    mean, spread = float(filled.mean()), float(filled.std())
    # float32 tells values apart to 6e-8 of their size: anything below is rounding in a constant column.
    scale = spread if spread > 1e-9 * abs(mean) else 1.0
    return NumericColumn(name, fill, mean, scale, bool(missing.any()))


def _fit_categorical(frame: pl.DataFrame, feature: Feature) -> CategoricalColumn:
    is_text = feature.datatype == "BYTES"
    values = _text(frame, feature.name).to_numpy() if is_text else numbers(frame, feature.name)
    missing = not is_text and bool(np.isnan(values).any())
    found, counts = np.unique(values if is_text else values[~np.isnan(values)], return_counts=True)
    frequent = np.sort(np.argsort(-counts, kind="stable")[:MAX_CATEGORIES])
    categories = tuple(found[frequent].tolist())
    return CategoricalColumn(feature.name, categories, is_text, missing, rest=len(found) > MAX_CATEGORIES)


def _text(frame: pl.DataFrame, name: str) -> pl.Series:
    import polars as pl

    return frame[name].cast(pl.String).fill_null("")


def _one_hot(frame: pl.DataFrame, column: CategoricalColumn) -> np.ndarray:
    import polars as pl

    if column.is_text:
        codes = _text(frame, column.name).replace_strict(
            list(column.categories), range(len(column.categories)), default=-1, return_dtype=pl.Int32
        )
        hot = codes.to_numpy()[:, None] == np.arange(len(column.categories))
    else:
        values = numbers(frame, column.name)
        hot = values[:, None] == np.array(column.categories)
        if column.missing:
            hot = np.concatenate([hot, np.isnan(values)[:, None]], axis=1)
    if column.rest:
        hot = np.concatenate([hot, ~hot.any(axis=1, keepdims=True)], axis=1)
    encoded: np.ndarray = hot.astype(np.float64)
    return encoded
