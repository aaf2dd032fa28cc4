"""Small ONNX graphs, and real server processes on 127.0.0.1 that serve them."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import polars as pl
import pytest
from onnx import TensorProto, helper, numpy_helper

from rehearsal.processes import free_port
from switchyard.config.server_options import ServerOptions
from switchyard.model.onnx_model import OnnxModel
from switchyard.serving.local import daemon
from switchyard.serving.protocol.datatypes import DATATYPES
from tests.serving.image_models import classifier, searcher


def serialized(nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(constants))
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9).SerializeToString()


def survival_graph(bias: float = 0.0) -> bytes:
    """`sex` and `age` in, `label` and `probabilities` out; a missing age counts as 30."""
    value = helper.make_tensor_value_info
    constants = {"thirty": 30.0, "tenth": 0.1, "bias": bias, "one": 1.0}
    female = {"keys_strings": ["female"], "values_floats": [2.0], "default_float": -2.0}
    labels = {"keys_int64s": [0, 1], "values_strings": ["died", "survived"]}
    nodes = [
        helper.make_node("IsNaN", ["age"], ["missing"]),
        helper.make_node("Where", ["missing", "thirty", "age"], ["years"]),
        helper.make_node("Mul", ["years", "tenth"], ["scaled"]),
        helper.make_node("LabelEncoder", ["sex"], ["female"], domain="ai.onnx.ml", **female),
        helper.make_node("Sub", ["female", "scaled"], ["difference"]),
        helper.make_node("Add", ["difference", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["yes"]),
        helper.make_node("Sub", ["one", "yes"], ["no"]),
        helper.make_node("Concat", ["no", "yes"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["class"], axis=1, keepdims=0),
        helper.make_node("LabelEncoder", ["class"], ["label"], domain="ai.onnx.ml", **labels),
    ]
    return serialized(
        nodes,
        [value("sex", TensorProto.STRING, [None, 1]), value("age", TensorProto.FLOAT, [None, 1])],
        [value("label", TensorProto.STRING, [None]), value("probabilities", TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(np.float32([number]), name) for name, number in constants.items()],
    )


def echo_graph() -> bytes:
    """One input and one output of each datatype, named after it, of shape (N, 2); every input goes out unchanged."""
    inputs, outputs, nodes = [], [], []
    for datatype in DATATYPES:
        numeric = np.dtype(str) if datatype.name == "BYTES" else datatype.dtype
        kind = TensorProto.STRING if datatype.name == "BYTES" else helper.np_dtype_to_tensor_dtype(numeric)
        inputs.append(helper.make_tensor_value_info(f"in_{datatype.name}", kind, ["N", 2]))
        outputs.append(helper.make_tensor_value_info(f"out_{datatype.name}", kind, ["N", 2]))
        nodes.append(helper.make_node("Identity", [f"in_{datatype.name}"], [f"out_{datatype.name}"]))
    return serialized(nodes, inputs, outputs)


def log_graph() -> bytes:
    """Natural logarithm: 0 gives minus infinity, -1 gives NaN."""
    value = helper.make_tensor_value_info
    return serialized(
        [helper.make_node("Log", ["x"], ["y"])],
        [value("x", TensorProto.FLOAT, [None, 1])],
        [value("y", TensorProto.FLOAT, [None, 1])],
    )


def matrix_graph() -> bytes:
    """A product whose inner lengths only the data can get right: shapes say nothing of it."""
    value = helper.make_tensor_value_info
    return serialized(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        [value("a", TensorProto.FLOAT, ["n", "k"]), value("b", TensorProto.FLOAT, ["l", "m"])],
        [value("c", TensorProto.FLOAT, ["n", "m"])],
    )


METADATA = {
    "name": "survival",
    "task": "classification",
    "inputs": [{"name": "sex", "datatype": "BYTES"}, {"name": "age", "datatype": "FP32"}],
    "classes": ["died", "survived"],
    "positive": "survived",
}


@dataclass(frozen=True)
class Endpoint:
    """A server to talk to, without any help from the client under test."""

    url: str
    root: Path

    def call(self, method, path, body=None, headers=None, timeout=10):
        """Status, headers and body of the answer; a dict is sent as JSON."""
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None):
        """Status and decoded JSON of the answer."""
        status, _, content = self.call(method, path, body, headers)
        return status, json.loads(content)


def passengers(sex, age):
    """An infer request about some passengers."""
    return {
        "inputs": [
            {"name": "sex", "shape": [len(sex), 1], "datatype": "BYTES", "data": sex},
            {"name": "age", "shape": [len(age), 1], "datatype": "FP32", "data": age},
        ]
    }


def put(root: Path, name: str, version: int, content: bytes, active: bool = True) -> None:
    folder = root / name / str(version)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    if active:
        (root / name / "active").write_text(f"{version}\n")


@dataclass(frozen=True)
class Kit:
    """What the tests build with."""

    model = staticmethod(lambda bias=0.0: OnnxModel(survival_graph(bias), METADATA))
    graph = staticmethod(survival_graph)
    passengers = staticmethod(passengers)
    put = staticmethod(put)
    free_port = staticmethod(free_port)
    frame = pl.DataFrame({"sex": ["female", "male", None, "male", "female"], "age": [29.0, 4.0, 61.0, None, 35.5]})
    endpoint = Endpoint


@pytest.fixture(scope="session")
def kit():
    return Kit


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    """One server of all graphs, for the tests that change nothing in it."""
    root = tmp_path_factory.mktemp("repository")
    put(root, "survival", 1, survival_graph())
    (root / "survival" / "1" / "metadata.json").write_text(json.dumps(METADATA))
    put(root, "survival", 2, survival_graph(1.0), active=False)
    put(root, "echo", 1, echo_graph())
    put(root, "log", 7, log_graph())
    put(root, "matrix", 1, matrix_graph())
    put(root, "broken", 1, b"this is no graph", active=False)
    server = daemon.start(ServerOptions(root=root, port=free_port(), max_request_mb=1))
    yield Endpoint(server.url, root)
    daemon.stop(root)


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """One server of models of images, and of one that takes none."""
    root = tmp_path_factory.mktemp("images")
    models = (classifier(), searcher(), searcher("bare", with_gallery=False))
    for model in models:
        put(root, model.metadata["name"], 1, model.content)
        (root / model.metadata["name"] / "1" / "metadata.json").write_text(model.metadata_json())
    put(root, "survival", 1, survival_graph())
    server = daemon.start(ServerOptions(root=root, port=free_port(), max_request_mb=1))
    yield Endpoint(server.url, root)
    daemon.stop(root)


@pytest.fixture
def root(tmp_path):
    """An empty repository; its server, if a test starts one, is stopped."""
    folder = tmp_path / "repository"
    folder.mkdir()
    yield folder
    daemon.stop(folder)
