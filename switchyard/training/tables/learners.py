"""The kinds of candidates: what each is called, takes and builds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from switchyard.config.sections import CandidateType, Scalar, Task

Params = Mapping[str, Scalar]


class Learner(Protocol):
    """What scikit-learn's estimators and `Mlp` have in common."""

    classes_: np.ndarray
    """The class numbers seen in training, in the order of the probability columns."""

    def fit(self, matrix: np.ndarray, target: np.ndarray, /) -> object:
        """Train on rows (rows, columns) and class numbers or values (rows,)."""

    def predict(self, matrix: np.ndarray, /) -> np.ndarray:
        """Class numbers or values (rows,)."""

    def predict_proba(self, matrix: np.ndarray, /) -> np.ndarray:
        """Probabilities (rows, classes seen)."""

    def _validate_params(self) -> None:
        """Raise a ValueError that names a hyperparameter with a value that cannot be."""


@dataclass(frozen=True)
class Kind:
    """One kind of candidate.

    Attributes:
        tasks: The tasks that it can learn.
        params: The hyperparameters that a config may set or search.
        standardise: Whether it needs imputed and standardised numbers (see `encoder.py`).
        build: Makes the unfitted learner.
    """

    tasks: tuple[Task, ...]
    params: tuple[str, ...]
    standardise: bool
    build: Callable[[Task, Params, int, int], Learner]

    def allowed(self, task: Task) -> tuple[str, ...]:
        """The hyperparameters that it takes for a task."""
        return tuple(p for p in self.params if p != "class_weight" or task == "classification")


def _logistic_regression(task: Task, params: Params, seed: int, threads: int) -> Learner:
    from sklearn.linear_model import LogisticRegression

    learner: Learner = LogisticRegression(**{"max_iter": 1000, **params})
    return learner


def _ridge(task: Task, params: Params, seed: int, threads: int) -> Learner:
    from sklearn.linear_model import Ridge

    learner: Learner = Ridge(**params)
    return learner


def _random_forest(task: Task, params: Params, seed: int, threads: int) -> Learner:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    forest = RandomForestClassifier if task == "classification" else RandomForestRegressor
    learner: Learner = forest(**params, random_state=seed, n_jobs=threads)
    return learner


def _hist_gradient_boosting(task: Task, params: Params, seed: int, threads: int) -> Learner:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    boosting = HistGradientBoostingClassifier if task == "classification" else HistGradientBoostingRegressor
    learner: Learner = boosting(**params, random_state=seed)
    return learner


def _mlp(task: Task, params: Params, seed: int, threads: int) -> Learner:
    from switchyard.training.tables.mlp import Mlp

    return Mlp(task, seed=seed, **params)  # type: ignore[arg-type]


KINDS: dict[CandidateType, Kind] = {
    "logistic_regression": Kind(
        ("classification",), ("C", "class_weight", "fit_intercept", "max_iter", "tol"), True, _logistic_regression
    ),
    "ridge": Kind(("regression",), ("alpha", "fit_intercept"), True, _ridge),
    "random_forest": Kind(
        ("classification", "regression"),
        (
            "n_estimators",
            "criterion",
            "max_depth",
            "min_samples_split",
            "min_samples_leaf",
            "max_features",
            "max_leaf_nodes",
            "min_impurity_decrease",
            "bootstrap",
            "max_samples",
            "class_weight",
            "ccp_alpha",
        ),
        False,
        _random_forest,
    ),
    "hist_gradient_boosting": Kind(
        ("classification", "regression"),
        (
            "learning_rate",
            "max_iter",
            "max_leaf_nodes",
            "max_depth",
            "min_samples_leaf",
            "l2_regularization",
            "max_features",
            "max_bins",
            "early_stopping",
            "validation_fraction",
            "n_iter_no_change",
            "tol",
            "class_weight",
        ),
        False,
        _hist_gradient_boosting,
    ),
    "mlp": Kind(
        ("classification", "regression"),
        ("hidden", "layers", "learning_rate", "weight_decay", "dropout", "epochs", "batch_size"),
        True,
        _mlp,
    ),
}
