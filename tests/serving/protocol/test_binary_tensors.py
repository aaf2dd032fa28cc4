"""The binary data extension: tensors as bytes after the JSON."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from switchyard.serving.protocol.datatypes import DATATYPES


def packed(strings):
    return b"".join(struct.pack("<I", len(text)) + text for text in (string.encode() for string in strings))


def unpacked(raw):
    strings, start = [], 0
    while start < len(raw):
        (length,) = struct.unpack_from("<I", raw, start)
        strings.append(raw[start + 4 : start + 4 + length].decode())
        start += 4 + length
    return strings


def tensor(name, datatype, shape, raw):
    return {"name": name, "shape": shape, "datatype": datatype, "parameters": {"binary_data_size": len(raw)}}


def send(endpoint, model, request, raw, length=None):
    head = json.dumps(request).encode()
    headers = {
        "Inference-Header-Content-Length": str(len(head) if length is None else length),
        "Content-Type": "application/octet-stream",
    }
    return endpoint.call("POST", f"/v2/models/{model}/infer", head + raw, headers)


def parts(headers, body):
    """The JSON of an answer, and its binary tensors by name."""
    length = int(headers["Inference-Header-Content-Length"])
    answer, raw, tensors = json.loads(body[:length]), body[length:], {}
    for output in answer["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is not None:
            tensors[output["name"]], raw = raw[:size], raw[size:]
    assert raw == b""
    return answer, tensors


STRINGS = ["", "Zoë ❤", "a\nb", "x" * 300]


def values(datatype):
    if datatype.name == "BYTES":
        return packed(STRINGS)
    if datatype.name == "BOOL":
        return bytes([0, 1, 1, 0])
    return np.array([0, 1, 2, 100]).astype(datatype.dtype).tobytes()


def test_every_datatype_comes_back_byte_by_byte(endpoint):
    raw = {datatype.name: values(datatype) for datatype in DATATYPES}
    inputs = [tensor(f"in_{name}", name, [2, 2], content) for name, content in raw.items()]
    request = {"inputs": inputs, "parameters": {"binary_data_output": True}}
    status, headers, body = send(endpoint, "echo", request, b"".join(raw.values()))
    assert status == 200, body
    answer, tensors = parts(headers, body)
    assert {name.removeprefix("out_"): content for name, content in tensors.items()} == raw
    assert all("data" not in output and output["shape"] == [2, 2] for output in answer["outputs"])


def test_json_and_binary_tensors_mix_on_both_sides(endpoint):
    raw = np.float32([10.0, np.nan]).tobytes()
    request = {
        "inputs": [
            {"name": "sex", "shape": [2, 1], "datatype": "BYTES", "data": ["female", "male"]},
            tensor("age", "FP32", [2, 1], raw),
        ],
        "outputs": [{"name": "probabilities"}, {"name": "label", "parameters": {"binary_data": True}}],
    }
    status, headers, body = send(endpoint, "survival", request, raw)
    assert status == 200, body
    answer, tensors = parts(headers, body)
    assert [output["name"] for output in answer["outputs"]] == ["probabilities", "label"]
    assert len(answer["outputs"][0]["data"]) == 4
    assert unpacked(tensors["label"]) == ["survived", "died"]


def test_one_output_can_stay_json_when_binary_is_the_default(endpoint, kit):
    request = {
        **kit.passengers(["male"], [1.0]),
        "parameters": {"binary_data_output": True},
        "outputs": [{"name": "label", "parameters": {"binary_data": False}}, {"name": "probabilities"}],
    }
    _, headers, body = endpoint.call("POST", "/v2/models/survival/infer", request)
    answer, tensors = parts(headers, body)
    assert answer["outputs"][0]["data"] == ["died"]
    assert np.frombuffer(tensors["probabilities"], "<f4").sum() == pytest.approx(1.0)


def survival(sex, age, rows=1):
    inputs = [tensor("sex", "BYTES", [rows, 1], sex), tensor("age", "FP32", [rows, 1], age)]
    return {"inputs": inputs}, sex + age


MALE, FOUR = packed(["male"]), np.float32([4]).tobytes()


@pytest.mark.parametrize(
    ("sex", "age", "words"),
    [
        (MALE, FOUR[:3], ["age", "4 bytes", "found 3"]),
        (MALE, FOUR + b"\0", ["age", "found 5"]),
        (MALE[:-1], FOUR, ["sex", "ends within a string"]),
        (MALE + b"\1\0", FOUR, ["sex", "length of a string"]),
        (struct.pack("<I", 2**32 - 1), FOUR, ["sex", "ends within a string"]),
        (packed(["male", "male"]), FOUR, ["sex", "has 2"]),
        (b"", FOUR, ["sex", "has 0"]),
        (struct.pack("<I", 2) + b"\xff\xfe", FOUR, ["sex", "UTF-8"]),
    ],
)
def test_binary_data_of_the_wrong_length_or_text_is_400(endpoint, sex, age, words):
    request, raw = survival(sex, age)
    status, _, body = send(endpoint, "survival", request, raw)
    assert status == 400
    for word in words:
        assert word in json.loads(body)["error"]


def test_a_body_cut_short_is_400(endpoint):
    request, raw = survival(MALE, FOUR)
    status, _, body = send(endpoint, "survival", request, raw[:-2])
    assert status == 400
    assert "age" in json.loads(body)["error"]


def test_bytes_that_belong_to_no_tensor_are_400(endpoint):
    request, raw = survival(MALE, FOUR)
    status, _, body = send(endpoint, "survival", request, raw + b"abc")
    assert status == 400
    assert "3 bytes follow" in json.loads(body)["error"]


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "", "999999", "9" * 40])
def test_a_header_that_is_no_length_is_400(endpoint, length):
    request, raw = survival(MALE, FOUR)
    status, _, body = send(endpoint, "survival", request, raw, length)
    assert status == 400
    assert json.loads(body)["error"]


def test_a_tensor_with_data_twice_is_400(endpoint):
    request, raw = survival(MALE, FOUR)
    request["inputs"][1]["data"] = [4.0]
    status, _, body = send(endpoint, "survival", request, raw)
    assert status == 400
    assert "age" in json.loads(body)["error"]


def test_a_boolean_is_zero_or_one(endpoint):
    raw = bytes([0, 1, 2, 1])
    request = {"inputs": [tensor("in_BOOL", "BOOL", [2, 2], raw)]}
    status, _, body = send(endpoint, "echo", request, raw)
    assert status == 400
    assert "in_BOOL" in json.loads(body)["error"]
