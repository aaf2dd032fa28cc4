"""Whether a probability of 0.7 comes true seven times in ten.

Rows are put into bins by their probability, each bin with as many rows as the next (equal mass: a bin then means
something wherever the probabilities lie), rows of equal probability into the same. The expected calibration error is

    ECE = sum over bins of (rows of the bin / all rows) * |share that came true - mean probability|

after Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI (2015).
Of two classes the probability is that of the positive one; of several it is that of the answered class, which comes
true if the answer is right (top-label, as in Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural
networks", ICML (2017), who have bins of equal width). The figure depends on the bins and is too high in small samples:
its interval allows for that (see `dispersion_interval`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from switchyard.config.sections import Metrics
from switchyard.statistics.bootstrap import Estimate, Plan, resampled
from switchyard.statistics.dispersion import dispersion_interval
from switchyard.statistics.metrics import Bools, Floats, Integers, Ranked, Sample
from switchyard.statistics.proportions import wilson

if TYPE_CHECKING:
    from switchyard.evaluation.scoring import Answers

BINS = 10

_SUMS_ONLY = Plan(exact_rows=5_000, blocks=1_000, bins=1)  # whole blocks cost nothing here, single rows do


def calibration(
    answers: Answers,
    metrics: Metrics,
    seed: int,
    *,
    bins: int = BINS,
    strategy: Literal["quantile", "uniform"] = "quantile",
) -> dict[str, Any]:
    """The calibration curve and the expected calibration error.

    Args:
        answers: Of a classification, at least one row, all probabilities finite.
        metrics: Resamples and confidence of the intervals.
        seed: Of the resamples.
        bins: How many at most: equal probabilities share one.
        strategy: `quantile` for bins of equal mass, `uniform` for bins of equal width from 0 to 1.

    Returns:
        `ece`, an estimate; `bins`, rising, each with `low` and `high` edge, `n`, `predicted` (mean probability),
        `observed` (share that came true) with `observed_low` and `observed_high` (Wilson's interval); `class`, the
        positive class, or "top".
    """
    scores, came_true = _of_positive(answers) if answers.positive is not None else _of_top(answers)
    edges = _edges(scores, bins, strategy)
    bin_of = np.searchsorted(edges[1:-1], scores, side="left")
    rows = np.bincount(bin_of, minlength=len(edges) - 1)
    filled = np.flatnonzero(rows)
    position = np.searchsorted(filled, bin_of)
    ece = _ece(came_true - scores, position, len(filled), metrics, seed)
    positive = answers.positive
    return {
        "ece": ece.as_dict(),
        "bins": _curve(scores, came_true, position, edges, filled, metrics.confidence),
        "class": "top" if positive is None else str(answers.classes[positive]),
    }


def _of_positive(answers: Answers) -> tuple[Floats, Bools]:
    return answers.probabilities[:, answers.positive], answers.truth == answers.positive


def _of_top(answers: Answers) -> tuple[Floats, Bools]:
    return answers.probabilities[np.arange(len(answers.truth)), answers.predicted], answers.truth == answers.predicted


def _edges(scores: Floats, bins: int, strategy: str) -> Floats:
    """One more than there are bins; a bin holds its upper edge, as in scikit-learn. Between equal ones it is empty."""
    levels = np.linspace(0, 1, bins + 1)
    edges: Floats = levels if strategy == "uniform" else np.quantile(scores, levels)
    return edges


def _curve(
    scores: Floats, came_true: Bools, position: Integers, edges: Floats, filled: Integers, confidence: float
) -> list[dict[str, Any]]:
    rows = np.bincount(position, minlength=len(filled)).astype(float)
    predicted, observed = np.bincount(position, scores) / rows, np.bincount(position, came_true) / rows
    low, high = wilson(observed, rows, confidence)
    return [
        {
            "low": float(edges[each]),
            "high": float(edges[each + 1]),
            "n": int(rows[k]),
            "predicted": float(predicted[k]),
            "observed": float(observed[k]),
            "observed_low": float(low[k]),
            "observed_high": float(high[k]),
        }
        for k, each in enumerate(filled)
    ]


def _ece(gaps: Floats, position: Integers, bins: int, metrics: Metrics, seed: int) -> Estimate:
    """The error with its interval: the sum over bins of the absolute mean of each bin's gaps over all rows."""
    observed = np.bincount(position, gaps, bins) / len(gaps)
    if not metrics.bootstrap:
        return Estimate(float(_total(observed[None])[0]), n=len(gaps))
    _, draws = resampled(_sample(gaps, position, bins), metrics.bootstrap, seed, _SUMS_ONLY)
    noise = np.stack([draws[str(each)] for each in range(bins)], axis=1) - observed
    low, high = dispersion_interval(observed, noise, _total, metrics.confidence)
    return Estimate(float(_total(observed[None])[0]), low, high, len(gaps))


def _total(gaps: Floats) -> Floats:
    total: Floats = np.abs(gaps).sum(axis=1)
    return total


def _sample(gaps: Floats, position: Integers, bins: int) -> Sample:
    """Each bin's part in the mean gap, for any weights of the rows."""
    of_bins = np.where(position[:, None] == np.arange(bins), gaps[:, None], 0.0)

    def finish(sums: Floats, _: list[Ranked]) -> dict[str, Floats]:
        return {str(each): sums[:, 1 + each] / sums[:, 0] for each in range(bins)}

    return Sample(np.column_stack([np.ones(len(gaps)), of_bins]), (), finish)
