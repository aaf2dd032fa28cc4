"""What a training calls while it runs: after each epoch, and for the folder of its checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OnEpoch = Callable[[dict[str, float]], None]
"""Called after each epoch with its figures: `epoch` from 1, `seed` if it is of another seed's training, the others by
name."""
Folder = Callable[[], Path]
"""Asked by a training that takes epochs, once, before the first: the folder of its checkpoint."""


@dataclass(frozen=True)
class Progress:
    """How a training that takes epochs is followed, and goes on after it was killed.

    Attributes:
        on_epoch: What is told of each epoch.
        folder: The folder of the checkpoint; None: nothing is kept.
    """

    on_epoch: OnEpoch = lambda _: None
    folder: Folder | None = None
