"""What the steps deploy and release ask of a model of images; `switchyard.tasks.serving` chooses this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchyard.serving.rollout.golden import golden_rows

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.images import ImageData
    from switchyard.config.sections import Expectations
    from switchyard.model.onnx_model import OnnxModel


def golden(
    model: OnnxModel, test: pl.LazyFrame, *, data: ImageData, expectations: Expectations, count: int, seed: int
) -> dict[str, Any]:
    """See `Serving.golden`: the first test images, which are not all read for that."""
    del data, expectations, seed
    return golden_rows(model, test.head(count).collect(), count)
