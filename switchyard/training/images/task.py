"""What the step train does with images; `switchyard.tasks.training` chooses this module for their tasks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from switchyard.errors import InputError, SwitchyardError
from switchyard.training.images.settings import SETTINGS, read_settings
from switchyard.training.trained import Trained

if TYPE_CHECKING:
    from switchyard.config.images import (
        ImageCandidate,
        ImageConfig,
        ImageContract,
        ImageData,
        ImageShape,
        ImageSplit,
        ImageTask,
    )
    from switchyard.config.sections import Features, Metrics, Search
    from switchyard.data.dataset import Dataset
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.callbacks import Folder, OnEpoch


def check_candidates(config: ImageConfig) -> None:
    """See `Training.check_candidates`."""
    for name, candidate in config.candidates.items():
        _check_search(name, candidate)
        read_settings(SETTINGS[candidate.type], name, candidate.params, config.image.size, config.image.channels)


def index(model: OnnxModel, splits: Dataset) -> OnnxModel:
    """See `Training.index`."""
    from switchyard.training.images.indexing import index as index_images

    with TemporaryDirectory(prefix="switchyard-images-") as scratch:
        here = splits.fetched(Path(scratch), ("train",))
        return index_images(model, [here.path("train")])


def check_gpus(wanted: int) -> None:
    """See `Training.check_gpus`."""
    import torch

    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if there < wanted:
        raise SwitchyardError(
            f"the step has asked for {wanted} GPU{'s' * (wanted > 1)}, and PyTorch {torch.__version__} sees "
            f"{there or 'none'}: name an image with CUDA in SWITCHYARD_IMAGE (docs/kubeflow/set-up.md), or leave gpu "
            "out of the config's steps"
        )


def _check_search(name: str, candidate: ImageCandidate) -> None:
    """A search of networks would train one for each trial; as long as nothing does, nothing is to be ignored."""
    if candidate.search:
        raise InputError(
            f"candidates.{name}.search is not done for images: fix the values in candidates.{name}.params, "
            "or try several as candidates of their own"
        )


def train(
    splits: Dataset,
    name: str,
    candidate: ImageCandidate,
    *,
    data: ImageData,
    task: ImageTask,
    contract: ImageContract,
    features: Features,
    image: ImageShape,
    split: ImageSplit,
    search: Search,
    metrics: Metrics,
    seed: int,
    threads: int,
    seeds: int,
    use_case: str | None,
    folder: Folder | None,
    on_epoch: OnEpoch,
) -> Trained:
    """See `Training.train`; the epochs are in `metadata["training"]`.

    The training reads its tables from this disk, so those in a bucket are fetched.
    """
    from switchyard.training.images.candidates import train_candidate
    from switchyard.training.images.stability import validation_metric
    from switchyard.training.peak_memory import PeakMemory
    from switchyard.training.seeds import other_seeds, spread

    del data, task, contract, features, split, search
    _check_search(name, candidate)
    started = perf_counter()
    with TemporaryDirectory(prefix="switchyard-images-") as scratch:
        here = splits.fetched(Path(scratch), ("train", "validation"))
        tables = {"training": here.path("train"), "validation": here.path("validation")}
        fit = partial(
            train_candidate,
            name,
            candidate.type,
            candidate.params,
            size=image.size,
            channels=image.channels,
            threads=threads,
            use_case=use_case,
            **tables,
        )
        place = None if folder is None else folder()
        with PeakMemory() as memory:
            trained = fit(seed=seed, folder=place, on_epoch=on_epoch)
        metadata = trained.model.metadata
        about = {
            "seconds": perf_counter() - started,
            "peak_memory_mb": memory.megabytes,
            "rows": metadata["rows"]["train"],
        }
        about |= {"epochs": trained.history}
        variability = None
        if seeds:
            others = other_seeds(seed, seeds)
            again = (
                fit(seed=each, folder=place and place / f"seed-{each}", on_epoch=_told(on_epoch, each))
                for each in others
            )
            models = chain([trained.model], (each.model for each in again))
            values = [validation_metric(model, metrics.primary, tables["validation"]) for model in models]
            variability = spread([seed, *others], metrics.primary, values)
    return Trained(replace(trained.model, metadata={**metadata, "training": about, "stability": variability}), [])


def _told(on_epoch: OnEpoch, seed: int) -> OnEpoch:
    """Of a training that is not the candidate's own, so that nobody takes its losses for the candidate's."""
    return lambda epoch: on_epoch({**epoch, "seed": seed})
