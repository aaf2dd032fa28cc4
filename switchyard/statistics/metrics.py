"""Metrics, each written once for any weighting of the rows: all ones give the value, counts give a bootstrap.

A metric needs of its rows only sums of per-row terms and, for ROC AUC and PR AUC, how positives
and negatives follow each other when sorted by score. `Sample` holds these; `finish` turns their
weighted totals into metrics, for many weightings at once.

Definitions (the values are scikit-learn's, see tests/statistics/test_metrics.py):

| metric | two classes (`positive` against the other) | three or more classes |
|---|---|---|
| accuracy | share of rows whose label is right | the same |
| roc_auc | area under the ROC curve, ties count half | mean over classes, one against the rest |
| pr_auc | average precision, no interpolation | mean over classes, one against the rest |
| f1 | of the positive class, 0 if it never occurs | mean over the classes that occur (macro) |
| log_loss | mean of -ln p(true class) | the same |
| brier | mean of (p - y)^2 of the positive class | mean of the sum over classes of (p - y)^2, in [0, 2] |

Sources: Fawcett, "An introduction to ROC analysis" (2006) for ROC; Brier, "Verification of
forecasts expressed in terms of probability" (1950); the rest as in scikit-learn's user guide,
3.4 "Metrics and scoring". Where a metric has no value (one class only for ROC AUC, a constant
target for R2) it is NaN here and None in reports, never a made-up number.

A row whose label the model never saw counts as wrong, with probability 0 for its true class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

# Weight of the positives and of all rows at or above each distinct score, falling: (weightings, thresholds) each.
Ranked = tuple[Floats, Floats]

LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae", "eer"})
RANKED = frozenset({"roc_auc", "pr_auc"})  # those that need the rows sorted by score

# Probabilities are float32: a 0 or 1 among them may be anything up to this far away.
_EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Sample:
    """What the metrics of one model need to know of each row.

    Attributes:
        sums: Terms to be summed, of shape (rows, terms); the first is 1.
        rankings: For each class to be ranked, scores and which rows are positive, both (rows,).
        finish: From weighted sums (weightings, terms) and rankings to metrics of shape (weightings,).
    """

    sums: Floats
    rankings: tuple[tuple[Floats, Bools], ...]
    finish: Callable[[Floats, list[Ranked]], dict[str, Floats]]


def classification(truth: Integers, probabilities: Floats, predicted: Integers, positive: int | None) -> Sample:
    """Two or more classes; arguments as for `binary`, with None for `positive` unless there are two."""
    if positive is None:
        return multiclass(truth, probabilities, predicted)
    return binary(truth, probabilities, predicted, positive)


def binary(truth: Integers, probabilities: Floats, predicted: Integers, positive: int) -> Sample:
    """Two classes.

    Args:
        truth: Position of each row's class, -1 if the model never saw it; shape (rows,).
        probabilities: Shape (rows, 2).
        predicted: Position of the label that the model answered; shape (rows,).
        positive: Position of the positive class.
    """
    score, is_positive, called = probabilities[:, positive], truth == positive, predicted == positive
    terms = (
        np.ones(len(truth)),
        truth == predicted,
        _surprise(truth, probabilities),
        (score - is_positive) ** 2,
        is_positive & called,
        is_positive.astype(float) + called,
    )

    def finish(sums: Floats, ranked: list[Ranked]) -> dict[str, Floats]:
        rows, right, surprise, squares, hits, occurrences = sums.T
        return {
            "accuracy": right / rows,
            "roc_auc": roc_auc(*ranked[0]),
            "pr_auc": average_precision(*ranked[0]),
            "f1": _ratio(2 * hits, occurrences, otherwise=0.0),
            "log_loss": surprise / rows,
            "brier": squares / rows,
        }

    return Sample(np.column_stack(terms).astype(float), ((score, is_positive),), finish)


def multiclass(truth: Integers, probabilities: Floats, predicted: Integers) -> Sample:
    """Three or more classes; arguments as for `binary`, with probabilities of shape (rows, classes)."""
    classes = probabilities.shape[1]
    one_hot = truth[:, None] == np.arange(classes)
    called = predicted[:, None] == np.arange(classes)
    # A label that the model never saw is a class of its own, with probability 0.
    squares = ((probabilities - one_hot) ** 2).sum(axis=1) + (truth < 0)
    terms = (np.ones(len(truth)), truth == predicted, _surprise(truth, probabilities), squares, truth < 0)
    sums = np.column_stack((*terms, one_hot & called, one_hot.astype(float) + called)).astype(float)

    def finish(sums: Floats, ranked: list[Ranked]) -> dict[str, Floats]:
        rows, right, surprise, squares, unseen = sums[:, :5].T
        hits, occurrences = sums[:, 5 : 5 + classes], sums[:, 5 + classes :]
        occurring = (occurrences > 0).sum(axis=1) + (unseen > 0)
        return {
            "accuracy": right / rows,
            "roc_auc": np.mean([roc_auc(*each) for each in ranked], axis=0),
            "pr_auc": np.mean([average_precision(*each) for each in ranked], axis=0),
            "f1": _ratio(2 * hits, occurrences, otherwise=0.0).sum(axis=1) / occurring,
            "log_loss": surprise / rows,
            "brier": squares / rows,
        }

    rankings = tuple((probabilities[:, k], one_hot[:, k]) for k in range(classes))
    return Sample(sums, rankings, finish)


def regression(truth: Floats, predicted: Floats) -> Sample:
    """RMSE, MAE and R2 (1 - residual over total sum of squares); both arguments of shape (rows,)."""
    # Sums of squares lose digits far from 0; the median of a constant is exactly the constant.
    centred, error = truth - np.median(truth), predicted - truth
    terms = (np.ones(len(truth)), np.abs(error), error**2, centred, centred**2)

    def finish(sums: Floats, _: list[Ranked]) -> dict[str, Floats]:
        rows, absolute, squares, total, total_squares = sums.T
        spread = total_squares - total**2 / rows
        spread[spread <= 1e-12 * total_squares] = 0.0
        return {
            "rmse": np.sqrt(squares / rows),
            "mae": absolute / rows,
            "r2": 1.0 - _ratio(squares, spread, otherwise=np.nan),
        }

    return Sample(np.column_stack(terms), (), finish)


def roc_auc(hits: Floats, rows: Floats) -> Floats:
    """The share of (positive, negative) pairs in the right order, ties half; NaN without either class.

    Args:
        hits: Weight of the positives at or above each distinct score, of shape (weightings, thresholds).
        rows: Weight of all rows there.
    """
    others = rows - hits
    doubled = others[:, 0] * hits[:, 0] + _dot(others[:, 1:] - others[:, :-1], hits[:, 1:] + hits[:, :-1])
    return _ratio(doubled, 2 * hits[:, -1] * others[:, -1], otherwise=np.nan)


def average_precision(hits: Floats, rows: Floats) -> Floats:
    """The sum over thresholds of precision times the gain in recall; NaN without positives. As `roc_auc`."""
    precision = hits / np.maximum(rows, 1e-300)  # the first rows may have no weight, and then no hits
    gained = hits[:, 0] * precision[:, 0] + _dot(hits[:, 1:] - hits[:, :-1], precision[:, 1:])
    return _ratio(gained, hits[:, -1], otherwise=np.nan)


def _dot(left: Floats, right: Floats) -> Floats:
    """Row by row."""
    product: Floats = np.einsum("ij,ij->i", left, right)
    return product


def _surprise(truth: Integers, probabilities: Floats) -> Floats:
    """-ln of the probability of each row's true class, clipped as scikit-learn clips float32."""
    of_truth = np.where(truth < 0, 0.0, probabilities[np.arange(len(truth)), truth])
    surprise: Floats = -np.log(np.clip(of_truth, _EPSILON, 1 - _EPSILON))
    return surprise


def _ratio(numerator: Floats, denominator: Floats, otherwise: float) -> Floats:
    out = np.full(np.broadcast(numerator, denominator).shape, otherwise)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out
