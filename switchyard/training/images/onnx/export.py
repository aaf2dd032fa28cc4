"""Writes a trained network of images as the bytes of an ONNX file; the twin of `training.tables.onnx.export`.

The graph has one input, `image`: uint8 of shape (N, H, W, C), any number of images of any one size. It resizes and
normalises them itself. A classifier gives `label` (N,) as text and `probabilities` (N, classes) float32, classes in the
metadata's order; an embedder gives what `gallery.py` says, or without a gallery `embedding` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.model.graph import Graph, serialize

if TYPE_CHECKING:
    from switchyard.model.gallery import Gallery
    from switchyard.training.images.arcface import Embedder
    from switchyard.training.images.network import Classifier


def export_classifier(network: Classifier, metadata: dict[str, Any]) -> bytes:
    """Write the whole model.

    Args:
        network: The trained network.
        metadata: What the file says of itself: `classes` among it, in the order of the network's scores.

    Returns:
        A serialized ModelProto, the same for the same weights and metadata.
    """
    from onnx import TensorProto

    from switchyard.training.images.onnx.graph_encoder import write_encoder, write_linear

    graph = Graph()
    scores = write_linear(graph, network.head, write_encoder(graph, network.encoder))
    classes = graph.constant(np.array(metadata["classes"], dtype=object))
    best = graph.add("ArgMax", scores, axis=1, keepdims=0)
    graph.output(graph.add("Gather", classes, best), "label", TensorProto.STRING, ["N"])
    probabilities = graph.add("Softmax", scores, axis=1)
    graph.output(probabilities, "probabilities", TensorProto.FLOAT, ["N", len(metadata["classes"])])
    return serialize(graph, metadata)


def export_embedder(network: Embedder, metadata: dict[str, Any], gallery: Gallery | None = None) -> bytes:
    """Write the network, and the search in a gallery if there is one.

    Args:
        network: The trained network.
        metadata: What the file says of itself: `neighbours`, `vote` and `threshold` among its `gallery`.
        gallery: What is searched.

    Returns:
        A serialized ModelProto, the same for the same weights, metadata and gallery.
    """
    from onnx import TensorProto

    from switchyard.training.images.onnx.graph_encoder import write_encoder, write_linear
    from switchyard.training.images.onnx.search import write_search

    graph = Graph()
    raw = write_linear(graph, network.projection, write_encoder(graph, network.encoder))
    shortest = graph.constant(np.array(1e-12, dtype=np.float32))
    length = graph.add("Max", graph.add("ReduceL2", raw, axes=[1], keepdims=1), shortest)
    embedding = graph.add("Div", raw, length)
    if gallery is not None:
        about = metadata["gallery"]
        write_search(graph, embedding, gallery, **{key: about[key] for key in ("neighbours", "vote", "threshold")})
    graph.output(embedding, "embedding", TensorProto.FLOAT, ["N", network.projection.out_features])
    return serialize(graph, metadata)
