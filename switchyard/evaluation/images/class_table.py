"""Recall and precision of each class: where a model is blind, the figure over all images hardly moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from switchyard.statistics.proportions import share_of

if TYPE_CHECKING:
    from switchyard.evaluation.images.subject import Predictions


def class_table(predictions: Predictions, classes: Sequence[str], confidence: float) -> dict[str, Any]:
    """Estimates with Wilson's interval.

    Args:
        predictions: The answers; those that do not count are left out.
        classes: Of the model.
        confidence: Of the intervals.

    Returns:
        By class `rows`, `recall` (of its images, how many were answered with it) and `precision` (of the images that
        were answered with it, how many are of it).
    """
    truth, said = predictions.truth[predictions.counted], predictions.said[predictions.counted]
    right = truth == said
    return {
        label: {
            "rows": int((truth == label).sum()),
            "recall": share_of(right[truth == label], confidence).as_dict(),
            "precision": share_of(right[said == label], confidence).as_dict(),
        }
        for label in classes
    }
