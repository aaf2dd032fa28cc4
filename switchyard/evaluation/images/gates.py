"""What there is to gate of a model of images; `switchyard.tasks.gates.Gates` says what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.config.sections import Metrics
from switchyard.evaluation.gates.judge import check_gates
from switchyard.evaluation.images.gate_schema import needs_data, places, places_of_splits

if TYPE_CHECKING:
    from switchyard.config.recipes import ImagePreprocess
    from switchyard.data.dataset import Dataset

__all__ = ["needs_data", "places"]


def check(splits: Dataset, recipe: ImagePreprocess) -> None:
    """See `Gates.check`: a class that a gate names must be there."""
    asked = recipe.row_gates
    assert asked is not None, "the step asks only if there are some"
    parts = (splits.scan("train"), splits.scan("test"))
    check_gates(asked.gates, places_of_splits(asked.task, Metrics(primary=asked.primary), asked.evaluation, *parts))
