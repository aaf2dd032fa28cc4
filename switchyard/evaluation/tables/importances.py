"""Permutation importances: how much worse the primary metric gets when one column is shuffled among the test rows.

Breiman, "Random Forests", Machine Learning 45 (2001), section 10; on any model instead of a forest, and on test rows
instead of those out of the bag: Fisher, Rudin and Dominici, "All Models are Wrong, but Many are Useful", JMLR, 2019.
A column whose values another column repeats can look worthless: the model then still reads them there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.sections import Data, Importances, Metrics, Task
from switchyard.evaluation.tables.changed_rows import ChangedRows, Measured
from switchyard.statistics.bootstrap import estimate_of

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel


def importances(
    model: OnnxModel,
    test: pl.DataFrame,
    *,
    data: Data,
    task: Task,
    metrics: Metrics,
    settings: Importances,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """What each column is worth to the model.

    Args:
        model: The ONNX file.
        test: Rows that it was not trained on, without a null in the target.
        data: Names the target.
        task: What the model does.
        metrics: `primary`, and the number of resamples and confidence of the intervals.
        settings: How many rows are used at most, and how often each column is shuffled.
        seed: Of the rows, the shuffles and the resamples.

    Returns:
        By column the loss of `metrics.primary` as `{"value", "low", "high", "n"}`, positive if the metric gets worse
        without the column. The value is the mean over the shuffles; the interval covers the variability of
        the shuffles and of the rows: resamples of the rows are spread evenly over the shuffles, and pooled.
    """
    rows = ChangedRows(model, test, data, task, metrics.primary).drawn(settings.rows, seed)
    height = rows.frame.height
    orders = [np.random.default_rng([seed, repeat]).permutation(height) for repeat in range(settings.repeats)]
    resamples = -(-metrics.bootstrap // settings.repeats)
    whole = rows.sample({})
    before = [rows.measured(whole, resamples, seed + i) if whole else None for i in range(settings.repeats)]
    found = {}
    for name, values in rows.feed.items():
        losses = [_loss(rows, before[i], {name: values[order]}, resamples, seed + i) for i, order in enumerate(orders)]
        value = float(np.mean([each for each, _ in losses]))
        found[name] = estimate_of(value, np.concatenate([draws for _, draws in losses]), metrics.confidence, height)
    return found


def _loss(
    rows: ChangedRows, before: Measured | None, changed: dict[str, np.ndarray], resamples: int, seed: int
) -> Measured:
    after = rows.sample(changed)
    if before is None or after is None:
        return float("nan"), np.full(resamples, np.nan)
    return rows.losses(before, rows.measured(after, resamples, seed))
