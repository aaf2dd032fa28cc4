"""Image models against each other on validation images, and the best one, once, on test images.

The twin of `tables.evaluate`, with a report of the same form. Images are decoded batch by batch,
once for all candidates; what is measured rests on their answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from switchyard.config.images import IMAGE_TASKS
from switchyard.config.recipes import ImageEvaluate
from switchyard.config.task_metrics import require_metric
from switchyard.errors import InputError
from switchyard.evaluation.evaluation import FEW_ROWS, Evaluation
from switchyard.evaluation.evaluation_report import DataSummary, EvaluationReport, TestFigures
from switchyard.evaluation.gates.namespace import flatten
from switchyard.evaluation.images.context import ImageContext
from switchyard.evaluation.images.subjects import subject_of
from switchyard.evaluation.latency import time_rows
from switchyard.evaluation.rating import best_of, rated_as, selection
from switchyard.evaluation.section_measuring import measure_sections
from switchyard.model.image_inference import ask, pixels, shape_of

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel

TARGET = "label"
_TIMED = 32  # images that latency is measured with


def evaluate(
    models: Sequence[OnnxModel],
    validation: pl.LazyFrame,
    test: pl.LazyFrame,
    recipe: ImageEvaluate,
    *,
    train: pl.LazyFrame,
    source: dict[str, Any] | None = None,
) -> Evaluation:
    """Measures every candidate on validation images and the best one on test images.

    Args:
        models: The candidates, all of one task; `metadata["candidate"]` is the name.
        validation: An ingested table of images.
        test: Likewise; seen by the best candidate only. Images of classes that a retrieval does not know are its
            open set: they count in no metric.
        recipe: What is measured of them.
        train: What the candidates were trained on; thumbnails of a gallery come from there.
        source: What is known of the data's origin, copied into the report.

    Raises:
        InputError: An unknown primary metric, no images, or a primary metric that no candidate has a value for.
    """
    task, metrics, seed = models[0].metadata["task"], recipe.metrics, recipe.seed
    if task not in IMAGE_TASKS:
        raise InputError(f"task {task} is not one of images: use one of {', '.join(IMAGE_TASKS)}")
    require_metric("metrics.primary", metrics.primary, task)
    subjects = [subject_of(each) for each in models]
    scored = [
        subject.score(inference, metrics, seed)
        for subject, inference in zip(subjects, ask(models, validation), strict=True)
    ]
    rows = validation.head(_TIMED).collect()
    rated = [rated_as(model, each.metrics, _latency(model, rows)) for model, each in zip(models, scored, strict=True)]
    names = [each.name for each in rated]
    warnings = [f"validation, {name}: {note}" for name, each in zip(names, scored, strict=True) for note in each.notes]
    chosen = best_of(rated, metrics.primary, "image")
    subject = subjects[chosen]
    (inference,) = ask([models[chosen]], test)
    final = subject.score(inference, metrics, seed)
    warnings += [f"test: {note}" for note in final.notes]
    counts = {"validation": _height(validation), "test": len(inference)}
    warnings += [
        f"{part}: only {rows} images, so the figures say little and their intervals are too narrow"
        for part, rows in counts.items()
        if rows < FEW_ROWS
    ]
    finite = subject.sample(inference, metrics.primary) is not None
    context = ImageContext(subject, inference, test, train, metrics, recipe.evaluation, seed)
    more, notes = measure_sections("images", context, has_finite_answers=finite)
    warnings += notes
    subject_name = f"{len(final.data['classes'])} classes"
    latency = _latency(models[chosen], test.head(_TIMED).collect(), calls=1000)
    report = EvaluationReport(
        name=models[chosen].metadata.get("name"),
        task=task,
        unit="image",
        best=names[chosen],
        selection=selection(metrics),
        data=DataSummary(TARGET, counts, source or {}, subject_name, **final.data),
        candidates=rated,
        test=TestFigures(final.metrics, latency, **final.drawings),
        undefined=final.undefined,
        warnings=warnings,
        sections=more,
    )
    return Evaluation(replace(report, gated=flatten(report)))


def _latency(model: OnnxModel, rows: pl.DataFrame, calls: int = 500) -> dict[str, float]:
    """Of one image, decoded already."""
    return time_rows(model, {"image": pixels(rows, shape_of(model))}, calls=calls)


def _height(images: pl.LazyFrame) -> int:
    import polars as pl

    return int(images.select(pl.len()).collect().item())
