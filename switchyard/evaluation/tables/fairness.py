"""How a two-class model treats groups of people: by its answers, not by what it was given.

By group of a sensitive column: the selection rate, the share of rows that the model answers the positive class; and
the true positive rate, that share among the rows that are positive. The largest difference of selection rates between
two groups is that of demographic parity; the largest difference of true positive rates that of equal opportunity
(Hardt, Price and Srebro, "Equality of opportunity in supervised learning", NeurIPS (2016)). A difference says that
groups are treated differently, and not whether that is right.

A rate that rests on fewer rows than the config's `evaluation.slices.min_rows` takes no part in a difference: in small
groups chance alone makes rates of 0 and 1. Rates have Wilson's interval; the differences, which are never below 0 and
by chance never quite 0, that of `dispersion_interval`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.sections import Metrics, Slices
from switchyard.evaluation.tables.grouping import Grouping
from switchyard.statistics.bootstrap import Estimate
from switchyard.statistics.dispersion import dispersion_interval
from switchyard.statistics.metrics import Floats
from switchyard.statistics.proportions import share_of

if TYPE_CHECKING:
    from switchyard.evaluation.scoring import Answers

RATES = {"selection_rate": "selection_rate_difference", "true_positive_rate": "equal_opportunity_difference"}


def fairness(
    answers: Answers, groups: Mapping[str, Grouping], settings: Slices, metrics: Metrics, seed: int
) -> dict[str, dict[str, Any]]:
    """Rates by group and their largest differences.

    Args:
        answers: Of a model of two classes on the test rows.
        groups: From `grouping.group_rows`, of the sensitive columns.
        settings: The config's section `evaluation.slices`, for the rows that a rate must rest on.
        metrics: Resamples and confidence of the intervals.
        seed: Of the resamples.

    Returns:
        By column: `groups`, each with `rows`, `small` and the two rates as estimates (of the true positive rate `n` is
        the number of positive rows); `selection_rate_difference` and `equal_opportunity_difference`, estimates without
        a value if fewer than two groups have enough rows; `left_out`, the groups that took no part in each; `notes`.
    """
    return {name: _of_column(answers, grouping, settings, metrics, seed) for name, grouping in groups.items()}


def _of_column(answers: Answers, grouping: Grouping, settings: Slices, metrics: Metrics, seed: int) -> dict[str, Any]:
    is_positive, called = answers.truth == answers.positive, answers.predicted == answers.positive
    rates: dict[str, dict[str, Estimate]] = {rate: {} for rate in RATES}
    groups: dict[str, dict[str, Any]] = {}
    for name, rows in grouping:
        rates["selection_rate"][name] = share_of(called[rows], metrics.confidence)
        rates["true_positive_rate"][name] = share_of(called[rows][is_positive[rows]], metrics.confidence)
        groups[name] = {
            "rows": len(rows),
            "small": len(rows) < settings.min_rows,
            **{rate: found[name].as_dict() for rate, found in rates.items()},
        }
    differences, left_out = {}, {}
    for rate, difference in RATES.items():
        enough = {name: each for name, each in rates[rate].items() if each.n >= settings.min_rows}
        differences[difference] = _difference(list(enough.values()), metrics, seed).as_dict()
        left_out[difference] = [name for name in groups if name not in enough]
    notes = [grouping.note] if grouping.note else []
    return {"groups": groups, **differences, "left_out": left_out, "notes": notes}


def _difference(rates: Sequence[Estimate], metrics: Metrics, seed: int) -> Estimate:
    """The largest minus the smallest rate."""
    rows = np.array([each.n for each in rates], dtype=np.int64)
    if len(rates) < 2:
        return Estimate(None, n=int(rows.sum()))
    shares = np.array([each.value for each in rates], dtype=float)
    value = float(np.ptp(shares))
    if not metrics.bootstrap:
        return Estimate(value, n=int(rows.sum()))
    # A rate of 0 or 1 would never vary: one more row of either kind in each group lets it.
    smoothed = (shares * rows + 1) / (rows + 2)
    drawn = np.random.default_rng(seed).binomial(rows, smoothed, size=(metrics.bootstrap, len(rows)))
    low, high = dispersion_interval(shares - shares.mean(), drawn / rows - smoothed, _spread, metrics.confidence)
    return Estimate(value, low, min(high, 1.0), int(rows.sum()))


def _spread(rates: Floats) -> Floats:
    spread: Floats = np.ptp(rates, axis=1)
    return spread
