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
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from switchyard.statistics.metrics import Bools, Floats, Integers, Ranked, Sample

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

EXACT_ROWS = 60_000
BLOCKS = 1_000
BINS = 1_000
_BATCH_CELLS = 1 << 16  # half a MB of weights stays in the cache

Weighted = Callable[[Floats], dict[str, Floats]]


class Figure(TypedDict):
    """An `Estimate` as JSON: value, bounds of the interval, and the rows behind it; None where there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; None is "has no value on these rows".

    Attributes:
        value: The figure.
        low: Lower end of its interval.
        high: Upper end.
        n: How many rows it rests on.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0

    def as_dict(self) -> Figure:
        """JSON-able."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


@dataclass(frozen=True)
class Plan:
    """From how many rows on whole blocks are resampled, and how fine they and the bins of scores are then.

    With B blocks the width of an interval is itself uncertain by about 1 / sqrt(2 B) of it: 2 % of 1,000, 5 % of 200.
    """

    exact_rows: int
    blocks: int
    bins: int


QUICK = Plan(exact_rows=2_000, blocks=200, bins=200)
"""For the many intervals of slices: a tenth of the work, and hardly less to be read from them."""


def estimate(
    sample: Sample, *, resamples: int, confidence: float, seed: int, plan: Plan | None = None
) -> dict[str, Estimate]:
    """Each metric of the sample with its percentile interval.

    Args:
        sample: From `metrics.binary`, `metrics.multiclass` or `metrics.regression`.
        resamples: How many bootstrap resamples; 0 leaves the intervals out.
        confidence: Of the two-sided interval, such as 0.95.
        seed: Two models with the same rows and seed see the same resamples.
        plan: How fine; None as this module's constants say.

    Returns:
        By metric. An interval is None if more than half of the resamples had no value
        (such as ROC AUC when hardly any row is positive).
    """
    rows = len(sample.sums)
    if not resamples:
        return {name: Estimate(_defined(value), n=rows) for name, value in _values(sample).items()}
    values, draws = resampled(sample, resamples, seed, plan)
    return {name: Estimate(_defined(values[name]), *_interval(draws[name], confidence), rows) for name in values}


def resampled(
    sample: Sample, resamples: int, seed: int, plan: Plan | None = None
) -> tuple[dict[str, float], dict[str, Floats]]:
    """Each metric's value, and its value on every resample.

    Args:
        sample: From `metrics.binary`, `metrics.multiclass` or `metrics.regression`.
        resamples: How many, at least one.
        seed: Two models with the same rows and seed see the same resamples, one by one.
        plan: How fine; None as this module's constants say.

    Returns:
        By metric, and by metric of shape (resamples,); NaN where it has none.
    """
    plan = plan or Plan(EXACT_ROWS, BLOCKS, BINS)
    rows = len(sample.sums)
    values, rng = _values(sample), np.random.default_rng(seed)
    if rows * max(1, len(sample.rankings)) <= plan.exact_rows or rows <= plan.blocks:
        return values, _draws(_exact(sample), rows, resamples, rng)
    weighted = _blocked(sample, rng, plan)
    centres = {name: float(value[0]) for name, value in weighted(np.ones((1, plan.blocks))).items()}
    draws = _draws(weighted, plan.blocks, resamples, rng)
    return values, {name: drawn + (values[name] - centres[name]) for name, drawn in draws.items()}


def _values(sample: Sample) -> dict[str, float]:
    return {name: float(value[0]) for name, value in _exact(sample)(np.ones((1, len(sample.sums)))).items()}


def _draws(weighted: Weighted, units: int, resamples: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Every metric on every resample, batch by batch."""
    batch = max(1, _BATCH_CELLS // units)
    sizes = [min(batch, resamples - start) for start in range(0, resamples, batch)]
    # Products this small are hardly faster on several threads, and on a busy machine these wait for each other. And the
    # last digits do not depend on how many cores there are.
    with _threads().limit(limits=1, user_api="blas"):
        drawn = [weighted(_counts(units, size, rng)) for size in sizes]
    return {name: np.concatenate([each[name] for each in drawn]) for name in drawn[0]}


@cache
def _threads() -> ThreadpoolController:
    """Looked for once: that takes longer than a small bootstrap."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


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


def _blocked(sample: Sample, rng: np.random.Generator, plan: Plan) -> Weighted:
    """The metrics for weights of whole blocks of rows, with scores cut into bins."""
    rows = len(sample.sums)
    block = rng.permutation(rows) % plan.blocks
    sums = np.stack([np.bincount(block, term, plan.blocks) for term in sample.sums.T], axis=1)
    rankings = [_binned(scores, positive, block, plan) for scores, positive in sample.rankings]

    def weighted(weights: Floats) -> dict[str, Floats]:
        ranked = [(weights @ hits, weights @ all_rows) for hits, all_rows in rankings]
        return sample.finish(weights @ sums, ranked)

    return weighted


def _binned(scores: Floats, positive: Bools, block: Integers, plan: Plan) -> Ranked:
    """Positives and all rows of each block at or above each bin of scores, falling; both (blocks, bins)."""
    # Quantiles of both classes: rare positives still get bins of their own.
    levels = np.linspace(0, 1, plan.bins // 2)
    of_classes = [scores[side] for side in (positive, ~positive) if side.any()]
    edges = np.unique(np.concatenate([np.quantile(side, levels, method="nearest") for side in of_classes]))
    rising = np.searchsorted(edges, scores, side="right").clip(1) - 1
    cell = block * len(edges) + (len(edges) - 1 - rising)
    shape, size = (plan.blocks, len(edges)), plan.blocks * len(edges)
    hits = np.bincount(cell, positive, size).reshape(shape)
    rows = np.bincount(cell, minlength=size).reshape(shape).astype(float)
    return np.cumsum(hits, axis=1), np.cumsum(rows, axis=1)


def estimate_of(value: float, draws: Floats, confidence: float, rows: int) -> dict[str, Any]:
    """A value with its percentile interval as reports have it; None where it has none.

    Args:
        value: On the rows.
        draws: On resamples of them, NaN where there is none; without any there is no interval.
        confidence: Of the two-sided interval.
        rows: How many rows it rests on.
    """
    defined = draws[np.isfinite(draws)]
    low = high = None
    if len(defined) and len(defined) * 2 >= len(draws):
        tail = (1 - confidence) / 2
        low, high = (float(bound) for bound in np.quantile(defined, [tail, 1 - tail]))
    return {"value": float(value) if np.isfinite(value) else None, "low": low, "high": high, "n": rows}
