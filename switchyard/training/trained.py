"""What training one candidate gives, and how far its ONNX file is from the fitted model (parity)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from switchyard.errors import SwitchyardError
from switchyard.model.onnx_model import OnnxModel

TOLERANCE = 1e-5
TIE = float(np.finfo(np.float32).eps)
"""Two best probabilities no further apart than this are one number to float32; either label is then right."""


@dataclass(frozen=True)
class Trained:
    """A candidate that passed parity.

    Attributes:
        model: The ONNX file and its metadata.
        history: One dict per trial of the search, see `search.Found`.
    """

    model: OnnxModel
    history: list[dict[str, Any]]


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
        """For the metadata."""
        return {
            "max_difference": self.max_difference,
            "labels_equal": self.labels_equal,
            "ties": self.ties,
            "rows": self.rows,
            "tolerance": TOLERANCE,
        }


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
