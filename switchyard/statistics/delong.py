"""DeLong's test: whether two models that scored the same rows differ in ROC AUC.

DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
characteristic curves: a nonparametric approach", Biometrics 44 (1988), 837-845, by way of midranks as in Sun and
Xu, "Fast implementation of DeLong's algorithm for comparing the areas under correlated receiver operating
characteristic curves", IEEE Signal Processing Letters 21 (2014), 1389-1393: sorting instead of looking at all pairs.
"""

from __future__ import annotations

import numpy as np

from switchyard.statistics.difference import Difference
from switchyard.statistics.metrics import Bools, Floats


def delong(positive: Bools, champion: Floats, challenger: Floats, confidence: float = 0.95) -> Difference:
    """Compares two ROC AUCs; ties between scores count half.

    Args:
        positive: Which rows are of the positive class, shape (rows,); at least two are and two are not.
        champion: Scores of the one model, shape (rows,).
        challenger: Scores of the other, on the same rows.
        confidence: Of the interval.
    """
    from scipy.stats import norm

    areas, covariance = areas_with_covariance(positive, np.stack([champion, challenger]))
    effect = float(areas[1] - areas[0])
    # Exactly 0 if both rank every row alike; rounding must not make a tiny variance of it.
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    error = variance**0.5 if variance > 1e-15 else 0.0
    p = 2 * float(norm.sf(abs(effect) / error)) if error else float(abs(effect) < 1e-12)
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    return Difference(float(areas[0]), float(areas[1]), effect - reach, effect + reach, p)


def areas_with_covariance(positive: Bools, scores: Floats) -> tuple[Floats, Floats]:
    """The ROC AUC of each model, and how their estimates vary together.

    Args:
        positive: Shape (rows,).
        scores: Shape (models, rows).

    Returns:
        Areas of shape (models,) and their covariance of shape (models, models).
    """
    from scipy.stats import rankdata

    hits, others = scores[:, positive], scores[:, ~positive]
    count, rest = hits.shape[1], others.shape[1]
    ranks = rankdata(np.concatenate([hits, others], axis=1), axis=1)
    # Of each positive row the share of negative rows below it, and of each negative row that of positive rows above.
    below = (ranks[:, :count] - rankdata(hits, axis=1)) / rest
    above = 1 - (ranks[:, count:] - rankdata(others, axis=1)) / count
    covariance = np.cov(below) / count + np.cov(above) / rest
    return below.mean(axis=1), covariance
