"""What turns, shifts and zooms, seen on an image with a mark in it."""

import numpy as np
import torch

from switchyard.training.images import augmentation
from switchyard.training.images.settings import ImageTraining

SIZE = (20, 30)


def settings(**given) -> ImageTraining:
    still = {"rotate": 0, "shift": 0, "zoom": 0}
    return ImageTraining(size=SIZE, channels=1, **(still | given))


def maps(rows=400, seed=0, **given):
    return augmentation.draw(settings(**given), rows, torch.Generator().manual_seed(seed))


def mark(down: int, across: int, rows: int) -> torch.Tensor:
    images = torch.zeros(rows, 1, *SIZE)
    images[:, :, down - 1 : down + 1, across - 1 : across + 1] = 1
    return images


def centre(images: torch.Tensor) -> np.ndarray:
    """Where the brightness lies, in pixels from the middle of the image: down and across, (rows, 2)."""
    weights = (images / images.sum(dim=(2, 3), keepdim=True))[:, 0].numpy()
    down = weights.sum(axis=2) @ (np.arange(SIZE[0]) + 0.5) - SIZE[0] / 2
    across = weights.sum(axis=1) @ (np.arange(SIZE[1]) + 0.5) - SIZE[1] / 2
    return np.stack([down, across], axis=1)


def test_without_any_of_them_images_stay_as_they_are():
    images = torch.rand(5, 1, *SIZE)
    np.testing.assert_allclose(augmentation.apply(images, maps(5)), images, atol=1e-5)


def test_a_rotation_keeps_the_distance_from_the_middle_and_goes_as_far_as_allowed():
    moved = centre(augmentation.apply(mark(10, 22, 400), maps(rotate=30)))
    np.testing.assert_allclose(np.hypot(*moved.T), 7, atol=0.2)
    angles = np.degrees(np.arctan2(moved[:, 0], moved[:, 1]))
    assert angles.min() < -28 and angles.max() > 28 and abs(angles).max() < 31


def test_a_shift_is_a_share_of_each_side():
    moved = centre(augmentation.apply(mark(10, 15, 400), maps(shift=0.2)))
    assert abs(moved[:, 0]).max() < 4.1 and abs(moved[:, 1]).max() < 6.1
    assert abs(moved[:, 0]).max() > 3.8 and abs(moved[:, 1]).max() > 5.7


def test_a_zoom_moves_a_mark_along_its_direction():
    moved = centre(augmentation.apply(mark(10, 25, 400), maps(zoom=0.2)))
    np.testing.assert_allclose(moved[:, 0], 0, atol=1e-3)
    assert 7.9 < moved[:, 1].min() < 8.3 and 11.7 < moved[:, 1].max() < 12.1


def test_half_of_the_images_are_mirrored_if_that_is_asked_for():
    moved = centre(augmentation.apply(mark(10, 22, 400), maps(flip=True)))
    np.testing.assert_allclose(abs(moved[:, 1]), 7, atol=0.1)
    assert 140 < (moved[:, 1] < 0).sum() < 260


def test_the_same_seed_draws_the_same_maps():
    assert torch.equal(maps(rotate=10, shift=0.1, zoom=0.1), maps(rotate=10, shift=0.1, zoom=0.1))
    assert not torch.equal(maps(rotate=10), maps(rotate=10, seed=1))
