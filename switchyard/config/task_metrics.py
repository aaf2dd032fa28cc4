"""Which metrics each task has: the one place that says so, for the config, the search, the evaluation and the manual.

A kind of data that is registered from outside adds its task to `METRICS`.
"""

from __future__ import annotations

from switchyard.errors import InputError

CLASSIFICATION_METRICS = ("accuracy", "roc_auc", "pr_auc", "f1", "log_loss", "brier")
REGRESSION_METRICS = ("rmse", "mae", "r2")
RETRIEVAL_METRICS = ("accuracy", "recall_at_1", "recall_at_5", "recall_at_10", "map", "eer")

METRICS: dict[str, tuple[str, ...]] = {
    "classification": CLASSIFICATION_METRICS,
    "regression": REGRESSION_METRICS,
    "image_classification": CLASSIFICATION_METRICS,
    "image_retrieval": RETRIEVAL_METRICS,
}
"""By task, in the order of tables."""


def metrics_of(task: str) -> tuple[str, ...]:
    """The metrics of a task, in the order of tables.

    Raises:
        InputError: There is no such task.
    """
    if task not in METRICS:
        raise InputError(f"task is {task!r}, but must be one of {', '.join(METRICS)}")
    return METRICS[task]


def metric_problem(metric: str, task: str) -> str:
    """What is wrong with a metric as the rest of a sentence about its key; empty if the task has it."""
    allowed = metrics_of(task)
    return "" if metric in allowed else f"is {metric!r}, but must be a metric for {task}: one of {', '.join(allowed)}"


def require_metric(key: str, metric: str, task: str) -> None:
    """Refuses a metric that the task does not have.

    Args:
        key: Where it stands, such as `metrics.primary`.
        metric: The metric.
        task: The config's task.

    Raises:
        InputError: The task does not have it.
    """
    if problem := metric_problem(metric, task):
        raise InputError(f"{key} {problem}")


def is_classification(task: str) -> bool:
    """Whether its models answer with a class and a probability for each class."""
    return metrics_of(task) == CLASSIFICATION_METRICS
