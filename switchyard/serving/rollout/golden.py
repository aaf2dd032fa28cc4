"""Golden rows: a request with known answers.

They are computed in this process, and requested again over HTTP before a version goes live.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.errors import SwitchyardError
from switchyard.evaluation.tables.example_rows import choose
from switchyard.serving.protocol import client
from switchyard.serving.protocol.datatypes import DATATYPES
from switchyard.serving.rollout.expectations import ask_expectations
from switchyard.serving.rollout.golden_rows import GoldenRows
from switchyard.serving.rollout.requests import _body, plain

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel

TOLERANCE = 1e-5
_SIDE = 64
"""Pixels: the longest side of an image in golden rows."""


def golden_rows(
    model: OnnxModel, frame: pl.DataFrame, count: int = 5, expected: list[dict[str, Any]] | None = None
) -> GoldenRows:
    """Rows of a frame as an infer request, and what the model answers.

    Args:
        model: The model, run in this process.
        frame: Raw rows, with at least the model's columns.
        count: How many rows; rows with missing values come first, one for each such column.
        expected: What else must hold, from `expectations.expected_answers`.

    Returns:
        Request, response and what else must hold, with the bodies as the protocol has them.

    Raises:
        SwitchyardError: If the frame has no rows.
    """
    if frame.is_empty():
        raise SwitchyardError("golden rows cannot be taken from a table without rows")
    names = [spec["name"] for spec in model.metadata["inputs"]]
    rows = frame.select(names)[choose(frame.select(names), count)]
    feed = _thinned(model, model.inputs(rows))
    outputs = model.answer(feed)
    return GoldenRows(
        request=_body(model, rows, feed),
        response={"outputs": [_tensor(name, array) for name, array in outputs.items()]},
        tolerance=TOLERANCE,
        expectations=tuple(expected or ()),
    )


def _thinned(model: OnnxModel, feed: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """Keep only every second, third … pixel of large images, if the graph takes images of any size.

    The images of a smoke test need not look good, and they are stored with each version as JSON.
    """
    free = {node.name for node in model.session.get_inputs() if len(node.shape) == 4 and _is_free(node.shape[1:3])}
    thin = {}
    for name, array in feed.items():
        step = max(1, math.ceil(max(array.shape[1:3]) / _SIDE)) if name in free else 1
        thin[name] = np.ascontiguousarray(array[:, ::step, ::step]) if step > 1 else array
    return thin


def _is_free(sizes: list[Any]) -> bool:
    return not any(isinstance(size, int) for size in sizes)


def smoke_test(
    url: str, name: str, version: int, golden: GoldenRows, token: str | None = None, *, binary: bool = False
) -> None:
    """Request the golden rows from a version over HTTP and compare; then check the config's expectations.

    Args:
        url: The root of the server.
        name: The model.
        version: The version that must answer.
        golden: Its golden rows.
        token: The server's token; without it, `SWITCHYARD_TOKEN` of the environment, if set.
        binary: Whether the inputs go as binary data, as other servers need: null in a tensor is an extension of ours.

    Raises:
        SwitchyardError: If it does not answer, or answers wrong; names the row, what was expected and found.
    """
    what, send = f"smoke test of {name} {version}", client.infer_binary if binary else client.infer

    def ask(body: dict[str, Any]) -> dict[str, Any]:
        answer = send(url, name, version, body, token)
        if str(answer.get("model_version")) != str(version):
            raise SwitchyardError(f"{what}: version {answer.get('model_version')} answered")
        return answer

    found = {tensor["name"]: tensor for tensor in ask(golden.request)["outputs"]}
    for expected in golden.response["outputs"]:
        if expected["name"] not in found:
            raise SwitchyardError(f"{what}: the answer has no output {expected['name']}")
        _compare(what, expected, found[expected["name"]], golden.tolerance)
    ask_expectations(what, golden.expectations, ask)


def _tensor(name: str, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    datatype = next(datatype.name for datatype in DATATYPES if datatype.dtype == array.dtype)
    return {"name": name, "datatype": datatype, "shape": list(array.shape), "data": plain(array)}


def _compare(what: str, expected: dict[str, Any], found: dict[str, Any], tolerance: float) -> None:
    if found["shape"] != expected["shape"]:
        raise SwitchyardError(
            f"{what}: output {expected['name']} has shape {found['shape']}, expected {expected['shape']}"
        )
    width = max(1, math.prod(expected["shape"][1:]))
    for position, (want, got) in enumerate(zip(expected["data"], found["data"], strict=True)):
        if not _agree(want, got, tolerance):
            row = position // width
            raise SwitchyardError(f"{what}: row {row} of output {expected['name']} is {got!r}, expected {want!r}")


def _agree(want: Any, got: Any, tolerance: float) -> bool:  # noqa: ANN401 - JSON scalars
    if isinstance(want, float) and isinstance(got, int | float):
        return abs(want - got) <= tolerance * max(1.0, abs(want))
    return bool(want == got)
