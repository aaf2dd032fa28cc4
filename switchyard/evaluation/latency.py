"""How long one row takes: onnxruntime in this process, one thread, batch of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel

_DISTINCT_ROWS = 100


def latency_ms(model: OnnxModel, frame: pl.DataFrame, *, calls: int = 500, budget_s: float = 0.25) -> dict[str, float]:
    """Milliseconds of a single-row prediction, without building its input arrays.

    Args:
        model: Runs on the one thread of its own session.
        frame: Raw columns; up to 100 of its rows are used in turn.
        calls: Timed calls at most, after a tenth as many to warm up.
        budget_s: No further call is started after this time, except for the first 20.

    Returns:
        The quantiles `p50`, `p95` and `p99`.
    """
    return time_rows(model, model.inputs(frame.head(_DISTINCT_ROWS)), calls=calls, budget_s=budget_s)


def time_rows(
    model: OnnxModel, feed: Mapping[str, np.ndarray], *, calls: int = 500, budget_s: float = 0.25
) -> dict[str, float]:
    """As `latency_ms`, for input arrays of shape (rows, ...) that there are already."""
    feeds, ask = _single_rows(feed), _asked(model)
    for one in islice(cycle(feeds), calls // 10):
        ask(one)
    times: list[int] = []
    end = time.perf_counter() + budget_s
    for one in islice(cycle(feeds), calls):
        start = time.perf_counter_ns()
        ask(one)
        times.append(time.perf_counter_ns() - start)
        if len(times) >= 20 and time.perf_counter() > end:
            break
    p50, p95, p99 = np.quantile(times, [0.5, 0.95, 0.99]) / 1e6
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99)}


def _asked(model: OnnxModel) -> Callable[[dict[str, np.ndarray]], object]:
    """The graph, and the search in the index that lies beside it, if one does."""
    return model.answer if model.companions else partial(model.session.run, None)


def _single_rows(feed: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    rows = min(len(next(iter(feed.values()))), _DISTINCT_ROWS)
    return [{name: values[row : row + 1] for name, values in feed.items()} for row in range(rows)]
