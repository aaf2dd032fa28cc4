"""What a model of images is fed with: the decoded column of a frame."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import polars as pl
import pytest
from PIL import Image

from switchyard.model.decoding import UnreadableImageError
from switchyard.model.onnx_model import OnnxModel


def _model(*shape: int) -> OnnxModel:
    return OnnxModel(b"", {"inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, *shape]}]})


def _png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_encoded_images_become_pixels_of_the_size_and_channels_on_the_card() -> None:
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    frame = pl.DataFrame({"image": [_png(grey), _png(255 - grey), _png(np.full((8, 2), 9, np.uint8))]})

    (plain,) = _model(4, 4, 1).inputs(frame).values()
    (coloured,) = _model(2, 3, 3).inputs(frame).values()

    assert plain.dtype == np.uint8
    assert (plain[:2, :, :, 0] == np.stack([grey, 255 - grey])).all()
    assert (plain[2] == 9).all()
    assert coloured.shape == (3, 2, 3, 3)


def test_bytes_that_are_no_image_are_refused() -> None:
    with pytest.raises(UnreadableImageError, match="no image of a known format"):
        _model(4, 4, 1).inputs(pl.DataFrame({"image": [b"text, not pixels"]}))
