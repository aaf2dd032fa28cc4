"""Which input of a graph is an image, and how an encoded one becomes its tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    import numpy as np

    from switchyard.model.decoding import Channels
    from switchyard.serving.protocol.tensor_shapes import Dimension, TensorSpec

MOST_IMAGES = 1024
"""In one request: a few bytes of tiny images can be work for hours, since the graph makes all of them of one size."""

LONGEST_SIDE = 16_384
"""In pixels: the graph's weights for resizing grow with the sides, and a single row of pixels can be long."""


@dataclass(frozen=True)
class ImageInput:
    """The one input of a graph of images, uint8 of shape (N, H, W, C).

    Attributes:
        name: Its name.
        size: Height and width that the network was trained on; None if nothing says them, for any will do then.
        channels: 1 for grey, 3 for RGB.
    """

    name: str
    size: tuple[int, int] | None
    channels: Channels

    def decode(self, body: bytes) -> np.ndarray:
        """One encoded image as a batch of one, uint8 of shape (1, H, W, C): read and resized as in training.

        Raises:
            RequestError: The bytes are no image that can be used.
        """
        from switchyard.model.decoding import UnreadableImageError, decode

        try:
            return decode(body, self.channels, self.size)[None]
        except UnreadableImageError as error:
            raise RequestError(f"the body {error}") from error

    def check(self, shape: list[int]) -> None:
        """Refuse a tensor that fits the graph, but is too much work.

        Raises:
            RequestError: It is.
        """
        if shape[0] > MOST_IMAGES:
            raise RequestError(f"input {self.name}: {shape[0]} images in one request, at most {MOST_IMAGES} are taken")
        if max(shape[1:3]) > LONGEST_SIDE:
            raise RequestError(
                f"input {self.name}: an image of shape {shape[1:]} has a side of more than {LONGEST_SIDE} pixels"
            )


def image_input(inputs: dict[str, TensorSpec], metadata: dict[str, Any]) -> ImageInput | None:
    """The image that a graph takes; None if it takes something else."""
    if len(inputs) != 1:
        return None
    (spec,) = inputs.values()
    if spec.datatype.name != "UINT8" or len(spec.shape) != 4:
        return None
    if isinstance(spec.shape[0], int) or spec.shape[3] not in (1, 3):
        return None
    known = metadata.get("inputs")
    described = known[0].get("shape") if isinstance(known, list) and known and isinstance(known[0], dict) else None
    channels: Channels = 1 if spec.shape[3] == 1 else 3
    return ImageInput(spec.name, _size(spec.shape) or _size(described), channels)


def _size(shape: tuple[Dimension, ...] | list[Any] | None) -> tuple[int, int] | None:
    if not isinstance(shape, list | tuple) or len(shape) != 4:
        return None
    height, width = shape[1:3]
    fixed = isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0
    return (height, width) if fixed else None  # type: ignore[return-value] # both are int
