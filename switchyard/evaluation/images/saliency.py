"""Which parts of an image an answer rests on: by occlusion (Zeiler & Fergus 2014), on the ONNX model itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from switchyard.errors import InputError
from switchyard.model.onnx_model import OnnxModel

Score = Callable[[np.ndarray], np.ndarray]
"""From pixels (n, H, W, C) uint8 to one number for each image (n,)."""


def occlusion(
    score: Score, image: np.ndarray, *, patch: int | None = None, stride: int | None = None, batch: int = 64
) -> np.ndarray:
    """How much a score falls when a square of the image is covered.

    Args:
        score: What is looked at, such as `class_score(model, "7")`.
        image: uint8 of shape (H, W, C).
        patch: Side of the square in pixels; a quarter of the shorter side if it is None.
        stride: Pixels from one square to the next; half a patch if it is None.
        batch: Images scored at once.

    Returns:
        float64 of shape (H, W): for each pixel the mean, over the squares that cover it, of the whole image's score
        less that of the covered one. Squares have the colour of the image's mean; at the borders they are cut off.

    Raises:
        InputError: The patch or the stride does not fit.
    """
    height, width, _ = image.shape
    patch = patch or max(1, min(height, width) // 4)
    stride = stride or max(1, patch // 2)
    if not 1 <= patch <= min(height, width) or not 1 <= stride <= patch:
        raise InputError(
            f"a patch of {patch} pixels with a stride of {stride} does not cover an image of {width}×{height}: "
            "the patch must fit into it, and the stride into the patch"
        )
    # Beginning outside the image, so that a pixel at the border is covered as often as others.
    first = stride - patch
    places = [(y, x) for y in range(first, height, stride) for x in range(first, width, stride)]
    colour = image.mean(axis=(0, 1)).round().astype(np.uint8)
    whole = float(score(image[None])[0])
    fallen, covered = np.zeros((height, width)), np.zeros((height, width))
    for start in range(0, len(places), batch):
        part = places[start : start + batch]
        copies = np.repeat(image[None], len(part), axis=0)
        areas = [(slice(max(0, y), y + patch), slice(max(0, x), x + patch)) for y, x in part]
        for copy, area in zip(copies, areas, strict=True):
            copy[area] = colour
        for area, value in zip(areas, score(copies), strict=True):
            fallen[area] += whole - value
            covered[area] += 1
    return np.asarray(fallen / covered)


def class_score(model: OnnxModel, label: str) -> Score:
    """A classifier's probability of a class.

    Raises:
        InputError: The model has no such class.
    """
    classes = model.metadata["classes"]
    if label not in classes:
        raise InputError(f"the model {model.metadata['name']} has no class {label!r}; it has {', '.join(classes[:20])}")
    column = classes.index(label)
    return lambda pixels: np.asarray(model.session.run(["probabilities"], {"image": pixels})[0][:, column])


def likeness_score(model: OnnxModel, embedding: np.ndarray) -> Score:
    """The cosine to an embedding of length one (d,), such as that of the nearest neighbour."""
    return lambda pixels: np.asarray(model.session.run(["embedding"], {"image": pixels})[0] @ embedding)
