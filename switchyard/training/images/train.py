"""A classifier of images from a table of training images to a checked ONNX model."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from switchyard.model.onnx_model import OnnxModel
from switchyard.training.images import parity
from switchyard.training.images.settings import ImageTraining, settings_of
from switchyard.training.threads import pinned_threads
from switchyard.training.trained import Trained

if TYPE_CHECKING:
    from switchyard.config.recipes import ImageTrain
    from switchyard.training.images.training import OnEpoch


def train(
    recipe: ImageTrain,
    training: str | Path,
    validation: str | Path,
    *,
    folder: str | Path | None = None,
    on_epoch: OnEpoch = lambda _: None,
) -> Trained:
    """Train a classifier of images, export it, and check parity.

    Args:
        recipe: Of the candidate, whose hyperparameters are those of `ImageTraining`.
        training: The table of images to learn from.
        validation: The table of images to stop by and for parity.
        folder: Where a checkpoint is kept after each epoch; a training that was killed goes on from it.
        on_epoch: Called after each epoch with its figures, see `training.Epoch`.

    Returns:
        The model, and one dict per epoch.

    Raises:
        InputError: The config or the images cannot be learned from.
        SwitchyardError: The ONNX graph does not answer as the trained network does.
    """
    settings = settings_of(ImageTraining, recipe)
    started = perf_counter()
    with pinned_threads(recipe.threads, with_torch=True):
        from switchyard.training.images.fitting import Sets, complete, computed_by, describe, fit
        from switchyard.training.images.network import Classifier
        from switchyard.training.images.onnx.export import export_classifier

        sets = Sets.open(training, validation)
        network, history = fit(
            sets,
            settings,
            lambda encoder: Classifier(encoder, len(sets.classes), settings.label_smoothing),
            seed=recipe.seed,
            folder=folder,
            on_epoch=on_epoch,
        )
        seconds = perf_counter() - started
        metadata = describe(recipe.name, "cnn", "image_classification", sets, settings, network)
        model = OnnxModel(export_classifier(network, metadata), metadata)
        images = sets.validation_images(settings, parity.IMAGES)
        measured = parity.measure(computed_by(network.probabilities), model, images, "probabilities")
    parity.check(measured, recipe.name)
    complete(model, sets, parity=measured, threads=recipe.threads, seed=recipe.seed, fit_seconds=seconds)
    return Trained(model, history)
