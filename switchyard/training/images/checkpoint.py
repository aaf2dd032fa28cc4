"""What a training needs to go on after the last epoch that it finished: one file, replaced at once."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import torch
from torch import nn

from switchyard.training.checkpoint_files import CHECKPOINT, FETCHED
from switchyard.training.images import state_file
from switchyard.training.images.state_file import UnreadableFileError

if TYPE_CHECKING:
    from switchyard.training.images.job import Epoch, Job

logger = logging.getLogger(__name__)


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
        self.folder = job.folder
        self.parts = [network, *states]
        settings = job.settings.model_dump_json(exclude={"workers", "cache_mb", "processes"})
        shapes = [(name, tuple(value.shape)) for name, value in network.state_dict().items()]
        what = (settings, job.seed, job.training.table.fingerprint, job.validation.table.fingerprint, shapes)
        numbers = job.training.targets.tobytes() + job.validation.targets.tobytes()
        self.job = hashlib.sha256(repr(what).encode() + numbers).hexdigest()

    def load(self) -> Progress:
        """Put everything back as it was after the last epoch that is on record here, or was fetched to here.

        A checkpoint of another job, or a damaged one, counts for nothing.
        """
        found = [] if self.folder is None else [self._read(self.folder / name) for name in (CHECKPOINT, FETCHED)]
        saved = max((each for each in found if each), key=lambda each: int(each["epoch"]), default=None)
        if saved is None:
            return Progress(0, 0, {}, [])
        for part, state in zip(self.parts, saved["states"], strict=True):
            part.load_state_dict(state)
        torch.set_rng_state(saved["random"])
        if torch.cuda.is_available():  # the machine before this one may have had more of them
            torch.cuda.set_rng_state_all(saved["random_cuda"][: torch.cuda.device_count()])
        progress = Progress(saved["epoch"], saved["best_epoch"], saved["best"], saved["history"])
        logger.info("going on after epoch %d", progress.epoch)
        return progress

    def _read(self, path: Path) -> dict[str, Any] | None:
        if not path.is_file():
            return None
        try:
            saved = state_file.read(path)
        except UnreadableFileError as error:
            logger.warning("%s cannot be read (%s): training goes on without it", path, error)
            return None
        if not isinstance(saved, dict) or saved.get("job") != self.job:
            logger.warning("%s is of another config or other data: training goes on without it", path)
            return None
        return saved

    def save(self, progress: Progress) -> None:
        """Write everything; whoever is killed meanwhile leaves the last one in place."""
        if self.folder is None:
            return
        state = {
            "job": self.job,
            "states": [part.state_dict() for part in self.parts],
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            **progress.__dict__,
        }
        try:
            _replace(self.folder / CHECKPOINT, state)
        except FileNotFoundError:  # the very same training has ended in another run, which has cleared the folder away
            _replace(self.folder / CHECKPOINT, state)


def _replace(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{uuid4().hex}.unfinished")  # another run may write here at the same time
    with unfinished.open("wb") as file:
        state_file.write(state, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
