"""Writes the nearest-neighbour search among a gallery into an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from switchyard.model.gallery import CLASSES, EMBEDDINGS, NUMBERS, UNKNOWN_LABEL, Gallery
from switchyard.model.graph import Graph

if TYPE_CHECKING:
    from onnx import GraphProto, TensorProto


def replace_constants(graph: GraphProto, gallery: Gallery) -> None:
    """Put another gallery into a graph that has one."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for tensor in _constants(gallery):
        constants[tensor.name].CopyFrom(tensor)


def write_search(
    graph: Graph, embedding: str, gallery: Gallery, *, neighbours: int, vote: int, threshold: float
) -> None:
    """Add the search among a gallery and all outputs but `embedding`.

    Args:
        graph: Where to.
        embedding: The value of length one, (N, d).
        gallery: What is searched.
        neighbours: How many an answer names.
        vote: How many of them decide on the label. Most votes win; of as many, the higher sum of cosines.
        threshold: The lowest cosine to the nearest neighbour that is not answered with `unknown`.
    """
    from onnx import TensorProto, helper

    graph.constants.extend(_constants(gallery))
    cosines = graph.add("Gemm", embedding, EMBEDDINGS, transB=1)
    places, nearest = "/nearest_places", "/nearest_cosines"
    count = graph.constant(np.array([neighbours], dtype=np.int64))
    graph.nodes.append(helper.make_node("TopK", [cosines, count], [nearest, places], name="/TopK", axis=1, sorted=1))
    classes = graph.add("Gather", NUMBERS, places)
    winner = _write_vote(graph, classes, nearest, vote)
    first = graph.add("Squeeze", _columns(graph, nearest, 1), graph.constant(np.array([1], dtype=np.int64)))
    near = graph.add("GreaterOrEqual", first, graph.constant(np.array(threshold, dtype=np.float32)))
    last = graph.constant(np.array(-1, dtype=np.int64))  # counted from the end: `unknown`
    graph.output(
        graph.add("Gather", CLASSES, graph.add("Where", near, winner, last)), "label", TensorProto.STRING, ["N"]
    )
    shape: list[str | int] = ["N", neighbours]
    graph.output(places, "neighbours", TensorProto.INT64, shape)
    graph.output(graph.add("Gather", CLASSES, classes), "neighbour_labels", TensorProto.STRING, shape)
    graph.output(nearest, "similarity", TensorProto.FLOAT, shape)


def _write_vote(graph: Graph, classes: str, cosines: str, vote: int) -> str:
    """The class number that the first `vote` neighbours choose, (N,)."""
    votes = graph.constant(np.array([0, 1], dtype=np.float32))
    number = graph.add("Shape", CLASSES)
    chosen = graph.add("OneHot", _columns(graph, classes, vote), number, votes)
    # Cosines are at most 1, so all that are added to a count make less than half a vote.
    share = graph.constant(np.array(1 / (2 * vote + 2), dtype=np.float32))
    one = graph.constant(np.array(1, dtype=np.float32))
    weights = graph.add("Add", graph.add("Mul", _columns(graph, cosines, vote), share), one)
    each = graph.add("Mul", chosen, graph.add("Unsqueeze", weights, graph.constant(np.array([2], dtype=np.int64))))
    total = graph.add("ReduceSum", each, graph.constant(np.array([1], dtype=np.int64)), keepdims=0)
    return graph.add("ArgMax", total, axis=1, keepdims=0)


def _columns(graph: Graph, value: str, count: int) -> str:
    starts, ends, axes = (graph.constant(np.array([number], dtype=np.int64)) for number in (0, count, 1))
    return graph.add("Slice", value, starts, ends, axes)


def _constants(gallery: Gallery) -> tuple[TensorProto, ...]:
    from onnx import TensorProto, numpy_helper

    names = TensorProto(name=CLASSES, data_type=TensorProto.STRING, dims=[len(gallery.classes) + 1])
    names.string_data.extend(label.encode() for label in (*gallery.classes, UNKNOWN_LABEL))
    return (
        numpy_helper.from_array(np.ascontiguousarray(gallery.embeddings, dtype=np.float32), EMBEDDINGS),
        numpy_helper.from_array(gallery.numbers, NUMBERS),
        names,
    )
