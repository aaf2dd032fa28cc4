"""What training a classifier and training an embedding have in common, before and after the loop.

It imports torch: import this module where it is used, with its threads pinned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from switchyard.data.images.image_table import UNKNOWN, ImageTable
from switchyard.errors import InputError
from switchyard.model.environment import versions
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.images.job import Job
from switchyard.training.images.loader import Loader
from switchyard.training.images.network import Encoder, parameters
from switchyard.training.images.processes import train
from switchyard.training.images.settings import ImageTraining
from switchyard.training.images.training import OnEpoch

NORMALISED_BY = 10_000
"""Mean and standard deviation of the pixels are those of about so many training images."""


@dataclass(frozen=True)
class Sets:
    """The images of a training.

    Attributes:
        training: The table to learn from.
        validation: The table to stop by; labels that are not to be learned are left out.
        classes: The labels to learn, in the order of the network's scores.
    """

    training: ImageTable
    validation: ImageTable
    classes: tuple[str, ...]

    @classmethod
    def open(cls, training: str | Path, validation: str | Path) -> Sets:
        """Read what is small.

        Raises:
            InputError: A file is no table of images, or there is only one class.
        """
        tables = ImageTable.open(training), ImageTable.open(validation)
        classes = tables[0].classes
        if len(classes) < 2:
            raise InputError(f"{training} has images of the class {classes[0]!r} only: at least two classes are needed")
        return cls(*tables, classes)

    def validation_images(self, settings: ImageTraining, at_most: int) -> np.ndarray:
        """The first validation images of the classes, uint8 of shape (n, H, W, C)."""
        known, parts, rows = self.validation.numbers(self.classes) != UNKNOWN, list[np.ndarray](), 0
        for _, pixels in self.validation.batches(100, settings.channels, settings.size, known):
            parts.append(pixels)
            rows += len(pixels)
            if rows >= at_most:
                break
        return np.concatenate(parts)[:at_most]


def fit(
    sets: Sets,
    settings: ImageTraining,
    build: Callable[[Encoder], nn.Module],
    *,
    seed: int,
    folder: str | Path | None,
    on_epoch: OnEpoch,
) -> tuple[Any, list[dict[str, float]]]:
    """Train a new network.

    Args:
        sets: The images.
        settings: How.
        build: The network around an encoder with random weights.
        seed: Of everything random.
        folder: Where a checkpoint is kept, or None.
        on_epoch: Called after each epoch.

    Returns:
        The network with its best weights, on the CPU and ready to answer, and all epochs.
    """
    training = Loader.open(sets.training, sets.classes, settings, seed)
    validation = Loader.open(sets.validation, sets.classes, settings, seed)
    pixels = training.sample(NORMALISED_BY).double() / 255
    mean, std = pixels.mean(dim=(0, 1, 2)), pixels.std(dim=(0, 1, 2)).clamp(min=1e-3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(Encoder(settings.size, settings.channels, settings.width, mean, std))
        job = Job(network, training, validation, settings, seed, None if folder is None else Path(folder))
        history = train(job, on_epoch)
    return network.cpu().eval(), history


def describe(
    name: str, kind: str, task: str, sets: Sets, settings: ImageTraining, network: nn.Module
) -> dict[str, Any]:
    """The metadata: what the ONNX file says of itself, nothing that another run of the same would say differently."""
    height, width = settings.size
    about = settings.model_dump(exclude={"size", "channels", "workers", "cache_mb", "processes"})
    return {
        "name": name,
        "candidate": name,
        "type": kind,
        "task": task,
        "target": "label",
        "classes": list(sets.classes),
        "positive": None,
        "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, height, width, settings.channels]}],
        "params": about,
        "parameters": parameters(network),
    }


def computed_by(answer: Callable[..., Any]) -> Callable[[np.ndarray], np.ndarray]:
    """A function of torch tensors as one of arrays."""
    return lambda pixels: np.asarray(answer(torch.from_numpy(np.ascontiguousarray(pixels))).numpy())


def complete(model: OnnxModel, sets: Sets, **about: object) -> None:
    """Add to the metadata what is known only when the file is written."""
    rows = {"train": len(sets.training), "validation": len(sets.validation)}
    digest = hashlib.sha256(model.content).hexdigest()
    model.metadata.update(about, rows=rows, sha256=digest, size=model.size, versions=versions())
