"""The metric of an image model on validation images: what `stability` holds other seeds against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from switchyard.errors import InputError
from switchyard.model.gallery import Gallery
from switchyard.model.gallery_of import gallery_of
from switchyard.model.image_inference import Inference, ask
from switchyard.statistics import metrics as definitions
from switchyard.statistics import retrieval
from switchyard.statistics.bootstrap import estimate
from switchyard.statistics.labels import positive_position

if TYPE_CHECKING:
    from switchyard.model.onnx_model import OnnxModel


def validation_metric(model: OnnxModel, metric: str, validation: str | Path) -> float | None:
    """One metric of the ONNX file, as the evaluation measures it.

    Args:
        model: Of either task.
        metric: Which one.
        validation: The table that it is measured on.

    Returns:
        None where the metric has no value.
    """
    import polars as pl

    (inference,) = ask([model], pl.scan_parquet(validation))
    if model.metadata["task"] == "image_retrieval":
        return _of_retrieval(model, inference, metric)
    probabilities = inference.outputs["probabilities"].astype(float)
    if not np.isfinite(probabilities).all():
        return None
    numbers = {label: number for number, label in enumerate(model.metadata["classes"])}
    truth = np.array([numbers.get(label, -1) for label in inference.labels.tolist()], dtype=np.int64)
    called = probabilities.argmax(axis=1)
    sample = definitions.classification(truth, probabilities, called, positive_position(list(numbers)))
    return estimate(sample, resamples=0, confidence=0.95, seed=0)[metric].value


def _of_retrieval(model: OnnxModel, inference: Inference, metric: str) -> float | None:
    gallery = gallery_of(model)
    known = inference.where(np.isin(inference.labels, list(gallery.classes)))
    queries = Gallery(known.outputs["embedding"], known.labels)
    if not np.isfinite(queries.embeddings).all():
        return None
    try:
        measure = retrieval.verification if metric == "eer" else retrieval.ranking
        found: float | None = measure(queries, gallery, resamples=0)[metric]["value"]
    except InputError:  # no image of a known class, or none of two
        return None
    return found
