"""What the step train does with a table; `switchyard.tasks.training` chooses this module for its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.errors import InputError
from switchyard.training.tables.check import check_candidates

if TYPE_CHECKING:
    from switchyard.config.sections import Candidate, Contract, Data, Features, Metrics, Search, Split, Task
    from switchyard.data.dataset import Dataset
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.callbacks import Folder, OnEpoch
    from switchyard.training.trained import Trained

__all__ = ["check_candidates"]


def index(model: OnnxModel, splits: Dataset) -> OnnxModel:
    """See `Training.index`."""
    del splits
    raise InputError(
        f"{model.metadata['name']} is a model of a table, which has no gallery to index: train it anew instead"
    )


def check_gpus(wanted: int) -> None:
    """See `Training.check_gpus`: nothing that learns from tables uses one."""
    del wanted


def train(
    splits: Dataset,
    name: str,
    candidate: Candidate,
    *,
    data: Data,
    task: Task,
    contract: Contract,
    features: Features,
    image: None,
    split: Split,
    search: Search,
    metrics: Metrics,
    seed: int,
    threads: int,
    seeds: int,
    use_case: str | None,
    folder: Folder | None,
    on_epoch: OnEpoch,
) -> Trained:
    """See `Training.train`; a search is over in one go, so nothing is told or kept on the way."""
    from switchyard.training.tables.train import train as train_candidate

    del image, folder, on_epoch
    return train_candidate(
        name,
        candidate,
        data=data,
        task=task,
        contract=contract,
        features=features,
        split=split,
        search=search,
        metrics=metrics,
        seed=seed,
        threads=threads,
        seeds=seeds,
        train=splits.scan("train"),
        validation=splits.scan("validation"),
    )
