"""What the steps evaluate and promote do with models of images; `switchyard.tasks.evaluation` chooses this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from switchyard.config import Data, Metrics

if TYPE_CHECKING:
    import polars as pl

    from switchyard.data.dataset import Dataset
    from switchyard.evaluation.comparison import Comparison
    from switchyard.evaluation.evaluate import Evaluation
    from switchyard.evaluation.side_by_side import Entrant
    from switchyard.models.onnx_model import OnnxModel

_TABLE = Data(uri="images", target="label")


def evaluate(
    models: Sequence[OnnxModel],
    splits: Dataset,
    *,
    metrics: Metrics,
    seed: int,
    source: dict[str, Any],
    **given: Any,  # noqa: ANN401 - see `Evaluating`
) -> Evaluation:
    """See `Evaluating.evaluate`."""
    from switchyard.evaluation.evaluate import evaluate as evaluate_models

    return evaluate_models(
        models,
        validation=splits.scan("validation"),
        test=splits.scan("test"),
        data=_TABLE,
        task="classification",
        metrics=metrics,
        seed=seed,
        source=source,
    )


def compare(champion: OnnxModel, challenger: OnnxModel, test: pl.LazyFrame, **given: Any) -> Comparison:  # noqa: ANN401
    """See `Evaluating.compare`."""
    from switchyard.evaluation.comparison import compare as compare_tables

    return compare_tables(champion, challenger, test, **{**given, "data": _TABLE, "task": "classification"})


def side_by_side(first: Entrant, second: Entrant, rows: pl.LazyFrame, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """See `Evaluating.side_by_side`."""
    from switchyard.evaluation.side_by_side import side_by_side as of_tables

    return of_tables(first, second, rows, **{**given, "data": _TABLE, "task": "classification"})
