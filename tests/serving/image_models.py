"""Models of images whose weights are drawn, not trained, and images to ask them about."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import numpy as np
import polars as pl
from PIL import Image

from switchyard.model.onnx_model import OnnxModel

SIZE = (16, 12)
CLASSES = ["cat", "dog", "gnu"]


def metadata(name: str, channels: int, **about) -> dict:
    inputs = [{"name": "image", "datatype": "UINT8", "shape": [-1, *SIZE, channels]}]
    return {"name": name, "classes": CLASSES, "positive": None, "inputs": inputs, **about}


def encoder(channels: int):
    import torch

    from switchyard.training.images.network import Encoder

    torch.manual_seed(3)
    return Encoder(SIZE, channels, 4, torch.full((channels,), 0.5), torch.full((channels,), 0.1))


@cache
def classifier(name: str = "pets", channels: int = 3) -> OnnxModel:
    """Says cat, dog or gnu of colour images."""
    from switchyard.training.images.network import Classifier
    from switchyard.training.images.onnx.export import export_classifier

    about = metadata(name, channels, task="image_classification")
    return OnnxModel(export_classifier(Classifier(encoder(channels), 3).eval(), about), about)


@cache
def searcher(name: str = "faces", *, images: int = 20, with_gallery: bool = True) -> OnnxModel:
    """Finds grey images like those of a random gallery."""
    from switchyard.model.gallery import Gallery
    from switchyard.training.images.arcface import Embedder
    from switchyard.training.images.onnx.export import export_embedder

    gallery = {"neighbours": 3, "vote": 1, "threshold": -1.0}
    about = metadata(name, 1, task="image_retrieval", gallery=gallery)
    network = Embedder(encoder(1), 3, embedding_size=8, margin=0.4, scale=20, label_smoothing=0.0).eval()
    found = None
    if with_gallery:
        raw = np.random.default_rng(1).normal(size=(images, 8)).astype(np.float32)
        labels = np.array([CLASSES[row % 3] for row in range(images)], dtype=object)
        found = Gallery(raw / np.linalg.norm(raw, axis=1, keepdims=True), labels)
    return OnnxModel(export_embedder(network, about, found), about)


def photo(seed: int = 0, size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    """Random pixels, smooth enough for a JPEG; `size` is height and width."""
    depth = {"L": 1, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 3, depth), dtype=np.uint8)
    image = Image.fromarray(coarse.squeeze(2) if depth == 1 else coarse, mode)
    return image.resize((size[1], size[0]), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def frame(count: int, **about) -> pl.DataFrame:
    """Encoded images as a run has them after ingest."""
    images = [encoded(photo(seed, **about)) for seed in range(count)]
    return pl.DataFrame({"image": images, "label": [CLASSES[n % 3] for n in range(count)]})
