"""Stability: how much of a candidate is the variability of its seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.statistics import metrics as definitions
from switchyard.statistics.bootstrap import estimate
from switchyard.training.seeds import spread
from switchyard.training.tables.fitted import Fitted
from switchyard.training.tables.target import Target

if TYPE_CHECKING:
    import polars as pl


def measure_stability(
    fit: Callable[[int], Fitted], *, seeds: Sequence[int], rows: pl.DataFrame, target: Target, metric: str
) -> dict[str, Any] | None:
    """One metric of the same candidate, fitted to the same rows with the same hyperparameters and other seeds.

    What is measured is the fitted model; that its ONNX file answers alike is parity's business.

    Args:
        fit: Fits with a seed.
        seeds: The candidate's own first; without any there is nothing to say.
        rows: Validation rows, with the target.
        target: Its classes, or that it is a number.
        metric: Which one.

    Returns:
        `seeds`, `metric`, `values` (a seed each, None where it has no value), and of those with a value the `mean`,
        the standard deviation `std` (n - 1), the lowest `low` and the highest `high`.
    """
    if not seeds:
        return None
    known = _known(rows, target)
    return spread(seeds, metric, [_measured(fit(seed), known, target, metric) for seed in seeds])


def _known(rows: pl.DataFrame, target: Target) -> pl.DataFrame:
    """The rows with a value of the target."""
    known = rows.drop_nulls(target.name)
    return known.drop_nans(target.name) if known[target.name].dtype.is_float() else known


def _measured(fitted: Fitted, rows: pl.DataFrame, target: Target, metric: str) -> float | None:
    if rows.is_empty():
        return None
    if target.task == "regression":
        predicted = fitted.predict(rows)
        if not np.isfinite(predicted).all():
            return None
        sample = definitions.regression(target.encode(rows), predicted)
    else:
        number = {value: index for index, value in enumerate(target.classes)}
        truth = np.array([number.get(value, -1) for value in rows[target.name].to_list()], dtype=np.int64)
        probabilities = np.zeros((rows.height, len(target.classes)))
        probabilities[:, fitted.learner.classes_] = fitted.probabilities(rows)
        if not np.isfinite(probabilities).all():
            return None
        called = probabilities.argmax(axis=1)
        sample = definitions.classification(truth, probabilities, called, target.positive_position)
    return estimate(sample, resamples=0, confidence=0.95, seed=0)[metric].value
