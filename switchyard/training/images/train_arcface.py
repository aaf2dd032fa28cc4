"""An embedding and its gallery from a table of training images to a checked ONNX model."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from switchyard.model import gallery
from switchyard.model.faiss_gallery import FaissGallery
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.images import parity
from switchyard.training.images.embedding import check_size, embed
from switchyard.training.images.settings import ArcFaceTraining, settings_of
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
    """Train an embedding, put the training images into its gallery, export both, and check parity.

    Args:
        recipe: Of the candidate, whose hyperparameters are those of `ArcFaceTraining`.
        training: The table of images to learn from; they become the gallery.
        validation: The table of images to stop by and for parity; classes that the first has not are left out.
        folder: Where a checkpoint is kept after each epoch; a training that was killed goes on from it.
        on_epoch: Called after each epoch with its figures; `accuracy` is by the nearest class centre.

    Returns:
        The model, with an index beside it for more images than `largest_exact`, and one dict per epoch.

    Raises:
        InputError: The config or the images cannot be learned from.
        SwitchyardError: The ONNX graph does not answer as the trained network does.
    """
    settings = settings_of(ArcFaceTraining, recipe)
    started = perf_counter()
    with pinned_threads(recipe.threads, with_torch=True):
        from switchyard.training.images.arcface import Embedder
        from switchyard.training.images.fitting import Sets, complete, computed_by, describe, fit
        from switchyard.training.images.onnx.export import export_embedder

        sets = Sets.open(training, validation)
        network, history = fit(
            sets,
            settings,
            lambda encoder: Embedder(
                encoder,
                len(sets.classes),
                embedding_size=settings.embedding_size,
                margin=settings.margin,
                scale=settings.feature_scale,
                label_smoothing=settings.label_smoothing,
            ),
            seed=recipe.seed,
            folder=folder,
            on_epoch=on_epoch,
        )
        metadata = describe(recipe.name, "arcface", "image_retrieval", sets, settings, network)
        about = settings.model_dump(include={"neighbours", "vote", "threshold", "largest_exact"})
        found = embed(OnnxModel(export_embedder(network, metadata), metadata), [training])
        check_size(found, settings.neighbours)
        is_exact = len(found) <= settings.largest_exact
        companions = {} if is_exact else FaissGallery.build(found).files()
        metadata["gallery"] = about | gallery.described(len(found), companions)
        model = OnnxModel(export_embedder(network, metadata, found if is_exact else None), metadata, companions)
        seconds = perf_counter() - started
        images = sets.validation_images(settings, parity.IMAGES)
        measured = parity.measure(computed_by(network.embeddings), model, images, "embedding")
    parity.check(measured, recipe.name)
    complete(model, sets, parity=measured, threads=recipe.threads, seed=recipe.seed, fit_seconds=seconds)
    return Trained(model, history)
