"""The training loop of every image network: epochs, early stopping, checkpoints, mixed precision, several processes.

Everything random is drawn from the seed, the epoch and the step, so that a training that was interrupted and goes
on, or one in several processes, learns what it would have learned at one go. It imports torch: import this module
where it is used.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import perf_counter
from typing import Protocol

import torch
from torch import distributed, nn

from switchyard.errors import SwitchyardError
from switchyard.training.images import augmentation
from switchyard.training.images.batch_norm import remember_an_epoch
from switchyard.training.images.checkpoint import Checkpoint, Progress
from switchyard.training.images.job import Epoch, Job
from switchyard.training.images.loader import Batch
from switchyard.training.images.network import Encoder
from switchyard.training.images.settings import ImageTraining

logger = logging.getLogger(__name__)

WARM_UP = 0.3
"""The share of the epochs in which the learning rate rises (Smith & Topin 2018, as torch has it)."""


OnEpoch = Callable[[Epoch], None]


class Learner(Protocol):
    """A network that knows its loss."""

    encoder: Encoder

    def __call__(self, images: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalised images and class numbers to each image's loss (N,) and its scores (N, classes)."""


def run(job: Job, on_epoch: OnEpoch, process: int = 0, processes: int = 1) -> list[Epoch]:
    """Train in this process (as one of several, if torch's process group is open), and leave the best weights in place.

    Args:
        job: What to do.
        on_epoch: Called after each epoch, in the first process only.
        process: This one's number.
        processes: How many there are.

    Returns:
        All epochs, those before a restart included.

    Raises:
        SwitchyardError: The loss is no number any more.
    """
    loop = _Loop(job, process, processes)
    batches = job.training.training(loop.progress.epoch, process, processes)
    validation = job.validation.in_order(process, processes)
    while not loop.done:
        started = perf_counter()
        learned = loop.learn(batches)
        measured = loop.measure(validation)
        loop.finish(learned | {f"validation_{name}": value for name, value in measured.items()}, started)
        if process == 0:
            on_epoch(loop.progress.history[-1])
    job.network.load_state_dict(loop.progress.best)
    return loop.progress.history


class _Loop:
    """The state of a training."""

    def __init__(self, job: Job, process: int, processes: int) -> None:
        self.job, self.process, self.processes = job, process, processes
        self.device = torch.device("cuda", process) if torch.cuda.is_available() else torch.device("cpu")
        # Convolutions on a CPU, and those of 16 bits on a GPU, are half as fast again in this layout.
        self.network = job.network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.encoder: Encoder = job.network.encoder  # type: ignore[assignment]
        settings, steps = job.settings, job.settings.epochs * job.training.steps
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, max_lr=settings.learning_rate, total_steps=steps, pct_start=WARM_UP
        )
        remember_an_epoch(self.network, job.training.steps)
        self.precision = _precision(settings, self.device)
        # float16 has too few exponents for gradients; bfloat16 and float32 need no scaling.
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == torch.float16)
        self.checkpoint = Checkpoint(job, self.network, self.optimizer, self.schedule, self.scaler)
        self.progress: Progress = self.checkpoint.load()
        self.distributed = self._distributed()
        self.rate = 0.0

    def _distributed(self) -> nn.Module:
        if self.processes == 1:
            return self.job.network
        devices = [self.device] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(self.network, device_ids=devices, forward_sync_buffers=False)

    @property
    def done(self) -> bool:
        """Whether all epochs are over, or none has been better for too long.

        While the learning rate rises the validation loss often does, too, which says nothing about what comes after.
        """
        patience, epochs = self.job.settings.patience, self.job.settings.epochs
        stale = self.progress.epoch - max(self.progress.best_epoch, math.ceil(WARM_UP * epochs))
        return self.progress.epoch >= epochs or 0 < patience <= stale

    def learn(self, batches: Iterable[Batch]) -> Epoch:
        """One pass over the training images."""
        self.distributed.train()
        totals = torch.zeros(3, dtype=torch.float64)
        for step, batch in enumerate(batches):
            images, targets = self._images(batch, step), batch.targets.to(self.device)
            with self._autocast():
                losses, scores = self.distributed(images, targets)
            self.optimizer.zero_grad()
            # DDP takes the mean over processes, and their parts may differ by an image.
            loss = losses.sum() * (self.processes / batch.rows)
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.rate = float(self.optimizer.param_groups[0]["lr"])
            self.schedule.step()
            totals += _totals(losses, scores, targets)
        return self._means(totals)

    @torch.inference_mode()
    def measure(self, batches: Iterable[Batch]) -> Epoch:
        """Loss and accuracy on images that are not learned from."""
        self.network.eval()
        totals = torch.zeros(3, dtype=torch.float64)
        for batch in batches:
            if len(batch.targets):
                images, targets = self._images(batch, None), batch.targets.to(self.device)
                with self._autocast():
                    losses, scores = self.network(images, targets)
                totals += _totals(losses, scores, targets)
        return self._means(totals)

    def finish(self, measured: Epoch, started: float) -> None:
        """Note an epoch, and keep its weights if they are the best."""
        loss = measured["validation_loss"]
        if not (torch.tensor([loss, measured["loss"]]).isfinite().all()):
            raise SwitchyardError(
                f"the loss is {measured['loss']:g} (validation: {loss:g}) after epoch {self.progress.epoch + 1}, "
                "so nothing can be learned any more: lower learning_rate"
            )
        epoch = self.progress.epoch + 1
        entry: Epoch = {"epoch": epoch, **measured, "learning_rate": self.rate, "seconds": perf_counter() - started}
        best = (
            self.progress.best_epoch == 0
            or loss < self.progress.history[self.progress.best_epoch - 1]["validation_loss"]
        )
        history = [*self.progress.history, entry]
        if best:
            weights = {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}
            self.progress = Progress(epoch, epoch, weights, history)
        else:
            self.progress = replace(self.progress, epoch=epoch, history=history)
        if self.process == 0:
            self.checkpoint.save(self.progress)

    def _images(self, batch: Batch, step: int | None) -> torch.Tensor:
        """Normalised images; augmented if it is for a step of training."""
        images = self.encoder.scaled(batch.pixels.to(self.device, non_blocking=True))
        if step is not None:
            generator = torch.Generator().manual_seed(_seed(self.job.seed, self.progress.epoch, step))
            maps = augmentation.draw(self.job.settings, batch.rows, generator)
            images = augmentation.apply(images, maps[batch.part])
        return self.encoder.normalised(images).contiguous(memory_format=torch.channels_last)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)

    def _means(self, totals: torch.Tensor) -> Epoch:
        if self.processes > 1:
            shared = totals.to(self.device)
            distributed.all_reduce(shared)
            totals = shared.cpu()
        loss, hits, rows = totals.tolist()
        return {"loss": loss / rows, "accuracy": hits / rows}


def _totals(losses: torch.Tensor, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    hits = scores.detach().argmax(dim=1) == targets
    return torch.tensor([losses.detach().sum().item(), hits.sum().item(), len(hits)], dtype=torch.float64)


def _precision(settings: ImageTraining, device: torch.device) -> torch.dtype:
    if settings.mixed_precision == "off" or (settings.mixed_precision == "auto" and device.type == "cpu"):
        return torch.float32
    return torch.bfloat16 if device.type == "cpu" or torch.cuda.is_bf16_supported() else torch.float16


def _seed(seed: int, epoch: int, step: int) -> int:
    """One number of three, with no two alike in any training that will be run."""
    return (seed * 1_000_003 + epoch) * 10_000_019 + step & (2**63 - 1)
