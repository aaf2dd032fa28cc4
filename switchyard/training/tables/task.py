"""What the step train does with a table; `switchyard.tasks.training.Training` says what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.errors import InputError
from switchyard.training.tables.check import check_candidates

if TYPE_CHECKING:
    from switchyard.config.recipes import TableTrain
    from switchyard.data.dataset import Dataset
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.callbacks import Progress
    from switchyard.training.trained import Trained

__all__ = ["check_candidates"]


def index(model: OnnxModel, splits: Dataset) -> OnnxModel:
    """See `Training.index`."""
    raise InputError(
        f"{model.metadata['name']} is a model of a table, which has no gallery to index: train it anew instead"
    )


def check_gpus(wanted: int) -> None:
    """See `Training.check_gpus`: nothing that learns from tables uses one."""


def train(splits: Dataset, recipe: TableTrain, progress: Progress) -> Trained:
    """See `Training.train`; a search is over in one go, so nothing is told or kept on the way."""
    from switchyard.training.tables.train import train as train_candidate

    return train_candidate(recipe, splits.scan("train"), splits.scan("validation"))
