"""Confidence intervals of dispersion statistics, which are 0 for equal parts and never negative.

Chance makes groups or bins differ even where in truth they do not, so such a figure is too high on average, and each
bootstrap resample, being a sample of a sample, higher still: a percentile interval of the calibration error of a
perfectly calibrated model never holds 0. So the two ends are made in two ways:

- low: by inverting a test (Garthwaite and Buckland, "Generating Monte Carlo confidence intervals by the Robbins-Monro
  process" (1992), have the idea). It is the least dispersion under which the observed figure is no surprise. Its
  shape is that of the observed deviations, less 1.5 standard errors each: those that may be chance take no part.
- high: the percentile of the bootstrap. Its bias is upward there, which errs on the safe side.

tests/statistics/test_dispersion.py has the coverage.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from switchyard.statistics.metrics import Floats

_SURE = 1.5  # standard errors
_HALVINGS = 30


def dispersion_interval(
    deviations: Floats, noise: Floats, figure: Callable[[Floats], Floats], confidence: float
) -> tuple[float, float]:
    """Confidence interval of a dispersion statistic: (low, high).

    Args:
        deviations: Observed, shape (parts,).
        noise: What chance adds to each, shape (resamples, parts): resampled minus observed.
        figure: From deviations of shape (any, parts) to the figure of each, (any,); twice the deviations are twice the
            figure, and none are 0.
        confidence: Of the two-sided interval.
    """
    tail = (1 - confidence) / 2
    observed = float(figure(deviations[None])[0])
    high = float(np.quantile(figure(deviations + noise), 1 - tail))
    return _least(deviations, noise, figure, observed, 1 - tail), max(high, observed)


def _least(
    deviations: Floats, noise: Floats, figure: Callable[[Floats], Floats], observed: float, level: float
) -> float:
    """How large the true dispersion must be for the observed figure to be at most its quantile `level`."""
    shape = np.sign(deviations) * np.maximum(np.abs(deviations) - _SURE * noise.std(axis=0), 0)
    size = float(figure(shape[None])[0])
    if not size:
        shape, size = deviations, observed

    def surprises(scale: float) -> bool:
        return float(np.quantile(figure(scale * shape + noise), level)) < observed

    if not size or not surprises(0.0):
        return 0.0
    below, above = 0.0, observed / size
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        below, above = (middle, above) if surprises(middle) else (below, middle)
    return below * size
