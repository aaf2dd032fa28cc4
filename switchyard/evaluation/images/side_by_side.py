"""Two versions of an image model on the same images; the twin of `tables.side_by_side`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from switchyard.config.recipes import ImagePromote
from switchyard.config.sections import Metrics
from switchyard.evaluation.comparison_plan import unseen
from switchyard.evaluation.entrants import Entrant, beside, told
from switchyard.evaluation.images.comparison import compare
from switchyard.evaluation.images.subjects import subject_of
from switchyard.evaluation.latency import time_rows
from switchyard.model.image_inference import ask, pixels, shape_of

if TYPE_CHECKING:
    from switchyard.model.onnx_model import OnnxModel

_TIMED = 32


def side_by_side(first: Entrant, second: Entrant, rows: pl.LazyFrame, recipe: ImagePromote) -> dict[str, Any]:
    """What both are worth, and whether they differ; arguments and answer as in the module for tables.

    Args:
        first: One version.
        second: The other.
        rows: An ingested table of images.
        recipe: What the use case is about today, what is measured, and by which paired test.
    """
    task, metrics, seed = recipe.task, recipe.metrics, recipe.seed
    masks = [unseen(rows, each.seen, each.name, "image") for each in (first, second)]
    is_fresh = masks[0][0] & masks[1][0]
    notes = tuple(dict.fromkeys([*masks[0][1], *masks[1][1]]))
    fresh = rows.with_columns(fresh=pl.Series(is_fresh)).filter("fresh").drop("fresh")
    images = int(is_fresh.sum())
    counts = {"unit": "image", "rows": images, "left_out": int((~is_fresh).sum()), "primary": metrics.primary}
    why = {each.name: _why_not(each.model, task, images) for each in (first, second)}
    versions = {each.name: _version(each.model, fresh, metrics, seed, why[each.name]) for each in (first, second)}
    notes += tuple(f"{name}: {note}" for name, each in versions.items() for note in each.pop("notes"))
    found = {**counts, "versions": versions, "comparison": None, "better": None}
    unasked = [f"{name} cannot be asked: {reason}" for name, reason in why.items() if reason]
    if unasked:
        return {**found, "notes": list(notes), "verdict": f"not compared: {'; '.join(unasked)}"}
    names = (first.name, second.name)
    comparison = compare(first.model, second.model, fresh, recipe, first.seen, names)
    return {**found, **beside(comparison, first.name, second.name, notes)}


def _why_not(model: OnnxModel, task: str, images: int) -> str:
    if model.metadata["task"] != task:
        return f"its task is {model.metadata['task']}, today's {task}"
    return "" if images else "no image is left that neither was trained on"


def _facts(model: OnnxModel) -> dict[str, str]:
    """What tells two models of images apart beside their figures."""
    height, width, channels = shape_of(model)
    facts = {"sees": f"{height} × {width} pixels, {'grey' if channels == 1 else 'colour'}"}
    if gallery := model.metadata.get("gallery"):
        facts["gallery"] = f"{gallery['images']:,} images of {len(model.metadata['classes'])} classes"
    else:
        facts["classes"] = f"{len(model.metadata['classes'])}"
    return facts


def _version(model: OnnxModel, images: pl.LazyFrame, metrics: Metrics, seed: int, why: str) -> dict[str, Any]:
    about = told(model) | {"facts": _facts(model)}
    if why:
        return {**about, "metrics": {}, "undefined": {}, "latency_ms": {}, "why": why, "notes": ()}
    (inference,) = ask([model], images)
    scored = subject_of(model).score(inference, metrics, seed)
    latency = time_rows(model, {"image": pixels(images.head(_TIMED).collect(), shape_of(model))})
    measured = {"metrics": scored.metrics, "undefined": scored.undefined, "latency_ms": latency}
    return {**about, **measured, "why": "", "notes": scored.notes}
