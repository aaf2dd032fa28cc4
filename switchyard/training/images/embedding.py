"""Embeds tables of images with a trained network; the result is a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from switchyard.data.images.image_table import ImageTable
from switchyard.errors import InputError
from switchyard.model.gallery import BATCH, UNKNOWN_LABEL, Gallery
from switchyard.model.onnx_model import OnnxModel


def embed(model: OnnxModel, tables: Sequence[str | Path]) -> Gallery:
    """What a model makes of all images of some tables.

    Args:
        model: With the output `embedding`, such as one that a run trained.
        tables: Parquet files of images.

    Raises:
        InputError: A table cannot be read, or a label is `unknown`.
    """
    labels, parts = [], []
    _, height, width, channels = model.metadata["inputs"][0]["shape"]
    for path in tables:
        table = ImageTable.open(path)
        if UNKNOWN_LABEL in table.classes:
            raise InputError(
                f"{path} has images labelled {UNKNOWN_LABEL!r}, which is kept for answers: rename the class"
            )
        labels.append(table.labels)
        for _, pixels in table.batches(BATCH, channels, (height, width)):
            parts.append(model.session.run(["embedding"], {"image": pixels})[0])
    return Gallery(np.concatenate(parts), np.concatenate(labels))


def check_size(gallery: Gallery, neighbours: int) -> None:
    """Refuse a gallery with fewer images than an answer names.

    Raises:
        InputError: It is so.
    """
    if len(gallery) < neighbours:
        raise InputError(
            f"the gallery has {len(gallery)} images, and neighbours is {neighbours}: "
            "index more images, or lower neighbours"
        )
