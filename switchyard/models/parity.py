"""Whether the graph answers as the fitted model does: on every validation row, and on rows made to be difficult."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.errors import SwitchyardError
from switchyard.models.encoder import Encoder
from switchyard.models.features import Feature
from switchyard.models.fitted import Fitted
from switchyard.models.onnx_model import OnnxModel
from switchyard.models.target import Target

if TYPE_CHECKING:
    import polars as pl

TOLERANCE = 1e-5

TIE = float(np.finfo(np.float32).eps)
"""Two best probabilities no further apart than this are one number to float32; either label is then right."""

_SLICE_ROWS = 20_000
_PROBED_ROWS = 5


@dataclass(frozen=True)
class Parity:
    """How far the graph is from the fitted model.

    Attributes:
        max_difference: Of probabilities, absolute; of a regression, relative to the fitted value (or to a
            thousandth of the target's standard deviation, if that is more).
        labels_equal: Whether every label is the fitted one, ties aside. True for a regression.
        ties: Rows whose two best classes are equally probable to float32.
        rows: The rows compared, difficult ones included.
        worst_row: Where `max_difference` was found, counted from 0.
        wrong_row: The first row with another label, or None.
    """

    max_difference: float
    labels_equal: bool
    ties: int
    rows: int
    worst_row: int
    wrong_row: int | None

    def as_dict(self) -> dict[str, Any]:
        """For the card."""
        return {
            "max_difference": self.max_difference,
            "labels_equal": self.labels_equal,
            "ties": self.ties,
            "rows": self.rows,
            "tolerance": TOLERANCE,
        }


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


def check(parity: Parity, candidate: str) -> None:
    """Refuse a graph that is not the fitted model.

    Raises:
        SwitchyardError: The difference is over the tolerance, or a label is another one.
    """
    if not parity.max_difference <= TOLERANCE:
        raise SwitchyardError(
            f"candidate {candidate}: the ONNX graph differs from the fitted model by {parity.max_difference:.3g} "
            f"in row {parity.worst_row} of {parity.rows}, more than {TOLERANCE:g} allows, so it is not used"
        )
    if not parity.labels_equal:
        raise SwitchyardError(
            f"candidate {candidate}: the ONNX graph gives another label than the fitted model in row "
            f"{parity.wrong_row} of {parity.rows} (probabilities differ by {parity.max_difference:.3g} at most), "
            "so it is not used"
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
