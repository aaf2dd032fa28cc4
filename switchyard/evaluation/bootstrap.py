"""Values of metrics and their percentile bootstrap intervals, without calling a metric a thousand times.

A resample of the rows is a vector of counts, so a batch of resamples is a matrix of weights:
sums are one matrix product, rankings are sorted once and accumulated for the whole batch.

Above `EXACT_ROWS` the work no longer grows with resamples times rows. All rows still take part:
they are dealt at random to `BLOCKS` blocks, whole blocks are resampled (the variance is that of
resampling rows, for blocks of equal size dealt at random), and scores are cut into `BINS`
quantiles, so that a resample costs two products of (BLOCKS x BINS). The point value stays exact,
and the interval is moved by the difference that the bins make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from switchyard.evaluation.metrics import Bools, Floats, Integers, Ranked, Sample

EXACT_ROWS = 60_000
BLOCKS = 1_000
BINS = 1_000
_BATCH_CELLS = 1 << 16  # half a MB of weights stays in the cache

Weighted = Callable[[Floats], dict[str, Floats]]


@dataclass(frozen=True)
class Estimate:
    """A metric with its interval; None is "has no value on these rows"."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """JSON-able."""
        return {"value": self.value, "low": self.low, "high": self.high}


def estimate(sample: Sample, *, resamples: int, confidence: float, seed: int) -> dict[str, Estimate]:
    """Each metric of the sample with its percentile interval.

    Args:
        sample: From `metrics.binary`, `metrics.multiclass` or `metrics.regression`.
        resamples: How many bootstrap resamples; 0 leaves the intervals out.
        confidence: Of the two-sided interval, such as 0.95.
        seed: Two models with the same rows and seed see the same resamples.

    Returns:
        By metric. An interval is None if more than half of the resamples had no value
        (such as ROC AUC when hardly any row is positive).
    """
    if not resamples:
        return {name: Estimate(_defined(value)) for name, value in _values(sample).items()}
    values, draws = resampled(sample, resamples, seed)
    return {name: Estimate(_defined(values[name]), *_interval(draws[name], confidence)) for name in values}


def resampled(sample: Sample, resamples: int, seed: int) -> tuple[dict[str, float], dict[str, Floats]]:
    """Each metric's value, and its value on every resample.

    Args:
        sample: From `metrics.binary`, `metrics.multiclass` or `metrics.regression`.
        resamples: How many, at least one.
        seed: Two models with the same rows and seed see the same resamples, one by one.

    Returns:
        By metric, and by metric of shape (resamples,); NaN where it has none.
    """
    rows = len(sample.sums)
    values, rng = _values(sample), np.random.default_rng(seed)
    if rows * max(1, len(sample.rankings)) <= EXACT_ROWS or rows <= BLOCKS:
        return values, _draws(_exact(sample), rows, resamples, rng)
    weighted = _blocked(sample, rng)
    centres = {name: float(value[0]) for name, value in weighted(np.ones((1, BLOCKS))).items()}
    draws = _draws(weighted, BLOCKS, resamples, rng)
    return values, {name: drawn + (values[name] - centres[name]) for name, drawn in draws.items()}


def _values(sample: Sample) -> dict[str, float]:
    return {name: float(value[0]) for name, value in _exact(sample)(np.ones((1, len(sample.sums)))).items()}


def _draws(weighted: Weighted, units: int, resamples: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Every metric on every resample, batch by batch."""
    batch = max(1, _BATCH_CELLS // units)
    sizes = [min(batch, resamples - start) for start in range(0, resamples, batch)]
    drawn = [weighted(_counts(units, size, rng)) for size in sizes]
    return {name: np.concatenate([each[name] for each in drawn]) for name in drawn[0]}


def _counts(units: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each unit is drawn in each resample, of shape (resamples, units)."""
    drawn = rng.integers(0, units, size=(resamples, units), dtype=np.int64)
    drawn += np.arange(resamples)[:, None] * units
    return np.bincount(drawn.ravel(), minlength=resamples * units).reshape(resamples, units).astype(float)


def _interval(draws: Floats, confidence: float) -> tuple[float | None, float | None]:
    defined = draws[np.isfinite(draws)]
    if len(defined) * 2 < len(draws):
        return None, None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _exact(sample: Sample) -> Weighted:
    """The metrics for weights of single rows."""
    rankings = [_sorted(scores, positive) for scores, positive in sample.rankings]

    def weighted(weights: Floats) -> dict[str, Floats]:
        return sample.finish(weights @ sample.sums, [ranking(weights) for ranking in rankings])

    return weighted


def _sorted(scores: Floats, positive: Bools) -> Callable[[Floats], Ranked]:
    """Sorts once; then adds up any row weights from the highest score down, equal scores at once."""
    order = np.argsort(-scores, kind="stable")
    falling, is_hit = scores[order], positive[order].astype(float)
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    has_ties = len(last) < len(scores)

    def ranked(weights: Floats) -> Ranked:
        rows = np.take(weights, order, axis=1)
        hits = np.cumsum(rows * is_hit, axis=1)
        np.cumsum(rows, axis=1, out=rows)
        return (hits[:, last], rows[:, last]) if has_ties else (hits, rows)

    return ranked


def _blocked(sample: Sample, rng: np.random.Generator) -> Weighted:
    """The metrics for weights of whole blocks of rows, with scores cut into bins."""
    rows = len(sample.sums)
    block = rng.permutation(rows) % BLOCKS
    sums = np.stack([np.bincount(block, term, BLOCKS) for term in sample.sums.T], axis=1)
    rankings = [_binned(scores, positive, block) for scores, positive in sample.rankings]

    def weighted(weights: Floats) -> dict[str, Floats]:
        ranked = [(weights @ hits, weights @ all_rows) for hits, all_rows in rankings]
        return sample.finish(weights @ sums, ranked)

    return weighted


def _binned(scores: Floats, positive: Bools, block: Integers) -> Ranked:
    """Positives and all rows of each block at or above each bin of scores, falling; both (BLOCKS, bins)."""
    # Quantiles of both classes: rare positives still get bins of their own.
    levels = np.linspace(0, 1, BINS // 2)
    of_classes = [scores[side] for side in (positive, ~positive) if side.any()]
    edges = np.unique(np.concatenate([np.quantile(side, levels, method="nearest") for side in of_classes]))
    rising = np.searchsorted(edges, scores, side="right").clip(1) - 1
    cell = block * len(edges) + (len(edges) - 1 - rising)
    shape, size = (BLOCKS, len(edges)), BLOCKS * len(edges)
    hits = np.bincount(cell, positive, size).reshape(shape)
    rows = np.bincount(cell, minlength=size).reshape(shape).astype(float)
    return np.cumsum(hits, axis=1), np.cumsum(rows, axis=1)
