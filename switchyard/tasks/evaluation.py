"""What an ONNX file is worth, alone and against another: what the steps evaluate and promote do for a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from switchyard.config.images import IMAGE_TASKS, AnyReporting
from switchyard.config.sections import TABLE_TASKS, Champion, Expectations, Features, Metrics, Section

if TYPE_CHECKING:
    import polars as pl

    from switchyard.data.dataset import Dataset
    from switchyard.data.training_rows import TrainingRows
    from switchyard.evaluation.comparison_plan import Comparison
    from switchyard.evaluation.entrants import Entrant
    from switchyard.evaluation.evaluation import Evaluation
    from switchyard.model.onnx_model import OnnxModel


class Evaluating(Protocol):
    """What is measured of models."""

    def evaluate(
        self,
        models: Sequence[OnnxModel],
        splits: Dataset,
        *,
        data: Section,
        task: str,
        contract: Section,
        features: Features,
        metrics: Metrics,
        reporting: AnyReporting,
        expectations: Expectations,
        golden_rows: int,
        seed: int,
        source: dict[str, Any],
    ) -> Evaluation:
        """Measures the candidates on validation rows and the best of them once on test rows.

        Args:
            models: One a candidate.
            splits: The parts `train`, `validation` and `test`.
            data: The config's sections of these names.
            task: The config's task.
            contract: Likewise.
            features: Likewise.
            metrics: What decides, and how sure the figures must be.
            reporting: The config's section `evaluation`.
            expectations: What the best candidate must do beyond the figures.
            golden_rows: How many test rows are explained one by one.
            seed: Of everything random.
            source: What is known of the data's origin, copied into the report.
        """

    def compare(
        self,
        champion: OnnxModel,
        challenger: OnnxModel,
        test: pl.LazyFrame,
        *,
        seen: TrainingRows | None,
        data: Section,
        task: str,
        primary: str,
        settings: Champion,
        seed: int,
    ) -> Comparison:
        """Asks both models about the test rows that neither was trained on.

        Args:
            champion: The model in production.
            challenger: The best candidate.
            test: The rows, which it was not trained on.
            seen: The champion's training rows; None if they were never recorded.
            data: The config's section.
            task: The config's task.
            primary: The metric that decides between candidates.
            settings: The test, its error rate, and the rows that it takes.
            seed: Of the resamples.
        """

    def side_by_side(
        self,
        first: Entrant,
        second: Entrant,
        rows: pl.LazyFrame,
        *,
        data: Section,
        task: str,
        metrics: Metrics,
        settings: Champion,
        seed: int,
    ) -> dict[str, Any]:
        """What two versions are worth, and whether they differ; see `switchyard.evaluation.tables.side_by_side`."""


def evaluating(task: str) -> Evaluating:
    """The functions of a task; what they need is imported only now."""
    return _KINDS[task]()


def _tables() -> Evaluating:
    from switchyard.evaluation.tables import task as steps

    return cast(Evaluating, steps)


def _images() -> Evaluating:
    from switchyard.evaluation.images import task as evaluate_steps

    return cast(Evaluating, evaluate_steps)


_KINDS: dict[str, Callable[[], Evaluating]] = {
    **dict.fromkeys(TABLE_TASKS, _tables),
    **dict.fromkeys(IMAGE_TASKS, _images),
}
