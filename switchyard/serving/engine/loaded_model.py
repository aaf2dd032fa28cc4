"""One version of one model in memory: its onnxruntime session and what its tensors look like."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from switchyard.model.companions import named_by
from switchyard.model.faiss_gallery import INDEX, LABELS
from switchyard.model.onnx_model import METADATA_KEY
from switchyard.serving.engine.gallery_session import GallerySession, open_gallery
from switchyard.serving.engine.pace import Pace
from switchyard.serving.protocol.datatypes import BY_ONNX
from switchyard.serving.protocol.image_input import ImageInput, image_input
from switchyard.serving.protocol.request_error import RequestError
from switchyard.serving.protocol.tensor_shapes import TensorSpec

if TYPE_CHECKING:
    from pathlib import Path

# Inputs whose first axis is free and unnamed share their rows, as in every exported scikit-learn model.
_ROWS = "rows"
# The graph widens small images to its own size, so that memory grows with their number and not with the body.
_IMAGES_AT_ONCE = 64


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
        pace: How fast it answers.
        image: Its input, if that is an image.
    """

    name: str
    version: str
    session: onnxruntime.InferenceSession | GallerySession = field(repr=False)
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]
    metadata: dict[str, Any]
    stamp: tuple[int, ...]
    pace: Pace = field(default_factory=Pace)
    image: ImageInput | None = None

    def described(self, versions: list[str]) -> dict[str, Any]:
        """The answer to GET /v2/models/NAME; what the metadata says of task, classes and image are its parameters."""
        return {
            "name": self.name,
            "versions": versions,
            "platform": "onnx_onnxv1",
            "inputs": [spec.metadata() for spec in self.inputs.values()],
            "outputs": [spec.metadata() for spec in self.outputs.values()],
            "parameters": self._parameters(),
        }

    def _parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            key: self.metadata[key] for key in ("task", "classes", "positive") if key in self.metadata
        }
        if self.image is not None and self.image.size is not None:
            height, width = self.image.size
            parameters["image"] = {"height": height, "width": width, "channels": self.image.channels}
        return parameters

    def run(self, feed: dict[str, np.ndarray[Any, Any]], outputs: list[str]) -> list[np.ndarray[Any, Any]]:
        """The named outputs of the graph.

        Raises:
            RequestError: If the graph refuses these inputs.
        """
        if self.image is None or len(feed[self.image.name]) <= _IMAGES_AT_ONCE:
            return self._run(feed, outputs)
        images = feed[self.image.name]
        starts = range(0, len(images), _IMAGES_AT_ONCE)
        parts = [self._run({self.image.name: images[start : start + _IMAGES_AT_ONCE]}, outputs) for start in starts]
        return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]

    def _run(self, feed: dict[str, np.ndarray[Any, Any]], outputs: list[str]) -> list[np.ndarray[Any, Any]]:
        try:
            result: list[np.ndarray[Any, Any]] = self.session.run(outputs, feed)
        except Exception as error:  # onnxruntime's exceptions share no base class; shapes and types are checked before
            reason = " ".join(str(error).split())[:300]
            raise RequestError(f"model {self.name} cannot compute these inputs: {reason}") from error
        return result


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a graph, or the index beside it, is replaced by another one."""
    files = (path, path.with_name(INDEX), path.with_name(LABELS))
    found = [file.stat() for file in files if file is path or file.is_file()]
    return tuple(part for status in found for part in (status.st_ino, status.st_size, status.st_mtime_ns))


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
    metadata, carried = _written_metadata(folder), _carried(session)
    inputs = {node.name: _spec(node, "input") for node in session.get_inputs()}
    outputs = {node.name: _spec(node, "output") for node in session.get_outputs()}
    beside = named_by(carried)
    if (folder / INDEX).is_file() and INDEX not in beside:
        why = f"has {INDEX} beside it, which its graph does not name: index again"
        raise RequestError(f"version {version} of model {name} {why}")
    if beside:
        if "embedding" not in outputs:
            raise RequestError(f"version {version} of model {name} has an index beside it, but gives no embedding")
        session = open_gallery(session, folder, carried)
        outputs = session.outputs(outputs["embedding"])
    return LoadedModel(name, version, session, inputs, outputs, metadata, mark, image=image_input(inputs, metadata))


def _carried(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    """The metadata in the graph itself, whatever lies in the folder; another tool's graph has none."""
    try:
        metadata = json.loads(session.get_modelmeta().custom_metadata_map.get(METADATA_KEY, "{}"))
    except ValueError:
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _written_metadata(folder: Path) -> dict[str, Any]:
    try:
        metadata = json.loads((folder / "metadata.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return metadata if isinstance(metadata, dict) else {}
