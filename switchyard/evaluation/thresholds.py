"""What follows from where a two-class model's probability is cut: errors of either kind, and what they cost.

Rows whose probability of the positive class is at or above the threshold are selected. The cost of a row is what the
config's `evaluation.costs` says of its kind (Elkan, "The foundations of cost-sensitive learning", IJCAI (2001)); a
threshold is judged by the mean over the test rows. The cheapest was found on the very rows that it is told of, so a
little of its advantage is chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.sections import Costs
from switchyard.statistics.metrics import Floats

if TYPE_CHECKING:
    from switchyard.evaluation.scoring import Answers


_DEFAULT = 0.5
_TABLE = tuple(step / 20 for step in range(1, 20))


def thresholds(answers: Answers, costs: Costs) -> dict[str, Any]:
    """The table of thresholds.

    Args:
        answers: Of two classes, at least one row, all probabilities finite.
        costs: Of each kind of answer, per row.

    Returns:
        `rows`: from 0.05 to 0.95 by 0.05, and the cheapest, each with `threshold`, `precision` (None if nothing is
        selected), `recall` and `false_positive_rate` (None without such rows), `selected` (share of rows) and `cost`
        (mean of a row); `lowest_cost`, of all thresholds from 0 to 1, of equals the one nearest 0.5; `default`, at
        0.5; and the `costs` themselves.
    """
    counts = _Counts(answers, costs)
    best = _cheapest(counts)
    rows = [counts.row(threshold) for threshold in sorted({*_TABLE, best})]
    return {
        "rows": rows,
        "lowest_cost": {"threshold": best, "cost": counts.cost(best)},
        "default": {"threshold": _DEFAULT, "cost": counts.cost(_DEFAULT)},
        "costs": costs.model_dump(),
    }


class _Counts:
    """Rows of each kind at a threshold, from scores that are sorted once."""

    def __init__(self, answers: Answers, costs: Costs) -> None:
        score, is_positive = answers.probabilities[:, answers.positive], answers.truth == answers.positive
        self.positive, self.negative = np.sort(score[is_positive]), np.sort(score[~is_positive])
        self.scores: Floats = np.unique(score)
        self.costs = costs

    def at(self, threshold: Floats) -> tuple[Floats, Floats]:
        """True and false positives."""
        hits = len(self.positive) - np.searchsorted(self.positive, threshold, side="left")
        false = len(self.negative) - np.searchsorted(self.negative, threshold, side="left")
        return np.asarray(hits, float), np.asarray(false, float)

    def means(self, threshold: Floats) -> Floats:
        """The mean cost of a row at each threshold."""
        hits, false = self.at(threshold)
        costs, misses, rest = self.costs, len(self.positive) - hits, len(self.negative) - false
        total: Floats = (
            hits * costs.true_positive
            + false * costs.false_positive
            + misses * costs.false_negative
            + rest * costs.true_negative
        )
        return total / (len(self.positive) + len(self.negative))

    def cost(self, threshold: float) -> float:
        return float(self.means(np.asarray(threshold)))

    def row(self, threshold: float) -> dict[str, float | None]:
        hits, false = (float(count) for count in self.at(np.asarray(threshold)))
        positives, negatives = len(self.positive), len(self.negative)
        return {
            "threshold": threshold,
            "precision": hits / (hits + false) if hits + false else None,
            "recall": hits / positives if positives else None,
            "false_positive_rate": false / negatives if negatives else None,
            "selected": (hits + false) / (positives + negatives),
            "cost": self.cost(threshold),
        }


def _cheapest(counts: _Counts) -> float:
    """Any threshold above one score and up to the next selects the same rows: the costs change at scores only."""
    above = np.append(counts.scores, 1.0)
    below = np.append(-np.inf, counts.scores)
    open_ = below < above  # a score of 1 leaves no room above it
    above, below = above[open_], below[open_]
    costs = counts.means(above)
    scale = max(abs(each) for each in counts.costs.model_dump().values()) or 1.0
    cheapest = np.flatnonzero(costs <= costs.min() + 1e-12 * scale)  # sums of the same costs differ by rounding
    nearest = [_nearest(float(below[each]), float(above[each])) for each in cheapest]
    return min(nearest, key=lambda threshold: (abs(threshold - _DEFAULT), threshold))


def _nearest(below: float, above: float) -> float:
    """The threshold nearest 0.5 above the one and up to the other, with as few digits as tell it from them."""
    if below < _DEFAULT <= above:
        return _DEFAULT
    for digits in range(2, 16):
        step = 10**digits
        short = float(np.floor(above * step) / step if above < _DEFAULT else (np.floor(below * step) + 1) / step)
        if below < short <= above:
            return short
    return above
