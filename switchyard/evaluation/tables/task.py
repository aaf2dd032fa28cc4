"""What the steps evaluate and promote do with models of a table; `switchyard.tasks.evaluation` chooses this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.tables.comparison import compare
from switchyard.evaluation.tables.side_by_side import side_by_side

if TYPE_CHECKING:
    from switchyard.config.sections import Contract, Data, Expectations, Features, Metrics, Reporting, Task
    from switchyard.data.dataset import Dataset
    from switchyard.evaluation.evaluation import Evaluation
    from switchyard.model.onnx_model import OnnxModel

__all__ = ["compare", "side_by_side"]


def evaluate(
    models: Sequence[OnnxModel],
    splits: Dataset,
    *,
    data: Data,
    task: Task,
    contract: Contract,
    features: Features,
    metrics: Metrics,
    reporting: Reporting,
    expectations: Expectations,
    golden_rows: int,
    seed: int,
    source: dict[str, Any],
) -> Evaluation:
    """See `Evaluating.evaluate`."""
    from switchyard.evaluation.tables.context import Wanted
    from switchyard.evaluation.tables.evaluate import evaluate as evaluate_models

    return evaluate_models(
        models,
        validation=splits.scan("validation"),
        test=splits.scan("test"),
        data=data,
        task=task,
        metrics=metrics,
        seed=seed,
        source=source,
        wanted=Wanted(splits.scan("train"), contract, features, reporting, expectations, golden_rows),
    )
