"""What the step train does with images; `switchyard.tasks.training.Training` says what each is for."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from switchyard.errors import InputError, SwitchyardError
from switchyard.training.images.settings import SETTINGS, read_settings
from switchyard.training.trained import Trained

if TYPE_CHECKING:
    from switchyard.config.images import ImageCandidate, ImageConfig
    from switchyard.config.recipes import ImageTrain
    from switchyard.data.dataset import Dataset
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.callbacks import OnEpoch, Progress


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


def train(splits: Dataset, recipe: ImageTrain, progress: Progress) -> Trained:
    """See `Training.train`; the epochs are in `metadata["training"]`.

    The training reads its tables from this disk, so those in a bucket are fetched.
    """
    from switchyard.training.images.candidates import train_candidate
    from switchyard.training.images.stability import validation_metric
    from switchyard.training.peak_memory import PeakMemory
    from switchyard.training.seeds import other_seeds, spread

    _check_search(recipe.name, recipe.candidate)
    started = perf_counter()
    with TemporaryDirectory(prefix="switchyard-images-") as scratch:
        here = splits.fetched(Path(scratch), ("train", "validation"))
        tables = (here.path("train"), here.path("validation"))
        place = None if progress.folder is None else progress.folder()
        with PeakMemory() as memory:
            trained = train_candidate(recipe, *tables, folder=place, on_epoch=progress.on_epoch)
        metadata = trained.model.metadata
        about = {
            "seconds": perf_counter() - started,
            "peak_memory_mb": memory.megabytes,
            "rows": metadata["rows"]["train"],
        }
        about |= {"epochs": trained.history}
        variability = None
        if recipe.seeds:
            others = other_seeds(recipe.seed, recipe.seeds)
            again = (
                train_candidate(
                    recipe.replaced(seed=each),
                    *tables,
                    folder=place and place / f"seed-{each}",
                    on_epoch=_told(progress.on_epoch, each),
                )
                for each in others
            )
            models = chain([trained.model], (each.model for each in again))
            values = [validation_metric(model, recipe.primary, tables[1]) for model in models]
            variability = spread([recipe.seed, *others], recipe.primary, values)
    return Trained(replace(trained.model, metadata={**metadata, "training": about, "stability": variability}), [])


def _told(on_epoch: OnEpoch, seed: int) -> OnEpoch:
    """Of a training that is not the candidate's own, so that nobody takes its losses for the candidate's."""
    return lambda epoch: on_epoch({**epoch, "seed": seed})
