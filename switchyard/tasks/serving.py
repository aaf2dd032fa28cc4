"""What a version is asked before it goes live: what the steps deploy and release do for a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import DeployRecipe
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden_rows import GoldenRows


class Serving(Protocol):
    """What an endpoint must answer."""

    def golden(self, model: OnnxModel, test: pl.LazyFrame, recipe: DeployRecipe) -> GoldenRows:
        """Golden rows and what else must hold, see `switchyard.serving.rollout.golden`.

        Args:
            model: What answers, in this process.
            test: The rows that some are taken from.
            recipe: Of this kind; expectations about columns that the model does not read are left out.
        """
