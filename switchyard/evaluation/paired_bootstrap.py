"""The paired bootstrap: whether two models that answered the same rows differ in any metric.

Each resample of the rows measures both models, so that rows which are hard for both make neither look worse
(Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8, 13 and 16). The interval is the percentile
interval of the difference, and p the smallest error rate at which it would not hold 0: one belongs to the other.
"""

from __future__ import annotations

import numpy as np

from switchyard.evaluation.bootstrap import resampled
from switchyard.evaluation.difference import Difference
from switchyard.evaluation.metrics import Sample


def paired_bootstrap(
    champion: Sample, challenger: Sample, metric: str, *, resamples: int, confidence: float, seed: int
) -> Difference | None:
    """Compares one metric.

    Args:
        champion: From `metrics.binary`, `metrics.multiclass` or `metrics.regression`.
        challenger: The same of the other model, on the same rows in the same order.
        metric: Which one.
        resamples: How many; p is never below 2 / (resamples + 1).
        confidence: Of the interval.
        seed: Of the resamples, which are the same for both.

    Returns:
        None if the metric has no value on these rows, or not on half of the resamples.
    """
    values, draws = zip(*(resampled(each, resamples, seed) for each in (champion, challenger)), strict=True)
    effect = values[1][metric] - values[0][metric]
    differences = draws[1][metric] - draws[0][metric]
    defined = differences[np.isfinite(differences)]
    if not np.isfinite(effect) or len(defined) * 2 < resamples:
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    either = min((defined <= 0).sum(), (defined >= 0).sum())
    p = min(1.0, 2 * (1 + float(either)) / (1 + len(defined)))
    return Difference(values[0][metric], values[1][metric], float(low), float(high), p)
