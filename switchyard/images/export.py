"""A trained classifier of images as the bytes of an ONNX file; `switchyard.models.export` does it for tables.

The graph has one input, `image`: uint8 of shape (N, H, W, C), any number of images of any one size. It resizes and
normalises them itself, and gives `label` (N,) as text and `probabilities` (N, classes) float32, classes in the
card's order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.models.export import serialize
from switchyard.models.graph import Graph

if TYPE_CHECKING:
    from switchyard.images.network import Classifier


def export_classifier(network: Classifier, card: dict[str, Any]) -> bytes:
    """Write the whole model.

    Args:
        network: The trained network.
        card: What the file says of itself: `classes` among it, in the order of the network's scores.

    Returns:
        A serialized ModelProto, the same for the same weights and card.
    """
    from onnx import TensorProto

    from switchyard.images.graph_encoder import write_encoder, write_linear

    graph = Graph()
    scores = write_linear(graph, network.head, write_encoder(graph, network.encoder))
    classes = graph.constant(np.array(card["classes"], dtype=object))
    best = graph.add("ArgMax", scores, axis=1, keepdims=0)
    graph.output(graph.add("Gather", classes, best), "label", TensorProto.STRING, ["N"])
    probabilities = graph.add("Softmax", scores, axis=1)
    graph.output(probabilities, "probabilities", TensorProto.FLOAT, ["N", len(card["classes"])])
    return serialize(graph, card)
