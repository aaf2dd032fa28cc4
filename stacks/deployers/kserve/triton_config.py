"""`config.pbtxt`, which tells Triton what a graph takes and gives.

Without it Triton takes the first axis for a batch axis of its own and refuses requests of more than four rows.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from switchyard.serving.protocol.datatypes import BY_ONNX

if TYPE_CHECKING:
    from switchyard.model.onnx_model import OnnxModel


def triton_config(name: str, model: OnnxModel) -> str:
    """The configuration of a model whose rows are its own axis: any number of them goes into one request.

    Args:
        name: The model's name, which is its folder's.
        model: The model; its graph says what the tensors are.
    """
    return "\n".join(
        [
            f"name: {json.dumps(name)}",
            'backend: "onnxruntime"',
            "max_batch_size: 0",
            _tensors("input", model.session.get_inputs()),
            _tensors("output", model.session.get_outputs()),
            "",
        ]
    )


def _tensors(kind: str, nodes: list[Any]) -> str:
    return f"{kind} [\n" + ",\n".join(map(_tensor, nodes)) + "\n]"


def _tensor(node: Any) -> str:  # noqa: ANN401 - onnxruntime has no types
    datatype = BY_ONNX[node.type].name
    dims = ", ".join(str(length) if isinstance(length, int) else "-1" for length in node.shape)
    triton = "STRING" if datatype == "BYTES" else datatype
    return f"  {{ name: {json.dumps(node.name)}, data_type: TYPE_{triton}, dims: [ {dims} ] }}"
