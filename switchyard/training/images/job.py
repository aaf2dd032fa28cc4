"""What a training of images is given, and what it reports after each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from switchyard.training.images.loader import Loader
from switchyard.training.images.settings import ImageTraining

Epoch = dict[str, float]
"""`epoch` (from 1), `loss`, `accuracy`, `validation_loss`, `validation_accuracy`, `learning_rate`, `seconds`."""


@dataclass(frozen=True)
class Job:
    """What is trained on what.

    Attributes:
        network: Also a `Learner`.
        training: Images to learn from.
        validation: Images to stop by.
        settings: How.
        seed: Of everything random.
        folder: Where the checkpoint is kept, or None.
    """

    network: nn.Module
    training: Loader
    validation: Loader
    settings: ImageTraining
    seed: int
    folder: Path | None
