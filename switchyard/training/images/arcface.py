"""An embedding trained with the additive angular margin of ArcFace (Deng et al., CVPR 2019, arXiv:1801.07698).

pytorch-metric-learning 2.9.0 (August 2025) has this loss and works with the versions that are used here. It is written
out all the same: there the gradient is NaN as soon as an image lies exactly on the centre of its class (the derivative
of the arc cosine at 1), and nothing else of that library is needed. It imports torch: import this module where it is
used.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from switchyard.training.images.network import Encoder


def arcface_scores(cosines: torch.Tensor, targets: torch.Tensor, margin: float, scale: float) -> torch.Tensor:
    """The scores of formula (3) of the paper, to which cross-entropy is applied.

    Args:
        cosines: Between embeddings and the centres of classes; float32 of shape (N, classes).
        targets: Class numbers (N,).
        margin: Added to the angle to an image's own class, in radians.
        scale: What all cosines are multiplied by.

    Returns:
        Of shape (N, classes). Where the angle and the margin together exceed a half turn, the cosine would rise again;
        there it is the cosine less `margin * sin(margin)`, as in the authors' code, so that farther stays worse.
    """
    own = cosines.gather(1, targets[:, None])
    # The floor keeps the gradient of the root finite at an angle of zero.
    sines = (1 - own.square()).clamp(min=1e-7).sqrt()
    turned = own * math.cos(margin) - sines * math.sin(margin)
    turned = torch.where(own > -math.cos(margin), turned, own - margin * math.sin(margin))
    return cosines.scatter(1, targets[:, None], turned) * scale


class Embedder(nn.Module):
    """An encoder, a linear layer to the embedding, and the centres of the classes for training.

    Args:
        encoder: The encoder.
        classes: How many there are in training.
        embedding_size: See `ArcFaceTraining`.
        margin: Likewise.
        scale: Likewise `feature_scale`.
        label_smoothing: See `ImageTraining`.
    """

    def __init__(
        self,
        encoder: Encoder,
        classes: int,
        *,
        embedding_size: int,
        margin: float,
        scale: float,
        label_smoothing: float = 0.0,
    ) -> None:
        """Build it with random weights."""
        super().__init__()
        self.encoder = encoder
        self.projection = nn.Linear(encoder.features, embedding_size)
        self.centres = nn.Parameter(torch.empty(classes, embedding_size))
        nn.init.normal_(self.centres)
        self.margin, self.scale, self.label_smoothing = margin, scale, label_smoothing

    def forward(self, images: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalised images and class numbers to each image's loss (N,) and its cosine to each class (N, classes)."""
        embeddings = self.projection(self.encoder(images))
        with torch.autocast(embeddings.device.type, enabled=False):  # 16 bits are too few for angles
            cosines = normalize(embeddings.float()) @ normalize(self.centres).T
            scores = arcface_scores(cosines, targets, self.margin, self.scale)
            losses = cross_entropy(scores, targets, reduction="none", label_smoothing=self.label_smoothing)
        return losses, cosines

    @torch.inference_mode()
    def embeddings(self, pixels: torch.Tensor) -> torch.Tensor:
        """Raw pixels (N, H, W, C) uint8 to embeddings of length one (N, embedding_size)."""
        images = self.encoder.normalised(self.encoder.scaled(pixels))
        return normalize(self.projection(self.encoder(images)))
