"""Intervals of shares of rows, such as an accuracy or the share of a bin that is positive.

The score interval of Wilson, "Probable inference, the law of succession, and statistical inference" (1927). Unlike the
bootstrap it has a width where all rows of a small group are alike: 5 right of 5 are no proof of 100 %.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from switchyard.statistics.bootstrap import Estimate
from switchyard.statistics.metrics import Bools, Floats


def wilson(share: Floats, rows: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Both ends of the interval of each share.

    Args:
        share: Observed, from 0 to 1; any shape.
        rows: How many rows each rests on, at least one.
        confidence: Of the two-sided interval, such as 0.95.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    # Rounding must not leave a share of 0 or 1 outside its own interval.
    return np.minimum(centre - reach, share).clip(0, 1), np.maximum(centre + reach, share).clip(0, 1)


def share_of(chosen: Bools, confidence: float) -> Estimate:
    """The share of rows that are True, with Wilson's interval; no value without rows."""
    rows = len(chosen)
    if not rows:
        return Estimate(None)
    share = chosen.mean()
    low, high = wilson(np.asarray(share), np.asarray(float(rows)), confidence)
    return Estimate(float(share), float(low), float(high), rows)
