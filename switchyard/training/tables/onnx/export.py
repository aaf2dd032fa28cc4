"""A fitted candidate as the bytes of an ONNX file: the same model always gives the same bytes.

Nothing of the run goes in (no time, no path, no version of a tool but ONNX's own), everything that
has an order is sorted or built in a fixed order, and the file explains itself: `metadata_props`
carries the model's metadata under `switchyard.card`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from switchyard.config.features import Feature
from switchyard.model.graph import Graph, serialize
from switchyard.training.tables.fitted import Fitted
from switchyard.training.tables.onnx.graph_encoder import write_encoder
from switchyard.training.tables.onnx.graph_learner import write_learner
from switchyard.training.tables.target import Target


def export(fitted: Fitted, features: tuple[Feature, ...], target: Target, metadata: dict[str, Any]) -> bytes:
    """Write the whole model, preprocessing and all.

    Args:
        fitted: The model.
        features: Its raw columns, one input each.
        target: For classes and the type of `label`.
        metadata: What the file says of itself; JSON-able, the same for the same config and data.

    Returns:
        A serialized ModelProto with the inputs and outputs that `onnx_model.py` describes.
    """
    graph = Graph()
    matrix = write_encoder(graph, fitted.encoder, features)
    answer = write_learner(graph, fitted.learner, fitted.task, matrix)
    _write_outputs(graph, answer, target)
    return serialize(graph, metadata)


def _write_outputs(graph: Graph, answer: str, target: Target) -> None:
    from onnx import TensorProto

    if target.task == "regression":
        graph.output(graph.cast(answer, TensorProto.FLOAT), "prediction", TensorProto.FLOAT, ["N", 1])
        return
    is_text = isinstance(target.classes[0], str)
    classes = graph.constant(np.array(target.classes, dtype=object if is_text else np.int64))
    best = graph.add("ArgMax", answer, axis=1, keepdims=0)
    label_type = TensorProto.STRING if is_text else TensorProto.INT64
    graph.output(graph.add("Gather", classes, best), "label", label_type, ["N"])
    probabilities = graph.cast(answer, TensorProto.FLOAT)
    graph.output(probabilities, "probabilities", TensorProto.FLOAT, ["N", len(target.classes)])
