"""The kinds of image candidates: what the train step calls for each `type` in the config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from switchyard.training.images import train, train_arcface

if TYPE_CHECKING:
    from switchyard.training.trained import Trained

KINDS = {"cnn": train.train, "arcface": train_arcface.train}


def train_candidate(name: str, kind: str, params: Mapping[str, Any], **given: Any) -> Trained:  # noqa: ANN401
    """Train a candidate of one of `KINDS`; arguments and errors as those of `train.train`."""
    return KINDS[kind](name, params, **given)
