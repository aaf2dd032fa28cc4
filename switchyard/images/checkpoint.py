"""What a training needs to go on after the last epoch that it finished: one file, replaced at once.

The file holds tensors, numbers and text only, and is read as such (`weights_only`), so that none can
run code.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

if TYPE_CHECKING:
    from switchyard.images.training import Epoch, Job

logger = logging.getLogger(__name__)

FILE = "checkpoint.pt"


class Stateful(Protocol):
    """What torch can save and load: an optimizer, a schedule, a scaler."""

    def state_dict(self) -> dict[str, Any]:
        """All of it."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> object:
        """Put it back."""


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        epoch: Epochs finished.
        best_epoch: The one with the lowest validation loss, counted from 1; 0 before the first.
        best: Its weights.
        history: All epochs.
    """

    epoch: int
    best_epoch: int
    best: dict[str, torch.Tensor]
    history: list[Epoch]


class Checkpoint:
    """Saves and loads the state of a training.

    Args:
        job: Its folder, and what the checkpoint is valid for.
        network: The network.
        states: Optimizer, schedule and scaler, in an order that stays the same.
    """

    def __init__(self, job: Job, network: nn.Module, *states: Stateful) -> None:
        """Nothing is read or written yet."""
        self.path = None if job.folder is None else job.folder / FILE
        self.parts = [network, *states]
        settings = job.settings.model_dump_json(exclude={"workers", "cache_mb", "processes"})
        shapes = [(name, tuple(value.shape)) for name, value in network.state_dict().items()]
        what = (settings, job.seed, job.training.table.fingerprint, job.validation.table.fingerprint, shapes)
        numbers = job.training.targets.tobytes() + job.validation.targets.tobytes()
        self.job = hashlib.sha256(repr(what).encode() + numbers).hexdigest()

    def load(self) -> Progress:
        """Put everything back as it was; a checkpoint of another job, or a damaged one, counts for nothing."""
        beginning = Progress(0, 0, {}, [])
        if self.path is None or not self.path.is_file():
            return beginning
        try:
            saved = torch.load(self.path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            logger.warning("%s cannot be read (%s): training begins anew", self.path, type(error).__name__)
            return beginning
        if saved["job"] != self.job:
            logger.warning("%s is of another config or other data: training begins anew", self.path)
            return beginning
        for part, state in zip(self.parts, saved["states"], strict=True):
            part.load_state_dict(state)
        torch.set_rng_state(saved["random"])
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all(saved["random_cuda"])
        progress = Progress(saved["epoch"], saved["best_epoch"], saved["best"], saved["history"])
        logger.info("going on after epoch %d of %s", progress.epoch, self.path)
        return progress

    def save(self, progress: Progress) -> None:
        """Write everything; whoever is killed meanwhile leaves the last one in place."""
        if self.path is None:
            return
        saved = {
            "job": self.job,
            "states": [part.state_dict() for part in self.parts],
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            **progress.__dict__,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(f"{self.path}.unfinished")
        with unfinished.open("wb") as file:
            torch.save(saved, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)
