"""Golden rows of a tabular model, for the steps deploy and release; see `switchyard.tasks.serving`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchyard.serving.rollout.expectations import applicable, expected_answers, rows_of
from switchyard.serving.rollout.golden import golden_rows

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import TableDeploy
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden_rows import GoldenRows


def golden(model: OnnxModel, test: pl.LazyFrame, recipe: TableDeploy) -> GoldenRows:
    """See `Serving.golden`."""
    expected: list[dict[str, Any]] = []
    expectations = recipe.expectations
    if expectations.rows or expectations.directional or expectations.invariant:
        asked = applicable(expectations, model)
        expected = expected_answers(model, rows_of(test, model, recipe.data.target), asked, seed=recipe.seed)
    return golden_rows(model, test.collect(), recipe.deployment.golden_rows, expected)
