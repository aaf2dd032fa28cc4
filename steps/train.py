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
from switchyard.config.recipes import TrainRecipe
from switchyard.data.dataset import Dataset
from switchyard.model.onnx_model import OnnxModel
from switchyard.tasks.registry import kind_named
from switchyard.training.callbacks import Progress


@step(output_materializers=OnnxModelMaterializer, cache_policy=depends_on())
def train(splits: Dataset, recipe: TrainRecipe) -> Annotated[OnnxModel, "{use_case}_{candidate}"]:
    """Fits one candidate on the training rows.

    Args:
        splits: The dataset with the parts `train` and `validation`.
        recipe: Of the candidate.

    Returns:
        The ONNX file and its metadata, with the search history in it.

    Raises:
        SwitchyardError: The ONNX file and the fitted model disagree, or GPUs were asked for and are not there.
    """
    training = kind_named(recipe.kind).training()
    if wanted := gpus_asked_for():
        training.check_gpus(wanted)
    epochs = Epochs(recipe.name)
    with checkpoints(recipe.use_case, recipe.name) as kept:

        def on_epoch(epoch: dict[str, float]) -> None:
            if "seed" not in epoch:  # another seed's training leaves the candidate's checkpoint as it is
                kept.epoch_done()
            epochs(epoch)

        trained = training.train(splits, recipe, Progress(on_epoch, kept.folder))
        epochs.complete(trained.model)
        log_candidate(trained.model, trained.history)
    return replace(trained.model, metadata={**trained.model.metadata, "search": trained.history})
