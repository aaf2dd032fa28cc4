"""A classifier of images from a table of training images to a checked ONNX model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from switchyard.model.onnx_model import OnnxModel
from switchyard.training.images import parity
from switchyard.training.images.settings import ImageTraining, read_settings
from switchyard.training.threads import pinned_threads
from switchyard.training.trained import Trained

if TYPE_CHECKING:
    from switchyard.training.images.training import OnEpoch


def train(
    name: str,
    params: Mapping[str, Any],
    *,
    size: tuple[int, int],
    channels: int,
    seed: int,
    threads: int,
    training: str | Path,
    validation: str | Path,
    folder: str | Path | None = None,
    on_epoch: OnEpoch = lambda _: None,
    use_case: str | None = None,
) -> Trained:
    """Train a classifier of images, export it, and check parity.

    Args:
        name: The candidate's name in the config.
        params: Its hyperparameters, see `ImageTraining`.
        size: Height and width that the network sees.
        channels: 1 for grey, 3 for RGB.
        seed: Of everything random.
        threads: Of torch; another count may give another (equally good) model.
        training: The table of images to learn from.
        validation: The table of images to stop by and for parity.
        folder: Where a checkpoint is kept after each epoch; a training that was killed goes on from it.
        on_epoch: Called after each epoch with its figures, see `training.Epoch`.
        use_case: The model's name, if it is not to be the candidate's.

    Returns:
        The model, and one dict per epoch.

    Raises:
        InputError: The config or the images cannot be learned from.
        SwitchyardError: The ONNX graph does not answer as the trained network does.
    """
    settings = read_settings(ImageTraining, name, params, size, channels)
    started = perf_counter()
    with pinned_threads(threads, with_torch=True):
        from switchyard.training.images.fitting import Sets, complete, computed_by, describe, fit
        from switchyard.training.images.network import Classifier
        from switchyard.training.images.onnx.export import export_classifier

        sets = Sets.open(training, validation)
        network, history = fit(
            sets,
            settings,
            lambda encoder: Classifier(encoder, len(sets.classes), settings.label_smoothing),
            seed=seed,
            folder=folder,
            on_epoch=on_epoch,
        )
        seconds = perf_counter() - started
        metadata = describe(name, use_case, "cnn", "image_classification", sets, settings, network)
        model = OnnxModel(export_classifier(network, metadata), metadata)
        images = sets.validation_images(settings, parity.IMAGES)
        measured = parity.measure(computed_by(network.probabilities), model, images, "probabilities")
    parity.check(measured, name)
    complete(model, sets, parity=measured, threads=threads, seed=seed, fit_seconds=seconds)
    return Trained(model, history)
