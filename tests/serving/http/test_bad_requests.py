"""What is wrong with a request is said in one sentence that names the tensor; it is never the server's failure."""

from __future__ import annotations

import copy
import json
import random
import socket
from urllib.parse import urlsplit

import pytest

SEX = {"name": "sex", "shape": [1, 1], "datatype": "BYTES", "data": ["male"]}
AGE = {"name": "age", "shape": [1, 1], "datatype": "FP32", "data": [4.0]}


def age(**changes):
    return {"inputs": [SEX, {**AGE, **changes}]}


def without(key):
    return {"inputs": [SEX, {name: value for name, value in AGE.items() if name != key}]}


BAD = {
    "shape of other rank": (age(shape=[1]), ["age", "[1]", "[-1, 1]"]),
    "shape of other width": (age(shape=[1, 2], data=[1, 2]), ["age", "[1, 2]"]),
    "shape and data disagree": (age(shape=[1, 1], data=[1, 2]), ["age", "1 elements", "has 2"]),
    "rows disagree": (age(shape=[2, 1], data=[1, 2]), ["age", "[2, 1]"]),
    "no rows": (age(shape=[0, 1], data=[]), ["age", "shape"]),
    "negative size": (age(shape=[-1, 1]), ["age", "shape"]),
    "huge shape": (age(shape=[10**30, 1]), ["age"]),
    "shape is no list": (age(shape=1), ["age", "shape"]),
    "shape of floats": (age(shape=[1.5, 1]), ["age", "shape"]),
    "other datatype": (age(datatype="INT64", data=[4]), ["age", "INT64", "FP32"]),
    "unknown datatype": (age(datatype="FP33"), ["age", "FP33"]),
    "string for a number": (age(data=["4"]), ["age", "str"]),
    "nested string for a number": (age(data=[["4"]]), ["age", "str"]),
    "boolean for a number": (age(data=[True]), ["age", "bool"]),
    "number for a string": ({"inputs": [{**SEX, "data": [1]}, AGE]}, ["sex", "int"]),
    "object for a number": (age(data=[{}]), ["age"]),
    "nested too deep": (age(data=[[[4.0]]]), ["age", "nested"]),
    "nested unevenly": (age(shape=[1, 1], data=[[4.0], 4.0]), ["age", "nested"]),
    "nested and empty": (age(data=[[]]), ["age", "nested"]),
    "beyond FP32": (age(data=[1e39]), ["age", "range"]),
    "unknown input": ({"inputs": [SEX, AGE, {**AGE, "name": "cabin"}]}, ["cabin"]),
    "input missing": ({"inputs": [SEX]}, ["age"]),
    "input twice": ({"inputs": [SEX, AGE, AGE]}, ["age", "twice"]),
    "no inputs": ({"inputs": []}, ["sex", "age"]),
    "inputs missing": ({}, ["inputs"]),
    "no data": (without("data"), ["age", "data"]),
    "null data": (age(data=None), ["age", "data"]),
    "no shape": (without("shape"), ["age", "shape"]),
    "no datatype": (without("datatype"), ["age", "datatype"]),
    "no name": (without("name"), ["name"]),
    "unknown output": ({**age(), "outputs": [{"name": "fare"}]}, ["fare", "probabilities"]),
    "output twice": ({**age(), "outputs": [{"name": "label"}, {"name": "label"}]}, ["label", "twice"]),
    "id is a number": ({**age(), "id": 3}, ["id"]),
    "data and binary data": (age(parameters={"binary_data_size": 4}), ["age", "both"]),
    "binary data absent": (age(data=None, parameters={"binary_data_size": 4}), ["age", "4"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_request_is_answered_with_400_and_names_what_is_wrong(endpoint, case):
    body, words = BAD[case]
    status, answer = endpoint.json("POST", "/v2/models/survival/infer", body)
    assert status == 400, answer
    assert list(answer) == ["error"]
    for word in words:
        assert word in answer["error"]


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1" + "0" * 400, "01", "+1", ".5", "0x1"]
)
def test_what_json_cannot_say_is_400(endpoint, number):
    body = json.dumps(age(data=[8675309])).replace("8675309", number).encode()
    status, answer = endpoint.json("POST", "/v2/models/survival/infer", body, {"Content-Type": "application/json"})
    assert status == 400
    assert answer["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"inputs":' + b"[" * 100_000, b"{}{}"]
)
def test_a_body_that_is_no_request_is_400(endpoint, body):
    status, answer = endpoint.json("POST", "/v2/models/survival/infer", body, {"Content-Type": "application/json"})
    assert status == 400
    assert answer["error"]


@pytest.mark.parametrize("values", [["\\ud800"], ["\\udfff\\ud800"]])
def test_half_a_character_is_400(endpoint, values):
    body = json.dumps({"inputs": [SEX, AGE]}).replace("male", values[0]).encode()
    assert endpoint.call("POST", "/v2/models/survival/infer", body, {"Content-Type": "application/json"})[0] == 400


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("INT32", [2**31, 0], "range of INT32"),
        ("INT64", [2**63, 0], "range of INT64"),
        ("UINT8", [256, 0], "range of UINT8"),
        ("UINT8", [-1, 0], "range of UINT8"),
        ("UINT64", [2**64, 0], "in_UINT64"),
        ("INT32", [1.5, 0], "in_INT32"),
        ("INT32", [None, 0], "in_INT32"),
        ("BOOL", [1, 0], "in_BOOL"),
        ("FP16", [70000, 0], "range of FP16"),
    ],
)
def test_a_number_out_of_its_type_is_400(endpoint, name, data, message):
    request = {"inputs": [{"name": f"in_{name}", "shape": [1, 2], "datatype": name, "data": data}]}
    status, answer = endpoint.json("POST", "/v2/models/echo/infer", request)
    assert status == 400
    assert message in answer["error"]


def test_inputs_that_the_graph_itself_refuses_are_400(endpoint):
    tensors = [{"name": name, "shape": [2, 3], "datatype": "FP32", "data": [1] * 6} for name in "ab"]
    status, answer = endpoint.json("POST", "/v2/models/matrix/infer", {"inputs": tensors})
    assert status == 400
    assert "model matrix cannot compute" in answer["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/models/nobody/infer", 404),
        ("POST", "/v2/models/survival/versions/2/infer", 404),
        ("POST", "/v2/models/survival/versions/x/infer", 404),
        ("POST", "/v2/models/survival/nonsense/infer", 404),
        ("GET", "/v2/models/nobody", 404),
        ("GET", "/nothing", 404),
        ("GET", "/v2/models/survival/infer", 405),
        ("PUT", "/v2/models/survival/infer", 405),
        ("POST", "/v2/health/live", 405),
        ("GET", "/v2/repository/index", 405),
        ("DELETE", "/v2/models/survival", 405),
    ],
)
def test_wrong_places_and_methods_have_the_protocols_error_body(endpoint, method, path, status):
    found, answer = endpoint.json(method, path, age() if method == "POST" else None)
    assert found == status
    assert list(answer) == ["error"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_another_content_type_is_400(endpoint, content_type):
    body = json.dumps(age()).encode()
    status, answer = endpoint.json("POST", "/v2/models/survival/infer", body, {"Content-Type": content_type})
    assert status == 400
    assert "application/json" in answer["error"]


def test_json_with_a_charset_is_json(endpoint):
    body = json.dumps(age()).encode()
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert endpoint.call("POST", "/v2/models/survival/infer", body, headers)[0] == 200


def test_a_compressed_body_is_400(endpoint):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert endpoint.call("POST", "/v2/models/survival/infer", b"\x1f\x8b", headers)[0] == 400


@pytest.mark.parametrize("path", ["/v2/models/survival/infer", "/v2/repository/index"])
def test_a_body_over_the_limit_is_413_and_the_server_goes_on(endpoint, path):
    body = b" " * (2**20 + 1)
    status, answer = endpoint.json("POST", path, body, {"Content-Type": "application/json"})
    assert status == 413
    assert "1048576" in answer["error"]
    assert endpoint.call("GET", "/v2/health/ready")[0] == 200


def test_a_body_in_chunks_over_the_limit_is_413(endpoint):
    chunks = (b" " * 2**18 for _ in range(8))
    headers = {"Content-Type": "application/json"}
    assert endpoint.call("POST", "/v2/models/survival/infer", chunks, headers)[0] == 413


def test_a_request_in_chunks_is_answered(endpoint):
    body = json.dumps(age()).encode()
    headers = {"Content-Type": "application/json"}
    chunks = (body[start : start + 7] for start in range(0, len(body), 7))
    assert endpoint.call("POST", "/v2/models/survival/infer", chunks, headers)[0] == 200


def test_a_client_that_leaves_in_the_middle_leaves_no_trace(endpoint):
    address = urlsplit(endpoint.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"POST /v2/models/survival/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
    assert endpoint.call("POST", "/v2/models/survival/infer", age())[0] == 200
    assert "Traceback" not in (endpoint.root / ".server.log").read_text()


@pytest.mark.parametrize("path", ["/v2/models/survival/infer", "/v2/repository/models/survival/unload"])
def test_a_post_from_a_web_page_is_refused(endpoint, path):
    status, answer = endpoint.json("POST", path, age(), {"Origin": "http://site.example"})
    assert status == 403
    assert "web pages" in answer["error"]
    assert endpoint.call("GET", "/v2/models/survival/ready")[0] == 200


ODD = [None, True, -1, 0, 3, 2**70, 1e39, "", "x", "\x00", [], [[]], {}, {"name": "age"}, "FP32", "BYTES", [1, 1]]


def mutated(value, chance):
    """A copy with one thing changed somewhere inside."""
    value = copy.deepcopy(value)
    place = value
    while isinstance(place, dict | list) and place:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], dict | list) or not place[key] or chance.random() < 0.25:
            change = chance.randrange(3)
            if change == 0:
                del place[key]
            elif change == 1 and isinstance(place, list):
                place.append(chance.choice(ODD))
            else:
                place[key] = chance.choice(ODD)
            break
        place = place[key]
    return value


def test_no_mutation_of_a_request_makes_the_server_fail(endpoint):
    chance = random.Random(20)
    valid = {**age(), "id": "x", "outputs": [{"name": "label", "parameters": {"binary_data": True}}], "parameters": {}}
    statuses = set()
    for turn in range(600):
        request = valid
        for _ in range(chance.randint(1, 3)):
            request = mutated(request, chance)
        body, headers = bytearray(json.dumps(request).encode()), {"Content-Type": "application/json"}
        if turn % 3 == 0:
            for _ in range(chance.randint(1, 4)):
                body[chance.randrange(len(body))] = chance.randrange(256)
        if turn % 5 == 0:
            del body[chance.randrange(len(body)) :]
        if turn % 4 == 0:
            headers["Inference-Header-Content-Length"] = str(chance.choice([0, 1, len(body) - 1, len(body), 10**9]))
        status, _, content = endpoint.call("POST", "/v2/models/survival/infer", bytes(body), headers, timeout=5)
        statuses.add(status)
        assert status in (200, 400), (status, bytes(body), content)
    assert statuses == {200, 400}
    assert "Traceback" not in (endpoint.root / ".server.log").read_text()
