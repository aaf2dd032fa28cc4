"""An ONNX graph under construction: nodes are named by their place, so the same calls give the same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.model.onnx_model import METADATA_KEY

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto, ValueInfoProto

ML_DOMAIN = "ai.onnx.ml"
# Old enough for any runtime in use (onnxruntime 1.12, Triton 22.08), new enough for every operator here.
IR_VERSION = 8
OPSETS = {"": 17, ML_DOMAIN: 3}


class Graph:
    """Nodes, constants, inputs and outputs, in the order in which they were added."""

    def __init__(self) -> None:
        """Start empty."""
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.inputs: list[ValueInfoProto] = []
        self.outputs: list[ValueInfoProto] = []

    def input(self, name: str, datatype: str) -> str:
        """Declare an input of shape (N, 1): FP32 or BYTES."""
        from onnx import TensorProto, helper

        kind = TensorProto.STRING if datatype == "BYTES" else TensorProto.FLOAT
        self.inputs.append(helper.make_tensor_value_info(name, kind, ["N", 1]))
        return name

    def output(self, value: str, name: str, kind: int, shape: list[str | int]) -> None:
        """Declare a computed value as an output under its public name."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"output_{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        """Add a node with one output, and return the output's name."""
        from onnx import helper

        # "/" keeps these names apart from columns, which are inputs of the same graph.
        name = f"/{operator}_{len(self.nodes)}"
        node = helper.make_node(operator, list(inputs), [name], name=name, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self.nodes.append(node)
        return name

    def constant(self, array: np.ndarray) -> str:
        """Add a constant (float64, float32, int64 or, as an object array, text) and return its name."""
        from onnx import TensorProto, numpy_helper

        name = f"/constant_{len(self.constants)}"
        if array.dtype == object:
            tensor = TensorProto(name=name, data_type=TensorProto.STRING, dims=array.shape)
            tensor.string_data.extend(str(value).encode() for value in array.ravel())
        else:
            tensor = numpy_helper.from_array(array, name)
        self.constants.append(tensor)
        return name

    def cast(self, value: str, kind: int) -> str:
        """Cast to a TensorProto type."""
        return self.add("Cast", value, to=kind)

    def concat(self, values: list[str]) -> str:
        """Join columns; one value passes through."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)


def serialize(graph: Graph, metadata: dict[str, Any]) -> bytes:
    """The bytes of a finished graph, checked by onnx."""
    import onnx
    from onnx import helper

    body = helper.make_graph(graph.nodes, "switchyard", graph.inputs, graph.outputs, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in sorted(OPSETS.items())]
    model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="switchyard")
    helper.set_model_props(model, {METADATA_KEY: json.dumps(metadata, sort_keys=True, allow_nan=False)})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
