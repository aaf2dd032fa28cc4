"""The margin loss against the paper's formula in plain numpy, and its gradients."""

import numpy as np
import pytest
import torch

from switchyard.training.images.arcface import Embedder, arcface_scores
from switchyard.training.images.network import Encoder


def plain_loss(embeddings, centres, targets, margin, scale):
    """Formula (3) of Deng et al. 2019, image by image."""
    total = []
    for embedding, target in zip(embeddings, targets, strict=True):
        logits = []
        for number, centre in enumerate(centres):
            cosine = embedding @ centre / np.linalg.norm(embedding) / np.linalg.norm(centre)
            angle = np.arccos(np.clip(cosine, -1, 1))
            if number == target:
                beyond = angle > np.pi - margin
                cosine = np.cos(angle) - margin * np.sin(margin) if beyond else np.cos(angle + margin)
            logits.append(scale * cosine)
        logits = np.array(logits)
        total.append(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[target])
    return np.array(total)


@pytest.mark.parametrize(("margin", "scale"), [(0.5, 64.0), (0.4, 20.0), (0.0, 1.0), (1.5, 10.0)])
def test_the_loss_is_that_of_the_paper(margin, scale):
    rng = np.random.default_rng(5)
    embeddings, centres, targets = rng.normal(size=(200, 6)), rng.normal(size=(4, 6)), rng.integers(0, 4, 200)
    embeddings[:4], targets[:4] = -centres, range(4)  # farther than any margin leaves room for
    normal = [torch.nn.functional.normalize(torch.from_numpy(each).float()) for each in (embeddings, centres)]
    numbers = torch.from_numpy(targets)
    scores = arcface_scores(normal[0] @ normal[1].T, numbers, margin, scale)
    losses = torch.nn.functional.cross_entropy(scores, numbers, reduction="none").numpy()
    expected = plain_loss(embeddings, centres, targets, margin, scale)
    np.testing.assert_allclose(losses, expected, rtol=1e-3, atol=1e-3)


def test_farther_from_ones_class_is_never_better():
    angles = torch.linspace(0, np.pi, 1000)
    cosines = torch.stack([angles.cos(), torch.zeros(1000)], dim=1)
    scores = arcface_scores(cosines, torch.zeros(1000, dtype=torch.long), 0.5, 30.0)[:, 0]
    assert (scores.diff() < 1e-3).all()


def test_on_the_centre_and_opposite_to_it_there_is_a_gradient():
    """Where the derivative of the arc cosine has none."""
    cosines = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    targets = torch.tensor([0, 0])
    loss = torch.nn.functional.cross_entropy(arcface_scores(cosines, targets, 0.5, 30.0), targets)
    (gradient,) = torch.autograd.grad(loss, cosines)
    assert gradient.isfinite().all()


def test_embeddings_have_length_one_and_the_forward_pass_uses_the_margin():
    torch.manual_seed(0)
    encoder = Encoder((14, 14), 1, 2, torch.zeros(1), torch.ones(1))
    network = Embedder(encoder, 3, embedding_size=5, margin=0.5, scale=30.0).eval()
    pixels = torch.randint(0, 256, (8, 14, 14, 1), dtype=torch.uint8)
    embeddings = network.embeddings(pixels)
    np.testing.assert_allclose(embeddings.norm(dim=1).numpy(), 1, atol=1e-6)
    targets = torch.arange(8) % 3
    with torch.no_grad():
        losses, cosines = network(encoder.normalised(encoder.scaled(pixels)), targets)
    np.testing.assert_allclose(
        losses, plain_loss(embeddings.numpy(), network.centres.detach().numpy(), targets, 0.5, 30.0), rtol=1e-3
    )
    assert cosines.abs().max() <= 1 + 1e-6
