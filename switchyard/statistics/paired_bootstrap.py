"""The paired bootstrap: whether two models that answered the same rows differ in any metric.

Each resample of the rows measures both models, so that rows which are hard for both make neither look worse
(Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8, 13 and 16). The interval is the percentile
interval of the difference, and p the smallest error rate at which it would not hold 0: one belongs to the other.
"""

from __future__ import annotations

import numpy as np

from switchyard.statistics.bootstrap import resampled
from switchyard.statistics.difference import Difference
from switchyard.statistics.metrics import RANKED, Floats, Ranked, Sample


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
    values, draws = resampled(_both(champion, challenger, metric), resamples, seed)
    effect = values["challenger"] - values["champion"]
    differences = draws["challenger"] - draws["champion"]
    defined = differences[np.isfinite(differences)]
    if not np.isfinite(effect) or len(defined) * 2 < resamples:
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    either = min((defined <= 0).sum(), (defined >= 0).sum())
    p = min(1.0, 2 * (1 + float(either)) / (1 + len(defined)))
    return Difference(values["champion"], values["challenger"], float(low), float(high), p)


def _both(champion: Sample, challenger: Sample, metric: str) -> Sample:
    """One sample that measures both models at once; rows are sorted by score only if the metric asks for it."""
    terms, ranks = champion.sums.shape[1], len(champion.rankings)
    rankings = champion.rankings + challenger.rankings if metric in RANKED else ()
    unranked: Ranked = (np.zeros((1, 1)), np.zeros((1, 1)))

    def finish(sums: Floats, ranked: list[Ranked]) -> dict[str, Floats]:
        ranked = ranked or [unranked] * (ranks + len(challenger.rankings))
        return {
            "champion": champion.finish(sums[:, :terms], ranked[:ranks])[metric],
            "challenger": challenger.finish(sums[:, terms:], ranked[ranks:])[metric],
        }

    return Sample(np.hstack([champion.sums, challenger.sums]), rankings, finish)
