"""Champion against challenger: both ONNX files answer the same rows, a paired test says whether they differ.

The promote step asks `compare` after all gates have passed. Each model reads the raw columns that it wants; rows that
the champion was trained on are left out. What cannot be compared is "too close to call", with the reason: the
config says what follows from that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.recipes import TablePromote
from switchyard.config.sections import Data, Task
from switchyard.evaluation.comparison_plan import (
    RESAMPLES,
    ROLES,
    UNSURE,
    Comparison,
    Names,
    Plan,
    bootstrapped,
    decided,
    difference_of_classes,
    judge,
    not_finite,
    plan_of,
    unseen,
)
from switchyard.evaluation.scoring import outputs_of
from switchyard.statistics import metrics as definitions
from switchyard.statistics.difference import Difference

if TYPE_CHECKING:
    import polars as pl

    from switchyard.data.training_rows import TrainingRows
    from switchyard.model.onnx_model import OnnxModel

__all__ = ["RESAMPLES", "ROLES", "Comparison", "compare", "judge", "obstacle_of", "unseen"]


def compare(
    champion: OnnxModel,
    challenger: OnnxModel,
    test: pl.LazyFrame,
    recipe: TablePromote,
    seen: TrainingRows | None,
    names: Names = ROLES,
) -> Comparison:
    """Asks both models about the test rows that neither was trained on.

    Args:
        champion: The model in production.
        challenger: The best candidate, trained on none of `test`.
        test: Raw columns and the target.
        recipe: What the challenger does, and how the two are compared.
        seen: The champion's training rows; None if they were never recorded.
        names: What the sentences call the two.
    """
    data, task, settings = recipe.data, recipe.task, recipe.champion
    is_binary = task == "classification" and len(challenger.metadata["classes"]) == 2
    plan = plan_of(recipe.metrics.primary, is_binary, settings, recipe.seed, names)
    obstacle = obstacle_of(champion, challenger, test, data, names)
    if obstacle:
        return plan.outcome(UNSURE, f"{names[0]} cannot be compared: {obstacle}")
    is_known = test.select(known=_is_known(test, data.target)).collect()["known"].to_numpy()
    is_fresh, notes = unseen(test, seen, names[0])
    frame = _answered_rows(test, champion, challenger, data.target, is_known & is_fresh)
    left_out = int((is_known & ~is_fresh).sum())
    if settings.test == "delong" and plan.test != "delong":
        notes = (*notes, "DeLong's test is for two classes, so the bootstrap took its place")
    return decided(
        plan, len(frame), left_out, notes, lambda: _difference(champion, challenger, frame, data, task, plan)
    )


def obstacle_of(champion: OnnxModel, challenger: OnnxModel, test: pl.LazyFrame, data: Data, names: Names) -> str:
    """Why the champion has no answer to today's question; empty if it has one."""
    metadata = champion.metadata
    if metadata["task"] != challenger.metadata["task"]:
        return f"it is a {metadata['task']}, {names[1]} a {challenger.metadata['task']}"
    if metadata.get("target", data.target) != data.target:
        return f"it predicts {metadata['target']}, {names[1]} {data.target}"
    schema = test.collect_schema()
    missing = [spec["name"] for spec in metadata["inputs"] if spec["name"] not in schema]
    if missing:
        return f"it reads {', '.join(missing)}, which today's contract does not have"
    text = [
        spec["name"] for spec in metadata["inputs"] if spec["datatype"] != "BYTES" and _is_text(schema[spec["name"]])
    ]
    if text:
        return f"it reads {', '.join(text)} as a number, which is text in today's contract"
    return ""


def _is_text(kind: pl.DataType) -> bool:
    return not (kind.is_numeric() or kind.is_(_boolean()))


def _boolean() -> pl.DataType:
    import polars as pl

    return pl.Boolean()


def _is_known(test: pl.LazyFrame, target: str) -> pl.Expr:
    import polars as pl

    value = pl.col(target)
    return value.is_not_null() & value.is_not_nan() if test.collect_schema()[target].is_float() else value.is_not_null()


def _answered_rows(
    test: pl.LazyFrame, champion: OnnxModel, challenger: OnnxModel, target: str, wanted: np.ndarray
) -> pl.DataFrame:
    import polars as pl

    columns = {target, *(spec["name"] for model in (champion, challenger) for spec in model.metadata["inputs"])}
    return test.select(sorted(columns)).collect().filter(pl.Series(wanted))


def _difference(
    champion: OnnxModel, challenger: OnnxModel, frame: pl.DataFrame, data: Data, task: Task, plan: Plan
) -> Difference | str:
    """The test's result, or why there is none."""
    if task == "regression":
        truth = frame[data.target].to_numpy().astype(float)
        old, new = (
            outputs_of(model, frame)["prediction"].reshape(-1).astype(float) for model in (champion, challenger)
        )
        if reason := not_finite(old, new, plan):
            return reason
        return bootstrapped(definitions.regression(truth, old), definitions.regression(truth, new), plan)
    outputs = (outputs_of(champion, frame), outputs_of(challenger, frame))
    return difference_of_classes((champion.metadata, challenger.metadata), outputs, frame[data.target], plan)
