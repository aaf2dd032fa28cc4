"""Models that need no training: they tell classes by how bright an image is, and a class can be broken on purpose."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
from onnx import TensorProto, helper

from switchyard.model.faiss_gallery import FaissGallery
from switchyard.model.gallery import Gallery, described
from switchyard.model.graph import Graph, serialize
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.images.onnx.search import write_search
from tests.images.shapes import png

LEVELS = {"a": 40, "b": 100, "c": 160, "d": 220}
SIDE = 8


def table(rows: int, seed: int, classes: str = "abc", spread: float = 20.0) -> pl.DataFrame:
    """An ingested table: grey squares whose level is that of their class, more or less, with a mark in a corner."""
    rng = np.random.default_rng(seed)
    labels = [classes[number % len(classes)] for number in range(rows)]
    images = []
    for label in labels:
        pixels = (
            np.full((SIDE, SIDE, 1), LEVELS[label], float) + rng.normal(0, spread) + rng.normal(0, 4, (SIDE, SIDE, 1))
        )
        images.append(png(pixels.clip(0, 255).astype(np.uint8)))
    return pl.DataFrame(
        {
            "image": images,
            "label": labels,
            "hash": [hashlib.sha256(image).hexdigest() for image in images],
            "path": [f"{label}/{number}.png" for number, label in enumerate(labels)],
        }
    )


def levels(frame: pl.DataFrame) -> np.ndarray:
    """The mean of each image, by Pillow alone."""
    from io import BytesIO

    from PIL import Image

    return np.array([np.asarray(Image.open(BytesIO(image)), float).mean() for image in frame["image"]])


def _card(task: str, classes, candidate: str, **more) -> dict:
    inputs = [{"name": "image", "datatype": "UINT8", "shape": [-1, SIDE, SIDE, 1]}]
    metadata = {"name": "levels", "candidate": candidate, "task": task, "inputs": inputs, "classes": list(classes)}
    training = {"seconds": 1.5, "peak_memory_mb": 80.0, "rows": 90}
    return {**metadata, "parity": {"max_difference": 1e-7}, "params": {"width": 1}, "training": training, **more}


def _mean(graph: Graph) -> str:
    shape = ["N", "H", "W", 1]
    graph.inputs.append(helper.make_tensor_value_info("image", TensorProto.UINT8, shape))
    return graph.add("ReduceMean", graph.cast("image", TensorProto.FLOAT), axes=[1, 2], keepdims=0)


def classifier(centres: dict[str, float] | None = None, candidate: str = "levels", width: float = 20.0) -> OnnxModel:
    """Softmax of the negative squared distance of the mean to each centre."""
    centres = centres or {label: LEVELS[label] for label in "abc"}
    graph, classes = Graph(), sorted(centres)
    points = graph.constant(np.array([[centres[label] for label in classes]], dtype=np.float32))
    away = graph.add("Div", graph.add("Sub", _mean(graph), points), graph.constant(np.array(width, dtype=np.float32)))
    scores = graph.add("Neg", graph.add("Mul", away, away))
    best = graph.add("ArgMax", scores, axis=1, keepdims=0)
    graph.output(
        graph.add("Gather", graph.constant(np.array(classes, dtype=object)), best), "label", TensorProto.STRING, ["N"]
    )
    graph.output(graph.add("Softmax", scores, axis=1), "probabilities", TensorProto.FLOAT, ["N", len(classes)])
    metadata = _card("image_classification", classes, candidate)
    return OnnxModel(serialize(graph, metadata), metadata)


def embeddings(means: np.ndarray, blind: float = 1.0) -> np.ndarray:
    """What `retrieval` makes of means: a point on half a circle."""
    angle = means / 255 * np.pi * blind
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def retrieval(
    frame: pl.DataFrame,
    candidate: str = "levels",
    threshold: float = 0.9,
    blind: float = 1.0,
    vote: int = 1,
    beside: bool = False,
) -> OnnxModel:
    """The images of a table as the gallery; `blind` below 1 moves all images nearer to each other.

    With `beside` they lie in an index beside the graph.
    """
    graph = Graph()
    angle = graph.add("Mul", _mean(graph), graph.constant(np.array(np.pi * blind / 255, dtype=np.float32)))
    embedding = graph.add("Concat", graph.add("Cos", angle), graph.add("Sin", angle), axis=1)
    gallery = gallery_of(frame, blind)
    about = {"neighbours": 3, "vote": vote, "threshold": threshold}
    if not beside:
        write_search(graph, embedding, gallery, **about)
    graph.output(graph.add("Identity", embedding), "embedding", TensorProto.FLOAT, ["N", 2])
    files = FaissGallery.build(gallery).files() if beside else {}
    metadata = _card("image_retrieval", gallery.classes, candidate, gallery=about | described(len(gallery), files))
    return OnnxModel(serialize(graph, metadata), metadata, files)


def gallery_of(frame: pl.DataFrame, blind: float = 1.0) -> Gallery:
    """What `retrieval` searches, by numpy."""
    return Gallery(embeddings(levels(frame), blind), np.array(frame["label"].to_list(), dtype=object))
