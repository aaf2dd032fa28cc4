"""The Open Inference Protocol as a client sees it: health, metadata, infer, versions, repository, metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest

from switchyard.serving.protocol.datatypes import DATATYPES


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


def test_the_server_is_live_and_ready_and_says_what_it_can(endpoint):
    assert endpoint.json("GET", "/v2/health/live") == (200, {"live": True})
    assert endpoint.json("GET", "/v2/health/ready") == (200, {"ready": True})
    status, answer = endpoint.json("GET", "/v2")
    assert status == 200
    assert answer["name"] == "switchyard"
    assert "binary_tensor_data" in answer["extensions"]


def test_metadata_shows_the_raw_columns_and_the_classes(endpoint):
    status, answer = endpoint.json("GET", "/v2/models/survival")
    assert status == 200
    assert answer["inputs"] == [
        {"name": "sex", "datatype": "BYTES", "shape": [-1, 1]},
        {"name": "age", "datatype": "FP32", "shape": [-1, 1]},
    ]
    assert [output["name"] for output in answer["outputs"]] == ["label", "probabilities"]
    assert answer["versions"] == ["1"]
    assert answer["parameters"]["classes"] == ["died", "survived"]
    assert endpoint.json("GET", "/v2/models/survival/versions/1") == (200, answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/models/survival/ready", 200),
        ("/v2/models/survival/versions/1/ready", 200),
        ("/v2/models/survival/versions/2/ready", 503),
        ("/v2/models/broken/ready", 503),
        ("/v2/models/survival/versions/9/ready", 404),
        ("/v2/models/nobody/ready", 404),
    ],
)
def test_readiness_tells_unloaded_from_unknown(endpoint, path, status):
    assert endpoint.call("GET", path)[0] == status


def test_one_passenger_gets_label_and_probability(endpoint, kit):
    status, answer = endpoint.json("POST", "/v2/models/survival/infer", kit.passengers(["female"], [10.0]))
    assert status == 200
    assert (answer["model_name"], answer["model_version"]) == ("survival", "1")
    label, probabilities = answer["outputs"]
    assert label == {"name": "label", "datatype": "BYTES", "shape": [1], "data": ["survived"]}
    assert probabilities["shape"] == [1, 2]
    assert probabilities["data"] == pytest.approx([1 - sigmoid(1.0), sigmoid(1.0)], abs=1e-6)
    assert "id" not in answer


def test_the_id_comes_back_and_only_the_outputs_asked_for_in_that_order(endpoint, kit):
    request = {**kit.passengers(["male"], [10.0]), "id": "a-42", "outputs": [{"name": "probabilities"}]}
    _, answer = endpoint.json("POST", "/v2/models/survival/versions/1/infer", request)
    assert answer["id"] == "a-42"
    assert [output["name"] for output in answer["outputs"]] == ["probabilities"]


def test_null_is_a_missing_number_and_an_empty_string(endpoint, kit):
    def ask(sex, age):
        return endpoint.json("POST", "/v2/models/survival/infer", kit.passengers(sex, age))[1]["outputs"]

    assert ask([None, "female"], [5, None]) == ask(["", "female"], [5.0, 30.0])


def test_data_may_be_nested_as_the_shape_or_flat(endpoint, kit):
    flat = kit.passengers(["male", "female"], [1.0, None])
    nested = kit.passengers([["male"], ["female"]], [[1.0], [None]])
    assert endpoint.json("POST", "/v2/models/survival/infer", nested) == endpoint.json(
        "POST", "/v2/models/survival/infer", flat
    )


EXTREMES = {
    "FP16": [[0.5, -65504.0], [1, None]],
    "FP32": [[0.1, 3.0e38], [-7, None]],
    "FP64": [[0.1, 1.7e308], [5e-324, None]],
    "INT8": [[-128, 127], [0, 1]],
    "INT16": [[-32768, 32767], [0, 1]],
    "INT32": [[-(2**31), 2**31 - 1], [0, 1]],
    "INT64": [[-(2**63), 2**63 - 1], [0, 2**53 + 1]],
    "UINT8": [[0, 255], [1, 2]],
    "UINT16": [[0, 65535], [1, 2]],
    "UINT32": [[0, 2**32 - 1], [1, 2]],
    "UINT64": [[0, 2**64 - 1], [1, 2]],
    "BOOL": [[True, False], [False, True]],
    "BYTES": [["", "Zoë ❤ 日本"], ["line\nbreak", 'quote" \\ tab\t']],
}


def test_every_datatype_comes_back_as_it_went_in(endpoint):
    inputs = [
        {"name": f"in_{name}", "shape": [2, 2], "datatype": name, "data": values} for name, values in EXTREMES.items()
    ]
    status, answer = endpoint.json("POST", "/v2/models/echo/infer", {"inputs": inputs})
    assert status == 200, answer
    for output in answer["outputs"]:
        name = output["datatype"]
        assert output["name"] == f"out_{name}"
        assert output["shape"] == [2, 2]
        want = [value for row in EXTREMES[name] for value in row]
        if name in ("FP16", "FP32"):
            dtype = next(datatype.dtype for datatype in DATATYPES if datatype.name == name)
            want = [None if value is None else float(dtype.type(value)) for value in want]
        assert output["data"] == want


def test_outputs_that_are_not_finite_are_null(endpoint):
    request = {"inputs": [{"name": "x", "shape": [3, 1], "datatype": "FP32", "data": [1, 0, -1]}]}
    status, answer = endpoint.json("POST", "/v2/models/log/infer", request)
    assert status == 200
    assert answer["model_version"] == "7"
    assert answer["outputs"][0]["data"] == [0.0, None, None]


def test_many_rows_are_answered_as_one_row_each(endpoint, kit):
    ages = [float(number % 80) for number in range(5000)]
    sexes = ["female" if number % 3 else "male" for number in range(5000)]
    _, answer = endpoint.json("POST", "/v2/models/survival/infer", kit.passengers(sexes, ages))
    logits = np.where([sex == "female" for sex in sexes], 2.0, -2.0) - np.array(ages) * 0.1
    assert np.reshape(answer["outputs"][1]["data"], (-1, 2))[:, 1] == pytest.approx(sigmoid(logits), abs=1e-6)


def test_the_index_lists_every_version_and_its_state(endpoint):
    status, rows = endpoint.json("POST", "/v2/repository/index")
    states = {(row["name"], row["version"]): row["state"] for row in rows}
    assert status == 200
    assert states[("survival", "1")] == states[("log", "7")] == "READY"
    assert states[("survival", "2")] == states[("broken", "1")] == "UNAVAILABLE"
    _, ready = endpoint.json("POST", "/v2/repository/index", {"ready": True})
    assert {row["state"] for row in ready} == {"READY"}


def test_a_file_that_is_no_graph_is_refused_by_load(endpoint):
    status, answer = endpoint.json("POST", "/v2/repository/models/broken/load")
    assert status == 400
    assert "version 1 of model broken cannot be loaded" in answer["error"]
    assert not (endpoint.root / "broken" / "active").exists()


@pytest.mark.parametrize("name", ["nobody", "..%2Fsurvival", "%2e%2e", "survival%2F1", "survival%00"])
def test_load_does_not_leave_the_repository(endpoint, name):
    assert endpoint.call("POST", f"/v2/repository/models/{name}/load")[0] == 404


def test_metrics_count_requests_rows_and_loaded_versions(endpoint, kit):
    def series(line_start):
        text = endpoint.call("GET", "/metrics")[2].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(line_start))

    good = 'switchyard_requests_total{code="200",model="survival",version="1"}'
    bad = 'switchyard_requests_total{code="400",model="survival",version="1"}'
    rows = 'switchyard_rows_total{model="survival",version="1"}'
    seconds = 'switchyard_request_seconds_count{model="survival",version="1"}'
    before = [series(line) for line in (good, bad, rows, seconds)]
    endpoint.call("POST", "/v2/models/survival/infer", kit.passengers(["male"] * 3, [1.0] * 3))
    endpoint.call("POST", "/v2/models/survival/infer", {"inputs": []})
    endpoint.call("POST", "/v2/models/made-up/infer", {"inputs": []})
    after = [series(line) for line in (good, bad, rows, seconds)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 3, 1]
    assert series('switchyard_model_loaded{model="survival",version="1"}') == 1
    assert b"made-up" not in endpoint.call("GET", "/metrics")[2]


def test_an_answer_is_json_with_its_length(endpoint, kit):
    status, headers, body = endpoint.call("POST", "/v2/models/survival/infer", kit.passengers(["male"], [1]))
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert int(headers["content-length"]) == len(body)
    json.loads(body)
