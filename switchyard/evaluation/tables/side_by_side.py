"""Two versions of a model on the same rows, whichever is the champion: `python run.py compare` shows it.

Each reads the raw columns that it wants; rows that either was trained on are left out. The paired test is that of
champion against challenger, the first version in the champion's place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from switchyard.config.recipes import TablePromote
from switchyard.config.sections import Data, Task
from switchyard.evaluation.comparison_plan import unseen
from switchyard.evaluation.entrants import Entrant, beside, told
from switchyard.evaluation.latency import latency_ms
from switchyard.evaluation.scoring import ask, score
from switchyard.evaluation.tables.comparison import compare, obstacle_of
from switchyard.model.onnx_model import OnnxModel

if TYPE_CHECKING:
    import polars as pl


def side_by_side(first: Entrant, second: Entrant, rows: pl.LazyFrame, recipe: TablePromote) -> dict[str, Any]:
    """What both are worth, and whether they differ.

    Args:
        first: One version.
        second: The other.
        rows: Raw columns and the target.
        recipe: What the use case is about today, what is measured, and by which paired test.

    Returns:
        JSON-able: `unit`, what a row is; `rows` that both answered, `left_out`, a dict a version in `versions` (metrics
        or `why` not, size, latency, and as `facts` what else tells them apart), `comparison` (None if one cannot be
        asked), `better` (a name, or None) and the `verdict` in words.
    """
    import polars as pl

    data, task, metrics = recipe.data, recipe.task, recipe.metrics
    masks = [unseen(rows, each.seen, each.name) for each in (first, second)]
    is_fresh = pl.Series(masks[0][0] & masks[1][0])
    notes = tuple(dict.fromkeys([*masks[0][1], *masks[1][1]]))
    table = rows.collect()
    known = table[data.target].is_not_null()
    if table[data.target].dtype.is_float():
        known &= table[data.target].is_not_nan().fill_null(False)
    fresh, left_out = table.filter(known & is_fresh), int((known & ~is_fresh).sum())
    why = {each.name: _why_not(each, fresh, data, task) for each in (first, second)}
    positive = second.model.metadata.get("positive")
    versions = {each.name: _version(each.model, fresh, recipe, positive, why[each.name]) for each in (first, second)}
    found = {"unit": "row", "rows": len(fresh), "left_out": left_out, "primary": metrics.primary, "versions": versions}
    found |= {"comparison": None, "better": None}
    unasked = [f"{name} cannot be asked: {reason}" for name, reason in why.items() if reason]
    if unasked:
        return {**found, "notes": list(notes), "verdict": f"not compared: {'; '.join(unasked)}"}
    names = (first.name, second.name)
    comparison = compare(first.model, second.model, fresh.lazy(), recipe, first.seen, names)
    return {**found, **beside(comparison, first.name, second.name, notes)}


def _why_not(each: Entrant, rows: pl.DataFrame, data: Data, task: Task) -> str:
    """Why a version has no answer to today's question; empty if it has one."""
    if each.model.metadata["task"] != task:
        return f"it is a {each.model.metadata['task']}, today's config a {task}"
    if rows.is_empty():
        return "no row is left that neither was trained on"
    return obstacle_of(each.model, each.model, rows.lazy(), data, (each.name, "today's config"))


def _version(
    model: OnnxModel,
    rows: pl.DataFrame,
    recipe: TablePromote,
    positive: object,
    why: str,
) -> dict[str, Any]:
    metadata, about = model.metadata, told(model)
    if why:
        return {**about, "metrics": {}, "undefined": {}, "latency_ms": {}, "why": why}
    if positive is not None and len(metadata["classes"]) == 2 and positive in metadata["classes"]:
        model = replace(model, metadata={**metadata, "positive": positive})  # F1 of the same class for both
    scored = score(ask(model, rows, recipe.data.target), recipe.metrics, recipe.seed)
    measured = {"metrics": scored.metrics, "undefined": scored.undefined, "latency_ms": latency_ms(model, rows)}
    return {**about, **measured, "why": ""}
