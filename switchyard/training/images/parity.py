"""Whether the exported graph answers as the trained network does, on validation images and on ones made difficult."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from switchyard.errors import SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.trained import TIE, TOLERANCE

IMAGES = 1000
"""At most so many validation images are compared."""


def measure(
    answer: Callable[[np.ndarray], np.ndarray], model: OnnxModel, images: np.ndarray, output: str
) -> dict[str, Any]:
    """Compare an output of the graph with what torch computes from the same pixels.

    Args:
        answer: From pixels (n, H, W, C) uint8 to values (n, k).
        model: The exported graph.
        images: Validation images, uint8 of shape (n, H, W, C).
        output: The output to compare: for `probabilities`, the labels are compared as well.

    Returns:
        For the metadata: `max_difference` (absolute), `labels_equal` (ties aside), `rows`, `tolerance`.
    """
    worst, equal, rows = 0.0, True, 0
    for pixels in _difficult(images):
        expected = answer(pixels)
        names = [output, "label"] if output == "probabilities" else [output]
        got = model.session.run(names, {"image": pixels})
        difference = np.abs(got[0].astype(float) - expected)
        worst = max(worst, float(difference.max()) if np.isfinite(difference).all() else float("inf"))
        if len(got) == 2:
            best = np.array(model.metadata["classes"], dtype=object)[expected.argmax(axis=1)]
            two = np.sort(expected, axis=1)[:, -2:]
            equal = equal and bool(((got[1] == best) | (two[:, -1] - two[:, 0] <= TIE)).all())
        rows += len(pixels)
    return {"max_difference": worst, "labels_equal": equal, "rows": rows, "tolerance": TOLERANCE}


def check(measured: dict[str, Any], candidate: str) -> None:
    """Refuse a graph that is not the trained network.

    Raises:
        SwitchyardError: A value differs by more than the tolerance, or a label is another one.
    """
    if not (measured["max_difference"] <= TOLERANCE and measured["labels_equal"]):
        labels = "" if measured["labels_equal"] else " and gives other labels"
        raise SwitchyardError(
            f"candidate {candidate}: the ONNX graph differs from the trained network by "
            f"{measured['max_difference']:.3g} on {measured['rows']} images{labels}; {TOLERANCE:g} is allowed, "
            "so it is not used"
        )


def _difficult(images: np.ndarray) -> Iterator[np.ndarray]:
    """The images in batches; then a few smaller, larger and out of proportion, alone, black, white and as noise."""
    for start in range(0, len(images), 100):
        yield images[start : start + 100]
    few = images[:3]
    yield few[:, ::2, ::2]
    yield few.repeat(3, axis=1).repeat(2, axis=2)[:, 1:, 1:]
    yield few[:, : few.shape[1] // 2]
    yield images[:1]
    yield np.stack([np.zeros_like(images[0]), np.full_like(images[0], 255)])
    yield np.random.default_rng(0).integers(0, 256, few.shape, dtype=np.uint8)
    yield few[:, :1, :1]
