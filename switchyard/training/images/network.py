"""The network: from images of one size to features, and from features to classes.

Plain convolutions in stages that halve the image, as VGG's (Simonyan & Zisserman 2015), with batch normalisation and a
global average at the end (Lin et al. 2014). It imports torch: import this module where it is used.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn

from switchyard.training.images.batch_norm import BatchNorm
from switchyard.training.images.resize import resize

SMALLEST_MAP = 7
"""Stages are added until the map of features is about this high or wide."""

WIDEST = 8
"""No convolution has more than this many times the channels of the first."""


class Block(nn.Module):
    """A 3×3 convolution, batch normalisation and ReLU, which keeps height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Take the numbers of channels."""
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = BatchNorm(outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W)."""
        return torch.relu(self.norm(self.convolution(maps)))


class Encoder(nn.Module):
    """Images to features.

    Args:
        size: Height and width that the convolutions see.
        channels: Of the images.
        width: Channels of the first convolution.
        mean: Of each channel of the training images, as a share of 255; shape (channels,).
        std: Their standard deviation, likewise.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, size: tuple[int, int], channels: int, width: int, mean: torch.Tensor, std: torch.Tensor) -> None:
        """Build it with random weights."""
        super().__init__()
        self.size = size
        self.register_buffer("mean", mean.reshape(-1, 1, 1).float())
        self.register_buffer("std", std.reshape(-1, 1, 1).float())
        stages = max(1, round(math.log2(min(size) / SMALLEST_MAP)))
        widths = [width * min(2**stage, WIDEST) for stage in range(stages + 1)]
        layers: list[nn.Module] = [Block(channels, width)]
        for before, after in itertools.pairwise(widths):
            layers += [nn.MaxPool2d(2), Block(before, after), Block(after, after)]
        self.features = min(2 * widths[-1], width * WIDEST)
        self.layers = nn.Sequential(*layers, Block(widths[-1], self.features))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised images (N, C, *size) to features (N, self.features)."""
        maps: torch.Tensor = self.layers(images)
        return maps.mean(dim=(2, 3))

    def scaled(self, pixels: torch.Tensor) -> torch.Tensor:
        """Raw pixels (N, H, W, C) uint8 to values from 0 to 1 of shape (N, C, *size)."""
        return resize(pixels.permute(0, 3, 1, 2).float(), self.size) / 255

    def normalised(self, images: torch.Tensor) -> torch.Tensor:
        """Values from 0 to 1 to such with mean 0 and standard deviation 1 over the training images."""
        return (images - self.mean) / self.std


class Classifier(nn.Module):
    """An encoder and one linear layer.

    Args:
        encoder: The encoder.
        classes: How many there are.
        label_smoothing: See `ImageTraining`.
    """

    def __init__(self, encoder: Encoder, classes: int, label_smoothing: float = 0.0) -> None:
        """Build it with random weights."""
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.features, classes)
        self.label_smoothing = label_smoothing

    def forward(self, images: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalised images and class numbers to each image's loss (N,) and its scores (N, classes)."""
        scores: torch.Tensor = self.head(self.encoder(images))
        losses = nn.functional.cross_entropy(
            scores.float(), targets, reduction="none", label_smoothing=self.label_smoothing
        )
        return losses, scores

    @torch.inference_mode()
    def probabilities(self, pixels: torch.Tensor) -> torch.Tensor:
        """Raw pixels (N, H, W, C) uint8 to probabilities (N, classes): what the exported graph computes."""
        images = self.encoder.normalised(self.encoder.scaled(pixels))
        return torch.softmax(self.head(self.encoder(images)), dim=1)


def parameters(network: nn.Module) -> int:
    """How many numbers it learns."""
    return sum(weights.numel() for weights in network.parameters())
