"""What the steps deploy and release ask of a model of images; see `switchyard.tasks.serving`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchyard.serving.rollout.golden import golden_rows

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import ImageDeploy
    from switchyard.model.onnx_model import OnnxModel


def golden(model: OnnxModel, test: pl.LazyFrame, recipe: ImageDeploy) -> dict[str, Any]:
    """See `Serving.golden`: the first test images, which are not all read for that."""
    count = recipe.deployment.golden_rows
    return golden_rows(model, test.head(count).collect(), count)
