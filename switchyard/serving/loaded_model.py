"""One version of one model in memory: its onnxruntime session and what its tensors look like."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from switchyard.serving.datatypes import BY_ONNX, Datatype
from switchyard.serving.request_error import RequestError

if TYPE_CHECKING:
    from pathlib import Path

Dimension = int | str | None


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of the graph.

    Attributes:
        name: The name in the graph.
        datatype: Its type.
        shape: One entry per axis: a size, the symbol of a free axis, or None for a free axis without one.
    """

    name: str
    datatype: Datatype
    shape: tuple[Dimension, ...]

    def metadata(self) -> dict[str, Any]:
        """As the protocol shows it, -1 for a free axis."""
        return {"name": self.name, "datatype": self.datatype.name, "shape": self.public_shape()}

    def public_shape(self) -> list[int]:
        """The shape with -1 for every free axis."""
        return [size if isinstance(size, int) else -1 for size in self.shape]

    def check(self, shape: list[int], symbols: dict[str, int]) -> None:
        """Compare a tensor's shape with this one.

        Args:
            shape: The tensor's shape.
            symbols: Sizes of the free axes seen so far in the request; updated.

        Raises:
            RequestError: If the shape does not fit, or contradicts another input's.
        """
        if len(shape) != len(self.shape):
            raise RequestError(f"input {self.name}: shape {shape} does not fit {self.public_shape()}")
        for want, found in zip(self.shape, shape, strict=True):
            if isinstance(want, str):
                if symbols.setdefault(want, found) != found:
                    raise RequestError(f"input {self.name}: shape {shape} has another length than the inputs before it")
            elif want is not None and want != found:
                raise RequestError(f"input {self.name}: shape {shape} does not fit {self.public_shape()}")


# Inputs whose first axis is free and unnamed share their rows, as in every exported scikit-learn model.
_ROWS = "rows"


def _spec(node: Any, kind: str) -> TensorSpec:  # noqa: ANN401 - onnxruntime has no types
    datatype = BY_ONNX.get(node.type)
    if datatype is None:
        raise RequestError(f"{kind} {node.name} of the graph is a {node.type}, which the protocol cannot carry")
    shape = list(node.shape)
    if shape and shape[0] is None:
        shape[0] = _ROWS
    return TensorSpec(node.name, datatype, tuple(shape))


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A version that can answer.

    Attributes:
        name: The model's name.
        version: The version's number as a string, as the protocol has it.
        stamp: What tells the file from another one under the same name.
        seconds_per_byte: How long a byte of request took to answer lately; one cell, updated in place.
    """

    name: str
    version: str
    session: onnxruntime.InferenceSession = field(repr=False)
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]
    card: dict[str, Any]
    stamp: tuple[int, int, int]
    seconds_per_byte: list[float] = field(default_factory=lambda: [0.0])

    def metadata(self, versions: list[str]) -> dict[str, Any]:
        """The answer to GET /v2/models/NAME: the protocol's fields, and the card's classes as parameters."""
        return {
            "name": self.name,
            "versions": versions,
            "platform": "onnx_onnxv1",
            "inputs": [spec.metadata() for spec in self.inputs.values()],
            "outputs": [spec.metadata() for spec in self.outputs.values()],
            "parameters": {key: self.card[key] for key in ("task", "classes", "positive") if key in self.card},
        }

    def run(self, feed: dict[str, np.ndarray[Any, Any]], outputs: list[str]) -> list[np.ndarray[Any, Any]]:
        """The named outputs of the graph.

        Raises:
            RequestError: If the graph refuses these inputs.
        """
        try:
            result: list[np.ndarray[Any, Any]] = self.session.run(outputs, feed)
        except Exception as error:  # onnxruntime's exceptions share no base class; shapes and types are checked before
            reason = " ".join(str(error).split())[:300]
            raise RequestError(f"model {self.name} cannot compute these inputs: {reason}") from error
        return result


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file is replaced by another one."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def load_model(folder: Path, name: str, version: str) -> LoadedModel:
    """Open `folder/model.onnx`.

    Raises:
        RequestError: If there is no such file (404) or it is no graph that can be served (400).
    """
    path = folder / "model.onnx"
    if not path.is_file():
        raise RequestError(f"model {name} has no version {version}", 404)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    mark = stamp(path)
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # see LoadedModel.run
        reason = " ".join(str(error).split())[:300]
        raise RequestError(f"version {version} of model {name} cannot be loaded: {reason}") from error
    inputs = {node.name: _spec(node, "input") for node in session.get_inputs()}
    outputs = {node.name: _spec(node, "output") for node in session.get_outputs()}
    return LoadedModel(name, version, session, inputs, outputs, _card(folder), mark)


def _card(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads((folder / "card.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}
