"""What a report draws: ROC and PR curves, the confusion matrix, residuals. All JSON-able and small."""

from __future__ import annotations

from typing import Any

import numpy as np

from switchyard.statistics.metrics import Bools, Floats, Integers

MAX_POINTS = 200
SCATTER_POINTS = 500
RESIDUAL_BINS = 40


def roc_curve(scores: Floats, positive: Bools) -> dict[str, list[float]] | None:
    """False and true positive rate by falling threshold, from (0, 0) to (1, 1); None with one class only."""
    hits, others = _accumulated(scores, positive)
    if not hits[-1] or not others[-1]:
        return None
    x, y = np.append(0.0, others / others[-1]), np.append(0.0, hits / hits[-1])
    keep = _thinned(x, y)
    return {"fpr": _rounded(x[keep]), "tpr": _rounded(y[keep])}


def pr_curve(scores: Floats, positive: Bools) -> dict[str, list[float]] | None:
    """Recall and precision by falling threshold, to be drawn as steps; None without positives."""
    hits, others = _accumulated(scores, positive)
    if not hits[-1]:
        return None
    recall, precision = hits / hits[-1], hits / (hits + others)
    x, y = np.append(0.0, recall), np.append(precision[0], precision)
    keep = _thinned(x, y)
    return {"recall": _rounded(x[keep]), "precision": _rounded(y[keep])}


def confusion(truth: Integers, predicted: Integers, classes: int) -> list[list[int]]:
    """Rows by true class (down) and answered class (across), without labels that the model never saw."""
    seen = truth >= 0
    cells = np.bincount(truth[seen] * classes + predicted[seen], minlength=classes * classes)
    return [[int(count) for count in row] for row in cells.reshape(classes, classes)]


def residuals(truth: Floats, predicted: Floats, seed: int) -> dict[str, Any]:
    """Quantiles and histogram of predicted minus true, and a seeded sample of both.

    Args:
        truth: Shape (rows,), in the target's unit.
        predicted: Likewise.
        seed: Of the sample of at most `SCATTER_POINTS` rows.
    """
    error = predicted - truth
    # The histogram covers the middle 99 %: one wild row would leave a single bar.
    low, high = np.quantile(error, [0.005, 0.995])
    # Residuals that differ by rounding only would make bins narrower than floats can be.
    scale = max(abs(low), abs(high))
    pad = 0.5 * (scale or 1.0) if high - low <= 1e-9 * scale else 0.0
    counts, edges = np.histogram(error, bins=RESIDUAL_BINS, range=(low - pad, high + pad))
    sample = np.random.default_rng(seed).permutation(len(truth))[:SCATTER_POINTS]
    levels = {"min": 0, "p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1}
    return {
        "mean": float(error.mean()),
        "std": float(error.std()),
        "quantiles": {name: float(np.quantile(error, level)) for name, level in levels.items()},
        "histogram": {"counts": [int(count) for count in counts], "edges": [float(edge) for edge in edges]},
        "sample": {"true": [float(v) for v in truth[sample]], "predicted": [float(v) for v in predicted[sample]]},
    }


def _accumulated(scores: Floats, positive: Bools) -> tuple[Floats, Floats]:
    """How many positives and negatives stand at or above each distinct score, falling."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    hits = np.cumsum(positive[order])[last]
    return hits.astype(float), (last + 1 - hits).astype(float)


def _thinned(x: Floats, y: Floats) -> Integers:
    """Positions of at most `MAX_POINTS` points, even along the length of the curve, with both ends."""
    if len(x) <= MAX_POINTS:
        return np.arange(len(x))
    length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    wanted = np.linspace(0, length[-1], MAX_POINTS - 1)
    return np.unique(np.append(np.searchsorted(length, wanted).clip(max=len(x) - 1), len(x) - 1))


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 6) for value in values]
