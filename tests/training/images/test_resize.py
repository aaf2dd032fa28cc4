"""Resizing in torch is Pillow's, but for the rounding to whole levels; test_train.py holds the graph against both."""

import numpy as np
import pytest
import torch
from PIL import Image

from switchyard.training.images.resize import resize


@pytest.mark.parametrize("size", [(28, 28), (100, 60), (14, 20), (57, 28), (28, 300), (1, 1), (333, 217)])
def test_it_is_that_of_pillow(size):
    noise = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    expected = np.asarray(Image.fromarray(noise).resize((24, 28), Image.Resampling.BILINEAR)).astype(float)
    got = resize(torch.from_numpy(noise)[None, None].float(), (28, 24))[0, 0].numpy()
    assert abs(got - expected).max() <= 1.01
