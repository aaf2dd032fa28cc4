"""Whether the graph answers as the fitted model does: on every validation row, and on rows made to be difficult."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.features import Feature
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.tables.encoder import Encoder
from switchyard.training.tables.fitted import Fitted
from switchyard.training.tables.target import Target
from switchyard.training.trained import TIE, Parity

if TYPE_CHECKING:
    import polars as pl


_SLICE_ROWS = 20_000
_PROBED_ROWS = 5


def measure(fitted: Fitted, model: OnnxModel, rows: pl.DataFrame, target: Target) -> Parity:
    """Compare the fitted model, computing on the raw rows, with onnxruntime, computing on the same."""
    compare = _compare_values if target.task == "regression" else _compare_classes
    parts = [compare(fitted, model, part, target) for part in rows.iter_slices(_SLICE_ROWS)]
    differences, wrong, ties = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    worst = int(np.argmax(differences))  # NaN counts as the largest
    return Parity(
        max_difference=float(differences[worst]),
        labels_equal=not wrong.any(),
        ties=int(ties.sum()),
        rows=rows.height,
        worst_row=worst,
        wrong_row=int(np.argmax(wrong)) if wrong.any() else None,
    )


def difficult_rows(frame: pl.DataFrame, features: tuple[Feature, ...], encoder: Encoder) -> pl.DataFrame:
    """The rows of `frame`, followed by copies of its first few with values missing or never seen.

    Each feature is missing once, then all at once; each categorical one is unknown once, then all at once.
    """
    import polars as pl

    names = [feature.name for feature in features]
    typed = frame.select(pl.col(f.name).cast(pl.String if f.datatype == "BYTES" else pl.Float64) for f in features)
    head = typed.head(_PROBED_ROWS)
    unknown = {column.name: _unknown(column.categories) for column in encoder.categorical}
    missing = [head.with_columns(pl.lit(None, dtype=head[name].dtype).alias(name)) for name in names]
    strange = [head.with_columns(pl.lit(value).alias(name)) for name, value in unknown.items()]
    nothing = head.with_columns(pl.lit(None, dtype=head[name].dtype).alias(name) for name in names)
    all_strange = head.with_columns(pl.lit(value).alias(name) for name, value in unknown.items())
    return pl.concat([typed, *missing, *strange, nothing, all_strange])


def _unknown(categories: tuple[str, ...] | tuple[float, ...]) -> str | float:
    """A value that is none of them."""
    if categories and not isinstance(categories[0], str):
        return max(float(category) for category in categories) * 2 + 1.5
    return "unknown " + "".join(str(category) for category in categories)[:1000]


def _compare_classes(fitted: Fitted, model: OnnxModel, rows: pl.DataFrame, target: Target) -> tuple[np.ndarray, ...]:
    expected = fitted.probabilities(rows)
    answered = model.run(rows)
    differences = np.abs(answered["probabilities"].astype(float) - expected).max(axis=1)
    classes = np.array(target.classes, dtype=object)
    two_best = np.sort(expected, axis=1)[:, -2:]
    tie = two_best[:, 1] - two_best[:, 0] <= TIE
    wrong = (answered["label"] != classes[fitted.predict(rows)]) & ~tie
    return differences, wrong, tie


def _compare_values(fitted: Fitted, model: OnnxModel, rows: pl.DataFrame, target: Target) -> tuple[np.ndarray, ...]:
    expected = fitted.predict(rows)
    answered = model.run(rows)["prediction"][:, 0].astype(float)
    differences = np.abs(answered - expected) / np.maximum(np.abs(expected), 1e-3 * target.scale)
    never = np.zeros(len(expected), dtype=bool)
    return differences, never, never
