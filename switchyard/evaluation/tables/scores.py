"""The one number that a model's answer comes down to: what is explained, and what expectations are about.

The probability of the positive class of two, of a named or answered class of several; the value for a regression.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from switchyard.errors import InputError
from switchyard.evaluation.scoring import positive_of
from switchyard.statistics import labels
from switchyard.statistics.metrics import Floats


def score_class(metadata: Mapping[str, Any], label: object = None) -> int | None:
    """The position of the class whose probability is the score; None for a regression.

    Args:
        metadata: The model's metadata.
        label: The class; without it the positive one of two.

    Raises:
        InputError: There are several classes and no label, or the label is no class of the model.
    """
    if metadata["task"] == "regression":
        return None
    classes = list(metadata["classes"])
    if label is None:
        positive = positive_of(dict(metadata))
        if positive is None:
            names = ", ".join(map(str, classes))
            raise InputError(f"expectations.label is missing, but must name one of the {len(classes)} classes: {names}")
        return positive
    position = labels.positions([label], classes)[label]
    if position == labels.UNSEEN:
        names = ", ".join(map(str, classes))
        raise InputError(f"expectations.label is {label!r}, which the model does not know; its classes are {names}")
    return int(position)


def scores(outputs: Mapping[str, np.ndarray], position: int | None) -> Floats:
    """The score of each row, of shape (rows,), from the outputs of the graph.

    Args:
        outputs: By name, `probabilities` (rows, classes) or `prediction` (rows, 1).
        position: From `score_class`.
    """
    if position is None:
        return np.asarray(outputs["prediction"], float).reshape(-1)
    return np.asarray(outputs["probabilities"], float)[:, position]
