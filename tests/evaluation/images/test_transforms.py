"""What shakes images does what its name says, and repeats."""

import numpy as np
import pytest

from switchyard.config.images import ImageRobustness
from switchyard.evaluation.images.transforms import TRANSFORMS, add_noise, blur, change_brightness, rotate


def bars(rows: int = 40) -> np.ndarray:
    """A level bar in the middle of each image, (rows, 21, 31, 3)."""
    images = np.full((rows, 21, 31, 3), 40, dtype=np.uint8)
    images[:, 9:12, 4:27] = 200
    return images


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_shape_type_and_randomness(name):
    transform, _ = TRANSFORMS[name]
    (strength,) = getattr(ImageRobustness(), name)
    images = bars()
    perturbed = transform(images, strength, 1)
    assert perturbed.shape == images.shape and perturbed.dtype == np.uint8
    assert (images == bars()).all()
    np.testing.assert_array_equal(perturbed, transform(images, strength, 1))
    assert (perturbed != images).any()
    np.testing.assert_array_equal(transform(images, 0.0, 1), images)
    if name != "blur":
        assert (perturbed != transform(images, strength, 2)).any()


def test_rotation_tilts_by_at_most_its_degrees():
    tilts = []
    for image in rotate(bars(200), 20, 0)[:, :, :, 0].astype(float) - 40:
        down, across = np.mgrid[-10:11, -15:16]
        weight = image / image.sum()
        tilts.append(np.degrees(np.arctan2((weight * down * across).sum(), (weight * across * across).sum())))
    assert -21 < min(tilts) < -15 and 15 < max(tilts) < 21


def test_noise_has_its_deviation():
    grey = np.full((50, 20, 20, 1), 128, dtype=np.uint8)
    assert add_noise(grey, 0.1, 0).astype(float).std() == pytest.approx(25.5, rel=0.03)


def test_blur_keeps_the_brightness_and_the_channels_apart():
    images = bars(2)
    images[..., 0] = 0
    blurred = blur(images, 0.1)
    assert blurred.astype(float)[..., 1].mean() == pytest.approx(images.astype(float)[..., 1].mean(), abs=1)
    assert blurred[..., 1].max() < 190
    assert (blurred[..., 0] == 0).all()


def test_brightness_changes_by_at_most_its_share():
    factors = change_brightness(bars(200), 0.4, 0)[:, 0, 0, 0] / 40
    assert 0.58 < factors.min() < 0.65 and 1.35 < factors.max() < 1.42
