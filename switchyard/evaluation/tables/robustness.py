"""Robustness: the primary metric when the test rows are not as clean as those that the model has learned from.

The same rows are perturbed in three ways, one at a time: cells go missing, numbers are a little off, and
categories are new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.sections import Metrics, Robustness
from switchyard.evaluation.tables.changed_rows import ChangedRows, Measured
from switchyard.statistics.bootstrap import estimate_of

if TYPE_CHECKING:
    pass

LABELS = {"missing": "missing values", "noise": "noise on numbers", "unknown": "unknown categories"}

ROWS = 20_000
"""More rows make the intervals no narrower than a reader can see."""


def robustness(
    test: ChangedRows,
    *,
    metrics: Metrics,
    settings: Robustness,
    seed: int,
    categorical: Collection[str] = (),
    rows: int = ROWS,
) -> dict[str, dict[str, Any]]:
    """The metric on perturbed rows, and what it loses against the same rows as they are.

    Args:
        test: The model, and rows that it was not trained on.
        metrics: `primary`, and the number of resamples and confidence of the intervals.
        settings: `missing` is the share of all cells that are emptied, `unknown` the share of the category cells
            that get a value which nobody has seen, `noise` the normal noise on numbers, in standard deviations of
            the column among these rows; true and false stay as they are.
        seed: Of the rows, what is perturbed, and the resamples.
        categorical: Number columns that the model takes as categories; text always is one.
        rows: How many are used at most.

    Returns:
        By kind of perturbation, if the model reads a column that it applies to: `label`, its name in words, the
        metric's estimate under its name, and `loss`, `loss_low`, `loss_high`: positive if the metric is worse, paired
        on the same rows.
    """
    asked = test.drawn(rows, seed)
    whole = asked.sample({})
    before = asked.measured(whole, metrics.bootstrap, seed) if whole else None
    return {
        kind: {"label": LABELS[kind], **_measured(asked, before, changed, metrics, seed)}
        for kind, changed in _perturbed(asked, settings, frozenset(categorical), seed)
        if changed
    }


def kinds(text: bool, numbers: bool) -> tuple[str, ...]:
    """Which kinds there will be for a model that reads text or other categories, or numbers."""
    return ("missing", *(["noise"] if numbers else []), *(["unknown"] if text else []))


def _perturbed(
    rows: ChangedRows, settings: Robustness, categorical: frozenset[str], seed: int
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The inputs that each kind of perturbation changes."""
    import polars as pl

    text = {name for name, values in rows.feed.items() if values.dtype == object}
    truths = {name for name in rows.feed if rows.frame[name].dtype == pl.Boolean}
    drawing = np.random.default_rng([seed, 1])
    missing = {}
    for name, values in rows.feed.items():
        missing[name] = np.where(
            drawing.random(values.shape) < settings.missing, "" if name in text else np.nan, values
        )
        missing[name] = missing[name].astype(values.dtype)
    yield "missing", missing
    drawing = np.random.default_rng([seed, 2])
    noisy = {}
    for name, values in rows.feed.items():
        if name not in text | truths | categorical:
            finite = values[np.isfinite(values)].astype(float)
            spread = float(finite.std()) if len(finite) else 0.0
            moved = values + settings.noise * spread * drawing.standard_normal(values.shape)
            noisy[name] = moved.astype(values.dtype)
    yield "noise", noisy
    drawing = np.random.default_rng([seed, 3])
    unknown = {}
    for name, values in rows.feed.items():
        if name in text | (categorical & set(rows.feed)):
            hit = drawing.random(values.shape) < settings.unknown
            unknown[name] = np.where(hit, _never_seen(values), values).astype(values.dtype)
    yield "unknown", unknown


def _never_seen(values: np.ndarray) -> str | float:
    """A value that is none of them, nor likely to be one of the training rows."""
    if values.dtype == object:
        longest = max((str(value) for value in values.ravel()), key=len, default="")
        return f"{longest} never seen"
    return float(np.nanmax(np.abs(values), initial=0.0)) * 1000 + 12345.5


def _measured(
    rows: ChangedRows, before: Measured | None, changed: dict[str, np.ndarray], metrics: Metrics, seed: int
) -> dict[str, Any]:
    after, height = rows.sample(changed), rows.frame.height
    if before is None or after is None:
        nothing = {"value": None, "low": None, "high": None, "n": height}
        return {metrics.primary: nothing, "loss": None, "loss_low": None, "loss_high": None}
    measured = rows.measured(after, metrics.bootstrap, seed)
    loss = estimate_of(*rows.losses(before, measured), metrics.confidence, height)
    return {
        metrics.primary: estimate_of(*measured, metrics.confidence, height),
        "loss": loss["value"],
        "loss_low": loss["low"],
        "loss_high": loss["high"],
    }
