"""Small ONNX graphs with metadata of their own, so that nothing here waits for a learner."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from switchyard.model.onnx_model import OnnxModel


def softmax_graph(weights, classes, metadata):
    """Softmax of a linear function of the inputs; the label by argmax, as text, int64 or 0 and 1."""
    names = [f"x{position}" for position in range(len(weights))]
    nodes = [
        helper.make_node("Concat", names, ["x"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Softmax", ["z"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["number"], axis=1, keepdims=0),
    ]
    is_text = isinstance(classes[0], str)
    values = {"values_strings" if is_text else "values_int64s": classes if is_text else [int(c) for c in classes]}
    keys = {"keys_int64s": list(range(len(classes)))}
    nodes.append(helper.make_node("LabelEncoder", ["number"], ["label"], domain="ai.onnx.ml", **keys, **values))
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.STRING if is_text else TensorProto.INT64, [None]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(classes)]),
    ]
    known = {"task": "classification", "classes": classes, "positive": classes[1] if len(classes) == 2 else None}
    return _model(names, nodes, outputs, np.asarray(weights), {**known, **metadata})


def linear_graph(weights, metadata):
    """A linear function of the inputs."""
    names = [f"x{position}" for position in range(len(weights))]
    nodes = [
        helper.make_node("Concat", names, ["x"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["prediction"]),
    ]
    outputs = [helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 1])]
    return _model(names, nodes, outputs, np.asarray(weights).reshape(-1, 1), {"task": "regression", **metadata})


def _model(names, nodes, outputs, weights, metadata):
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in names]
    graph = helper.make_graph(nodes, "g", inputs, outputs, [numpy_helper.from_array(weights.astype(np.float32), "w")])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    known = {"name": "demo", "candidate": "linear", "inputs": [{"name": name, "datatype": "FP32"} for name in names]}
    return OnnxModel(model.SerializeToString(), {**known, "parity": 2e-7, "params": {"C": 1.0}, "cv": None, **metadata})


@pytest.fixture
def classifier():
    """`classifier([[…], …], ["a", "b"], candidate="first")`: one weight row an input, one column a class."""
    return lambda weights, classes, **metadata: softmax_graph(weights, classes, metadata)


@pytest.fixture
def regressor():
    """`regressor([1.0, 0.5], candidate="first")`: one weight an input."""
    return lambda weights, **metadata: linear_graph(weights, metadata)
