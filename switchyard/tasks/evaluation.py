"""What an ONNX file is worth, alone and against another: what the steps evaluate and promote do for a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import EvaluateRecipe, PromoteRecipe
    from switchyard.data.dataset import Dataset
    from switchyard.data.training_rows import TrainingRows
    from switchyard.evaluation.comparison_plan import Comparison
    from switchyard.evaluation.entrants import Entrant
    from switchyard.evaluation.evaluation import Evaluation
    from switchyard.model.onnx_model import OnnxModel


class Evaluating(Protocol):
    """What is measured of models."""

    def evaluate(
        self, models: Sequence[OnnxModel], splits: Dataset, recipe: EvaluateRecipe, source: dict[str, Any]
    ) -> Evaluation:
        """Measures the candidates on validation rows and the best of them once on test rows.

        Args:
            models: One a candidate.
            splits: The parts `train`, `validation` and `test`.
            recipe: Of this kind.
            source: What is known of the data's origin, copied into the report.
        """

    def compare(
        self,
        champion: OnnxModel,
        challenger: OnnxModel,
        test: pl.LazyFrame,
        recipe: PromoteRecipe,
        seen: TrainingRows | None,
    ) -> Comparison:
        """Asks both models about the test rows that neither was trained on.

        Args:
            champion: The model in production.
            challenger: The best candidate.
            test: The rows, which it was not trained on.
            recipe: Of this kind.
            seen: The champion's training rows; None if they were never recorded.
        """

    def side_by_side(
        self, first: Entrant, second: Entrant, rows: pl.LazyFrame, recipe: PromoteRecipe
    ) -> dict[str, Any]:
        """What two versions are worth, and whether they differ; see `switchyard.evaluation.tables.side_by_side`."""
