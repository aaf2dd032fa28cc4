"""Occlusion finds the part on which a score rests, on a score that is known and on a trained model."""

import numpy as np
import pytest

from switchyard.errors import InputError
from switchyard.evaluation.images.saliency import class_score, likeness_score, occlusion
from tests.fixtures import shapes


def corner(pixels: np.ndarray) -> np.ndarray:
    """How bright the upper left 4×4 pixels are."""
    return pixels[:, :4, :4].mean(axis=(1, 2, 3)) / 255


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_only_what_the_score_looks_at_is_salient(batch):
    image = np.zeros((16, 20, 3), dtype=np.uint8)
    image[:4, :4] = 250
    heat = occlusion(corner, image, patch=4, stride=2, batch=batch)
    assert heat.shape == (16, 20)
    assert heat[:4, :4].min() > 0.2 and heat[:2, :2].min() > 0.4
    np.testing.assert_allclose(heat[8:, 8:], 0, atol=1e-12)
    np.testing.assert_array_equal(heat, occlusion(corner, image, patch=4, stride=2))


def test_squares_have_the_colour_of_the_mean():
    """Covering a flat image changes nothing."""
    image = np.full((9, 9, 1), 77, dtype=np.uint8)
    np.testing.assert_array_equal(occlusion(corner, image), np.zeros((9, 9)))


def test_a_square_that_does_not_cover_is_refused():
    image = np.zeros((8, 12, 1), dtype=np.uint8)
    for patch, stride in ((9, 1), (3, 4)):
        with pytest.raises(InputError, match=f"a patch of {patch} pixels with a stride of {stride} does not cover"):
            occlusion(corner, image, patch=patch, stride=stride)


def test_a_model_looks_at_the_shape_and_not_at_the_corners(tmp_path):
    folder = shapes.sets(tmp_path)
    model = shapes.fit(folder).model
    image = shapes.draw("flat", np.random.default_rng(1))
    heat = occlusion(class_score(model, "flat"), image, patch=5, stride=2)
    assert np.unravel_index(heat.argmax(), heat.shape)[0] in range(4, 10)
    assert abs(heat[[0, 0, -1, -1], [0, -1, 0, -1]]).max() < heat.max() / 2
    with pytest.raises(InputError, match="has no class 'ring'; it has disc, flat, tall"):
        class_score(model, "ring")
    embedder = shapes.fit(folder, "arcface", embedding_size=8, epochs=1).model
    embedding = embedder.session.run(["embedding"], {"image": image[None]})[0][0]
    assert likeness_score(embedder, embedding)(image[None])[0] == pytest.approx(1, abs=1e-5)
