"""The images that an embedding is compared with, and the search among them as ONNX nodes.

A graph with a gallery takes raw pixels and gives

- `label` (N,): that of the nearest image (or the vote of the nearest), or `unknown`;
- `neighbours` (N, k) int64: rows of the gallery, the nearest first; of equally near ones the first row;
- `neighbour_labels` (N, k) and `similarity` (N, k) float32: their labels, and the cosines to them;
- `embedding` (N, d) float32, of length one.

The gallery lies in three constants of the graph; `indexing.py` replaces them. A graph compares with every image at each
request, so a gallery of more images than `largest_exact` is searched by `faiss_gallery.py`, beside the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.errors import InputError
from switchyard.images.image_table import ImageTable
from switchyard.models.companions import digests
from switchyard.models.graph import Graph
from switchyard.models.onnx_model import OnnxModel

if TYPE_CHECKING:
    from onnx import GraphProto, TensorProto

UNKNOWN_LABEL = "unknown"
"""The answer when nothing in the gallery is near enough."""

_EMBEDDINGS, _NUMBERS, _CLASSES = "gallery.embeddings", "gallery.classes_of_rows", "gallery.classes"
_BATCH = 256


@dataclass(frozen=True)
class Gallery:
    """Images with a label, as an encoder sees them.

    Attributes:
        embeddings: float32 of length one; (images, d).
        labels: Text; an object array of shape (images,).
    """

    embeddings: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        """How many images."""
        return len(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """All labels, sorted."""
        return tuple(sorted(set(self.labels.tolist())))

    @property
    def numbers(self) -> np.ndarray:
        """For each row the place of its label in `classes`."""
        places = {label: number for number, label in enumerate(self.classes)}
        return np.array([places[label] for label in self.labels.tolist()], dtype=np.int64)


def embed(model: OnnxModel, tables: Sequence[str | Path]) -> Gallery:
    """What a model makes of all images of some tables.

    Args:
        model: With the output `embedding`, such as one that a run trained.
        tables: Parquet files of images.

    Raises:
        InputError: A table cannot be read, or a label is `unknown`.
    """
    labels, parts = [], []
    _, height, width, channels = model.card["inputs"][0]["shape"]
    for path in tables:
        table = ImageTable.open(path)
        if UNKNOWN_LABEL in table.classes:
            raise InputError(
                f"{path} has images labelled {UNKNOWN_LABEL!r}, which is kept for answers: rename the class"
            )
        labels.append(table.labels)
        for _, pixels in table.batches(_BATCH, channels, (height, width)):
            parts.append(model.session.run(["embedding"], {"image": pixels})[0])
    return Gallery(np.concatenate(parts), np.concatenate(labels))


def described(images: int, companions: Mapping[str, bytes]) -> dict[str, Any]:
    """What the card says of a gallery: its size, how it is searched, and the files beside the graph, if it needs any.

    Args:
        images: How many there are.
        companions: The index; empty for a gallery in the graph.
    """
    beside = {"files": digests(companions)} if companions else {}
    return {"images": images, "search": "hnsw" if companions else "exact", **beside}


def check_size(gallery: Gallery, neighbours: int) -> None:
    """Refuse a gallery with fewer images than an answer names.

    Raises:
        InputError: It is so.
    """
    if len(gallery) < neighbours:
        raise InputError(
            f"the gallery has {len(gallery)} images, and neighbours is {neighbours}: "
            "index more images, or lower neighbours"
        )


def replace_constants(graph: GraphProto, gallery: Gallery) -> None:
    """Put another gallery into a graph that has one."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for tensor in _constants(gallery):
        constants[tensor.name].CopyFrom(tensor)


def gallery_of(model: OnnxModel) -> Gallery:
    """The gallery in a model's graph, or in the index beside it.

    Raises:
        InputError: There is none.
    """
    if model.index is not None:
        return model.index.gallery()
    import onnx
    from onnx import numpy_helper

    constants = {tensor.name: tensor for tensor in onnx.load_model_from_string(model.content).graph.initializer}
    if _EMBEDDINGS not in constants:
        raise InputError(f"the model {model.card['name']} has no gallery in its graph: name one of type arcface")
    classes = np.array([label.decode() for label in constants[_CLASSES].string_data], dtype=object)
    numbers = numpy_helper.to_array(constants[_NUMBERS])
    return Gallery(numpy_helper.to_array(constants[_EMBEDDINGS]), classes[numbers])


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
    cosines = graph.add("Gemm", embedding, _EMBEDDINGS, transB=1)
    places, nearest = "/nearest_places", "/nearest_cosines"
    count = graph.constant(np.array([neighbours], dtype=np.int64))
    graph.nodes.append(helper.make_node("TopK", [cosines, count], [nearest, places], name="/TopK", axis=1, sorted=1))
    classes = graph.add("Gather", _NUMBERS, places)
    winner = _write_vote(graph, classes, nearest, vote)
    first = graph.add("Squeeze", _columns(graph, nearest, 1), graph.constant(np.array([1], dtype=np.int64)))
    near = graph.add("GreaterOrEqual", first, graph.constant(np.array(threshold, dtype=np.float32)))
    last = graph.constant(np.array(-1, dtype=np.int64))  # counted from the end: `unknown`
    graph.output(
        graph.add("Gather", _CLASSES, graph.add("Where", near, winner, last)), "label", TensorProto.STRING, ["N"]
    )
    shape: list[str | int] = ["N", neighbours]
    graph.output(places, "neighbours", TensorProto.INT64, shape)
    graph.output(graph.add("Gather", _CLASSES, classes), "neighbour_labels", TensorProto.STRING, shape)
    graph.output(nearest, "similarity", TensorProto.FLOAT, shape)


def _write_vote(graph: Graph, classes: str, cosines: str, vote: int) -> str:
    """The class number that the first `vote` neighbours choose, (N,)."""
    votes = graph.constant(np.array([0, 1], dtype=np.float32))
    number = graph.add("Shape", _CLASSES)
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

    names = TensorProto(name=_CLASSES, data_type=TensorProto.STRING, dims=[len(gallery.classes) + 1])
    names.string_data.extend(label.encode() for label in (*gallery.classes, UNKNOWN_LABEL))
    return (
        numpy_helper.from_array(np.ascontiguousarray(gallery.embeddings, dtype=np.float32), _EMBEDDINGS),
        numpy_helper.from_array(gallery.numbers, _NUMBERS),
        names,
    )
