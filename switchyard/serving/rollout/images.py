"""Golden rows of an image model, for the steps deploy and release; see `switchyard.tasks.serving`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.serving.rollout.golden import golden_rows

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import ImageDeploy
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden_rows import GoldenRows


def golden(model: OnnxModel, test: pl.LazyFrame, recipe: ImageDeploy) -> GoldenRows:
    """See `Serving.golden`: the first test images, without reading the others."""
    count = recipe.deployment.golden_rows
    return golden_rows(model, test.head(count).collect(), count)
