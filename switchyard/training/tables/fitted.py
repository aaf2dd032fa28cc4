"""A fitted candidate before its export: encoder and learner together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.sections import Task
from switchyard.errors import InputError
from switchyard.training.tables.encoder import Encoder
from switchyard.training.tables.learners import Learner

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Fitted:
    """The model as scikit-learn or torch knows it; parity holds the graph against this.

    Attributes:
        encoder: The fitted preprocessing.
        learner: The fitted learner, trained on class numbers or values.
        task: Classification or regression.
    """

    encoder: Encoder
    learner: Learner
    task: Task

    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        """The class number, or the value, of each row."""
        return np.asarray(self.learner.predict(self.encoder.transform(frame)))

    def probabilities(self, frame: pl.DataFrame) -> np.ndarray:
        """Probabilities (rows, classes)."""
        return np.asarray(self.learner.predict_proba(self.encoder.transform(frame)))


def fit_learner(learner: Learner, matrix: np.ndarray, target: np.ndarray) -> Learner:
    """Fit; then predict on one thread, because a forest on several sums its trees in any order.

    Raises:
        InputError: The learner refuses these rows with these hyperparameters.
    """
    try:
        learner.fit(matrix, target)
    except ValueError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(
            f"{type(learner).__name__} cannot learn from {len(matrix)} rows: {reason}; change the candidate's params"
        ) from error
    if hasattr(learner, "estimators_"):
        learner.n_jobs = 1  # type: ignore[attr-defined]
    return learner
