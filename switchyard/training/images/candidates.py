"""The kinds of image candidates: what the train step calls for each `type` in the config."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.training.images import train, train_arcface

if TYPE_CHECKING:
    from switchyard.config.recipes import ImageTrain
    from switchyard.training.callbacks import OnEpoch
    from switchyard.training.trained import Trained

KINDS = {"cnn": train.train, "arcface": train_arcface.train}


def train_candidate(
    recipe: ImageTrain,
    training: str | Path,
    validation: str | Path,
    *,
    folder: str | Path | None = None,
    on_epoch: OnEpoch = lambda _: None,
) -> Trained:
    """Train a candidate of one of `KINDS`; arguments and errors as those of `train.train`."""
    return KINDS[recipe.candidate.type](recipe, training, validation, folder=folder, on_epoch=on_epoch)
