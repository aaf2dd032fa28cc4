"""train: one candidate, fitted, tuned, exported to ONNX and held against what was fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from zenml import step

from steps.storage.artifacts import OnnxModelMaterializer
from steps.storage.checkpoints import checkpoints
from steps.support.caching import depends_on
from steps.support.epochs import Epochs
from steps.support.options import gpus_asked_for
from steps.support.tracking import log_candidate
from switchyard.config.images import ImageCandidate, ImageContract, ImageData, ImageShape, ImageSplit
from switchyard.config.sections import Candidate, Contract, Data, Features, Metrics, Search, Split
from switchyard.data.dataset import Dataset
from switchyard.model.onnx_model import OnnxModel
from switchyard.tasks.training import training_of

_CODE = depends_on(
    "switchyard/tasks/training.py",
    "switchyard/training",
    "switchyard/model",
    "switchyard/data",
    "switchyard/statistics",
    "switchyard/config/features.py",
)


@step(output_materializers=OnnxModelMaterializer, cache_policy=_CODE)
def train(
    splits: Dataset,
    name: str,
    candidate: Candidate | ImageCandidate,
    data: Data | ImageData,
    task: str,
    contract: Contract | ImageContract,
    features: Features,
    image: ImageShape | None,
    split: Split | ImageSplit,
    search: Search,
    metrics: Metrics,
    seed: int,
    threads: int,
    seeds: int,
    use_case: str,
) -> Annotated[OnnxModel, "{use_case}_{candidate}"]:
    """Fits one candidate on the training rows.

    Args:
        splits: The dataset with the parts `train` and `validation`.
        name: What the config calls the candidate.
        candidate: Its kind, fixed hyperparameters and search space.
        data: Which column is the target.
        task: Says what kind of data it is, and what is learned.
        contract: The type of each column.
        features: Which columns the model sees.
        image: What a network sees of an image; None of a table.
        split: How rows were dealt, so that cross-validation deals them alike.
        search: The budget.
        metrics: What is optimised.
        seed: Of the search and of the learner.
        threads: Other thread counts give other weights, so it is part of the recipe.
        seeds: With how many other seeds the tuned candidate is fitted again.
        use_case: Names the artifact.

    Returns:
        The ONNX file and its metadata, with the search history in it.

    Raises:
        SwitchyardError: The ONNX file and the fitted model disagree, or GPUs were asked for and are not there.
    """
    if wanted := gpus_asked_for():
        training_of(task).check_gpus(wanted)
    epochs = Epochs(name)
    with checkpoints(use_case, name) as kept:

        def on_epoch(epoch: dict[str, float]) -> None:
            if "seed" not in epoch:  # another seed's training leaves the candidate's checkpoint as it is
                kept.epoch_done()
            epochs(epoch)

        trained = training_of(task).train(
            splits,
            name,
            candidate,
            data=data,
            task=task,
            contract=contract,
            features=features,
            image=image,
            split=split,
            search=search,
            metrics=metrics,
            seed=seed,
            threads=threads,
            seeds=seeds,
            use_case=None,
            folder=kept.folder,
            on_epoch=on_epoch,
        )
        epochs.complete(trained.model)
        log_candidate(trained.model, trained.history)
    return replace(trained.model, metadata={**trained.model.metadata, "search": trained.history})
