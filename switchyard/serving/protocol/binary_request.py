"""An infer request whose inputs travel as binary data, as the extension of the protocol has it."""

from __future__ import annotations

import json
from typing import Any

from switchyard.serving.protocol.datatypes import BY_NAME
from switchyard.serving.protocol.tensors import from_json, to_binary


def encode(body: dict[str, Any]) -> tuple[bytes, bytes]:
    """The JSON header and the tensors that follow it.

    Args:
        body: The request as JSON; null stands for a missing value.
    """
    inputs, tensors = [], []
    for tensor in body["inputs"]:
        datatype, data = BY_NAME[tensor["datatype"]], tensor["data"]
        raw = to_binary(from_json(tensor["name"], datatype, tensor["shape"], len(data), data))
        described = {key: tensor[key] for key in ("name", "datatype", "shape")}
        inputs.append({**described, "parameters": {"binary_data_size": len(raw)}})
        tensors.append(raw)
    return json.dumps({**body, "inputs": inputs}).encode(), b"".join(tensors)
