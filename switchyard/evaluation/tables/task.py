"""What the steps evaluate and promote do with models of a table.

`switchyard.tasks.evaluation.Evaluating` says what each is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.tables.comparison import compare
from switchyard.evaluation.tables.side_by_side import side_by_side

if TYPE_CHECKING:
    from switchyard.config.recipes import TableEvaluate
    from switchyard.data.dataset import Dataset
    from switchyard.evaluation.evaluation import Evaluation
    from switchyard.model.onnx_model import OnnxModel

__all__ = ["compare", "side_by_side"]


def evaluate(models: Sequence[OnnxModel], splits: Dataset, recipe: TableEvaluate, source: dict[str, Any]) -> Evaluation:
    """See `Evaluating.evaluate`."""
    from switchyard.evaluation.tables.evaluate import evaluate as evaluate_models

    train, validation, test = (splits.scan(part) for part in ("train", "validation", "test"))
    return evaluate_models(models, validation, test, recipe, train=train, source=source)
