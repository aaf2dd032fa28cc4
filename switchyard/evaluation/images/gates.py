"""What there is to gate of a model of images; `switchyard.tasks.gates` chooses this module for their tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from switchyard.evaluation.gates.judge import check_gates
from switchyard.evaluation.images.gate_schema import needs_data, places, places_of_splits

if TYPE_CHECKING:
    from switchyard.config.images import ImageContract, ImageData, ImageReporting, ImageTask
    from switchyard.config.sections import Features, Metrics
    from switchyard.data.dataset import Dataset

__all__ = ["needs_data", "places"]


def check(
    gates: Mapping[str, str],
    splits: Dataset,
    *,
    task: ImageTask,
    data: ImageData,
    contract: ImageContract,
    features: Features,
    metrics: Metrics,
    reporting: ImageReporting,
) -> None:
    """See `Gates.check`: a class that a gate names must be there."""
    del data, contract, features
    check_gates(gates, places_of_splits(task, metrics, reporting, splits.scan("train"), splits.scan("test")))
