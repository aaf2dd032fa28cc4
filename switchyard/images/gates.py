"""What there is to gate of a model of images; `switchyard.tasks.gates` chooses this module for their tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from switchyard.config import CLASSIFICATION_METRICS
from switchyard.config_images import RETRIEVAL_METRICS, ImageConfig
from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place

if TYPE_CHECKING:
    from switchyard.data.dataset import Dataset

_METRICS = {"image_classification": CLASSIFICATION_METRICS, "image_retrieval": RETRIEVAL_METRICS}


def places(config: ImageConfig) -> Place:
    """See `Gates.places`."""
    latency = Place(below=dict.fromkeys(("p50", "p95", "p99"), NUMBER))
    tree: dict[str, Place] = dict.fromkeys(_METRICS[config.task], ESTIMATE)
    return Place(below={**tree, "parity": NUMBER, "latency_ms": latency, "size_mb": NUMBER})


def check(gates: Mapping[str, str], splits: Dataset, **given: Any) -> None:  # noqa: ANN401 - see `Gates`
    """See `Gates.check`: all that there is follows from the config."""
    del gates, splits, given
