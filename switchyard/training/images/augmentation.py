"""Random rotation, shift, scale and mirroring of a batch: one affine map for each image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from switchyard.training.images.settings import ImageTraining

if TYPE_CHECKING:
    import torch


def draw(settings: ImageTraining, rows: int, generator: torch.Generator) -> torch.Tensor:
    """An affine map for each image.

    Args:
        settings: How far they go, and the size of the images, so that a turned square stays a square.
        rows: How many images.
        generator: Where the randomness comes from.

    Returns:
        Of shape (rows, 2, 3): from places in the result to places in the image, as `torch`'s `affine_grid` takes them.
    """
    import torch

    uniform = torch.rand(rows, 5, generator=generator) * 2 - 1
    angle = uniform[:, 0] * math.radians(settings.rotate)
    zoom = 1 / (1 + uniform[:, 1] * settings.zoom)
    mirror = torch.where((uniform[:, 2] > 0) & settings.flip, -1.0, 1.0)
    cos, sin, proportion = angle.cos() * zoom, angle.sin() * zoom, settings.size[0] / settings.size[1]
    # Places go from -1 to 1 across the image, so a share of its width is twice that.
    across, down = uniform[:, 3:].T * 2 * settings.shift
    first = torch.stack([cos * mirror, -sin * proportion, across], dim=1)
    second = torch.stack([sin * mirror / proportion, cos, down], dim=1)
    return torch.stack([first, second], dim=1)


def apply(images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Images (N, C, H, W) under maps (N, 2, 3), bilinear; what lies outside takes the colour of the border."""
    from torch.nn.functional import affine_grid, grid_sample

    grid = affine_grid(maps.to(images), list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)
