"""What the steps evaluate and promote do with models of images.

`switchyard.tasks.evaluation.Evaluating` says what each is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import ImageEvaluate, ImagePromote
    from switchyard.data.dataset import Dataset
    from switchyard.data.training_rows import TrainingRows
    from switchyard.evaluation.comparison_plan import Comparison
    from switchyard.evaluation.entrants import Entrant
    from switchyard.evaluation.evaluation import Evaluation
    from switchyard.model.onnx_model import OnnxModel


def evaluate(models: Sequence[OnnxModel], splits: Dataset, recipe: ImageEvaluate, source: dict[str, Any]) -> Evaluation:
    """See `Evaluating.evaluate`."""
    from switchyard.evaluation.images.evaluate import evaluate as evaluate_models

    train, validation, test = (splits.scan(part) for part in ("train", "validation", "test"))
    return evaluate_models(models, validation, test, recipe, train=train, source=source)


def compare(
    champion: OnnxModel,
    challenger: OnnxModel,
    test: pl.LazyFrame,
    recipe: ImagePromote,
    seen: TrainingRows | None,
) -> Comparison:
    """See `Evaluating.compare`."""
    from switchyard.evaluation.images.comparison import compare as compare_models

    return compare_models(champion, challenger, test, recipe, seen)


def side_by_side(first: Entrant, second: Entrant, rows: pl.LazyFrame, recipe: ImagePromote) -> dict[str, Any]:
    """See `Evaluating.side_by_side`."""
    from switchyard.evaluation.images.side_by_side import side_by_side as show

    return show(first, second, rows, recipe)
