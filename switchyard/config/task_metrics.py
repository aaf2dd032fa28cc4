"""Which metrics each task has, in the order of tables."""

from __future__ import annotations

from switchyard.config.images import RETRIEVAL_METRICS
from switchyard.config.sections import CLASSIFICATION_METRICS, REGRESSION_METRICS

METRICS: dict[str, tuple[str, ...]] = {
    "classification": CLASSIFICATION_METRICS,
    "regression": REGRESSION_METRICS,
    "image_classification": CLASSIFICATION_METRICS,
    "image_retrieval": RETRIEVAL_METRICS,
}


def metrics_of(task: str) -> tuple[str, ...]:
    """The names of the metrics that can be `metrics.primary`, and that a report has."""
    return METRICS[task]


def is_classification(task: str) -> bool:
    """Whether its models answer with a class and a probability for each class."""
    return metrics_of(task) == CLASSIFICATION_METRICS
