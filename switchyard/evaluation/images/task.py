"""What the steps evaluate and promote do with models of images; `switchyard.tasks.evaluation` chooses this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.images import ImageContract, ImageData, ImageReporting, ImageTask
    from switchyard.config.sections import Champion, Expectations, Features, Metrics
    from switchyard.data.dataset import Dataset
    from switchyard.data.training_rows import TrainingRows
    from switchyard.evaluation.comparison_plan import Comparison
    from switchyard.evaluation.entrants import Entrant
    from switchyard.evaluation.evaluation import Evaluation
    from switchyard.model.onnx_model import OnnxModel


def evaluate(
    models: Sequence[OnnxModel],
    splits: Dataset,
    *,
    data: ImageData,
    task: ImageTask,
    contract: ImageContract,
    features: Features,
    metrics: Metrics,
    reporting: ImageReporting,
    expectations: Expectations,
    golden_rows: int,
    seed: int,
    source: dict[str, Any],
) -> Evaluation:
    """See `Evaluating.evaluate`."""
    from switchyard.evaluation.images.evaluate import evaluate as evaluate_models

    del data, task, contract, features, expectations, golden_rows
    return evaluate_models(
        models,
        validation=splits.scan("validation"),
        test=splits.scan("test"),
        train=splits.scan("train"),
        metrics=metrics,
        reporting=reporting,
        seed=seed,
        source=source,
    )


def compare(
    champion: OnnxModel,
    challenger: OnnxModel,
    test: pl.LazyFrame,
    *,
    seen: TrainingRows | None,
    data: ImageData,
    task: ImageTask,
    primary: str,
    settings: Champion,
    seed: int,
) -> Comparison:
    """See `Evaluating.compare`."""
    from switchyard.evaluation.images.comparison import compare as compare_models

    del data, task
    return compare_models(champion, challenger, test, seen=seen, primary=primary, settings=settings, seed=seed)


def side_by_side(
    first: Entrant,
    second: Entrant,
    rows: pl.LazyFrame,
    *,
    data: ImageData,
    task: ImageTask,
    metrics: Metrics,
    settings: Champion,
    seed: int,
) -> dict[str, Any]:
    """See `Evaluating.side_by_side`."""
    from switchyard.evaluation.images.side_by_side import side_by_side as show

    del data
    return show(first, second, rows, task=task, metrics=metrics, settings=settings, seed=seed)
