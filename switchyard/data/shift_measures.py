"""Two ways to say how far apart two distributions are, from counts in the same bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def psi(baseline: ArrayLike, current: ArrayLike) -> float:
    """The population stability index: the sum over bins of (q - p) · ln(q / p), p and q being shares.

    An empty bin counts as half a row, so that the logarithm is finite and a bin that is new in much
    data weighs more than one in little data; a bin that is empty on both sides does not count. Usual
    reading: below 0.1 stable, above 0.25 shifted.

    Source: N. Siddiqi, Credit Risk Scorecards, Wiley 2006; B. Yurdakul, Statistical Properties of
    Population Stability Index, Western Michigan University 2018.

    Args:
        baseline: Rows per bin, shape (bins,).
        current: Rows in the same bins.
    """
    before, now = np.asarray(baseline, np.float64), np.asarray(current, np.float64)
    used = (before > 0) | (now > 0)
    if not before.sum() or not now.sum():
        return 0.0
    p = np.maximum(before[used], 0.5) / before.sum()
    q = np.maximum(now[used], 0.5) / now.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def ks(baseline: ArrayLike, current: ArrayLike) -> float:
    """The two-sample Kolmogorov-Smirnov statistic: the greatest distance of the cumulative shares.

    It looks at the bins' upper edges only: never above the statistic of the values themselves, and
    below it by at most the share of one bin.

    Args:
        baseline: Rows per bin in ascending order, shape (bins,).
        current: Rows in the same bins.
    """
    before, now = np.cumsum(baseline, dtype=np.float64), np.cumsum(current, dtype=np.float64)
    if not before[-1] or not now[-1]:
        return float(before[-1] != now[-1])
    return float(np.max(np.abs(before / before[-1] - now / now[-1])))
