"""What can happen to a photograph, for the question how well a model stands it: uint8 batches in, uint8 batches out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Transform = Callable[[np.ndarray, float, int], np.ndarray]
"""From pixels (n, H, W, C), a strength and a seed to pixels of the same shape."""


def rotate(pixels: np.ndarray, degrees: float, seed: int = 0) -> np.ndarray:
    """Each image turned by at most so many degrees, either way; what comes in has the border's colour."""
    from scipy.ndimage import rotate as turn

    angles = np.random.default_rng(seed).uniform(-degrees, degrees, len(pixels))
    turned = [
        turn(image.astype(np.float32), angle, axes=(1, 0), reshape=False, order=1, mode="nearest")
        for image, angle in zip(pixels, angles, strict=True)
    ]
    return _levels(np.stack(turned))


def add_noise(pixels: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    """Gaussian noise on every value, with a standard deviation of a share of the full range."""
    noise = np.random.default_rng(seed).normal(0, share * 255, pixels.shape)
    return _levels(pixels + noise)


def blur(pixels: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    """A Gaussian blur whose standard deviation is a share of the shorter side."""
    from scipy.ndimage import gaussian_filter

    sigma = share * min(pixels.shape[1:3])
    return _levels(gaussian_filter(pixels.astype(np.float32), (0, sigma, sigma, 0), mode="nearest"))


def change_brightness(pixels: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    """Each image brighter or darker by at most a share of its own values."""
    factors = np.random.default_rng(seed).uniform(1 - share, 1 + share, len(pixels))
    return _levels(pixels * factors[:, None, None, None])


TRANSFORMS: dict[str, tuple[Transform, str]] = {
    "rotation": (rotate, "up to {:g}° either way"),
    "noise": (add_noise, "{:g} of the full range"),
    "blur": (blur, "by {:g} of the shorter side"),
    "brightness": (change_brightness, "up to {:g} of itself"),
}
"""By the key of `evaluation.robustness`, each with what its strength is."""


def _levels(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.round().clip(0, 255).astype(np.uint8))
