"""The fitted preprocessing as ONNX nodes: raw columns in, the float64 matrix of `Encoder.transform` out."""

from __future__ import annotations

import numpy as np

from switchyard.config.features import Feature
from switchyard.model.graph import ML_DOMAIN, Graph
from switchyard.training.tables.encoder import CategoricalColumn, Encoder, NumericColumn


def write_encoder(graph: Graph, encoder: Encoder, features: tuple[Feature, ...]) -> str:
    """Add one input per feature and the nodes that encode them.

    Returns:
        The name of the float64 matrix (N, encoded columns).
    """
    from onnx import TensorProto

    names = {feature.name: graph.input(feature.name, feature.datatype) for feature in features}
    blocks = _numeric(graph, encoder, names) if encoder.numeric else []
    if encoder.categorical:
        hot = graph.concat([_one_hot(graph, column, names[column.name]) for column in encoder.categorical])
        blocks.append(graph.cast(hot, TensorProto.DOUBLE))
    return graph.concat(blocks)


def _numeric(graph: Graph, encoder: Encoder, names: dict[str, str]) -> list[str]:
    from onnx import TensorProto

    raw = graph.cast(graph.concat([names[column.name] for column in encoder.numeric]), TensorProto.DOUBLE)
    if not encoder.standardise:
        return [raw]
    missing = graph.add("IsNaN", raw)
    filled = graph.add("Where", missing, _row(graph, encoder.numeric, "fill"), raw)
    centred = graph.add("Sub", filled, _row(graph, encoder.numeric, "mean"))
    scaled = graph.add("Div", centred, _row(graph, encoder.numeric, "scale"))
    return [scaled, *_indicators(graph, encoder.numeric, missing)]


def _row(graph: Graph, columns: tuple[NumericColumn, ...], key: str) -> str:
    return graph.constant(np.array([[getattr(column, key) for column in columns]], dtype=np.float64))


def _indicators(graph: Graph, columns: tuple[NumericColumn, ...], missing: str) -> list[str]:
    from onnx import TensorProto

    shown = [index for index, column in enumerate(columns) if column.indicator]
    if not shown:
        return []
    picked = graph.add("Gather", graph.cast(missing, TensorProto.DOUBLE), graph.constant(np.array(shown)), axis=1)
    return [picked]


def _one_hot(graph: Graph, column: CategoricalColumn, value: str) -> str:
    """A float32 block (N, categories): ones and zeros, exact in any type."""
    from onnx import TensorProto

    hot = _text_one_hot(graph, column, value) if column.is_text else _number_one_hot(graph, column, value)
    if not column.rest:
        return hot
    lit = graph.add("ReduceSum", hot, graph.constant(np.array([1])), keepdims=1)
    one = graph.constant(np.array([[1.0]], dtype=np.float32))
    return graph.concat([hot, graph.cast(graph.add("Sub", one, lit), TensorProto.FLOAT)])


def _text_one_hot(graph: Graph, column: CategoricalColumn, value: str) -> str:
    categories = [str(category) for category in column.categories]
    hot = graph.add("OneHotEncoder", value, domain=ML_DOMAIN, cats_strings=categories, zeros=1)
    # The operator puts the categories on a new axis: (N, 1, categories).
    return graph.add("Reshape", hot, graph.constant(np.array([-1, len(categories)])))


def _number_one_hot(graph: Graph, column: CategoricalColumn, value: str) -> str:
    """By comparison, since OneHotEncoder would truncate numbers to integers."""
    from onnx import TensorProto

    categories = graph.constant(np.array([column.categories], dtype=np.float32))
    hot = graph.cast(graph.add("Equal", value, categories), TensorProto.FLOAT)
    if not column.missing:
        return hot
    return graph.concat([hot, graph.cast(graph.add("IsNaN", value), TensorProto.FLOAT)])
