"""Requests that arrive together run as one, answer as if they had not, and do not suffer from each other."""

from __future__ import annotations

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

from switchyard.config.server_options import Batching, ServerOptions
from switchyard.serving.local import daemon
from tests.serving.conftest import put
from tests.serving.http.test_server_limits import refusal, serving
from tests.serving.image_models import SIZE, classifier, encoded, photo, searcher

PETS = "/v2/models/pets/predict-image"
PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def batched(tmp_path_factory, kit):
    """A server that waits a while, so that requests sent together do arrive together."""
    root = tmp_path_factory.mktemp("batched")
    for model in (classifier(), searcher()):
        put(root, model.metadata["name"], 1, model.content)
        (root / model.metadata["name"] / "1" / "metadata.json").write_text(model.metadata_json())
    put(root, "survival", 1, kit.graph())
    put(root, "total", 1, _sum_graph())
    put(root, "lookup", 1, _lookup_graph())
    server = daemon.start(
        ServerOptions(root=root, port=kit.free_port(), batching=Batching(max_delay_ms=200, max_size=8))
    )
    yield kit.endpoint(server.url, root)
    daemon.stop(root)


def _sum_graph() -> bytes:
    """The sum over all rows of a request: its outputs have no row for a row."""
    from onnx import TensorProto, helper

    from tests.serving.conftest import serialized

    value = helper.make_tensor_value_info
    return serialized(
        [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=1)],
        [value("x", TensorProto.FLOAT, [None, 1])],
        [value("y", TensorProto.FLOAT, ["rows", "one"])],
    )


def _lookup_graph() -> bytes:
    """Ten, twenty or thirty for 0, 1 or 2; the graph refuses all others."""
    from onnx import TensorProto, helper, numpy_helper

    from tests.serving.conftest import serialized

    value = helper.make_tensor_value_info
    return serialized(
        [helper.make_node("Gather", ["table", "x"], ["y"])],
        [value("x", TensorProto.INT64, [None, 1])],
        [value("y", TensorProto.INT64, [None, 1])],
        [numpy_helper.from_array(np.int64([10, 20, 30]), "table")],
    )


def together(calls):
    """What each of some functions returns, all called at once."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]


def counted(endpoint, model):
    """Batches and the requests in them so far."""
    lines = endpoint.call("GET", "/metrics")[2].decode().splitlines()
    wanted = [f'switchyard_{what}_total{{model="{model}",version="1"}} ' for what in ("batches", "batched_requests")]
    return np.array([sum(float(line[len(start) :]) for line in lines if line.startswith(start)) for start in wanted])


def test_images_sent_together_run_as_one_and_are_answered_as_alone(batched):
    bodies = [encoded(photo(seed, (20 + seed, 30))) for seed in range(6)]
    before = counted(batched, "pets")
    answers = together([lambda body=body: batched.json("POST", PETS, body, PNG) for body in bodies])
    batches, requests = counted(batched, "pets") - before
    assert requests == 6
    assert batches < 6
    for body, (status, answer) in zip(bodies, answers, strict=True):
        expected = classifier().run(pl.DataFrame({"image": [body]}))
        assert status == 200
        assert answer["label"] == expected["label"][0]
        found = sorted(answer["probabilities"].values())
        assert found == pytest.approx(sorted(expected["probabilities"][0].tolist()), abs=1e-6)


def test_neighbours_are_those_of_an_image_alone(batched):
    bodies = [encoded(photo(seed, mode="L")) for seed in range(5)]
    calls = [lambda body=body: batched.json("POST", "/v2/models/faces/predict-image", body, PNG) for body in bodies]
    for body, (_, answer) in zip(bodies, together(calls), strict=True):
        expected = searcher().run(pl.DataFrame({"image": [body]}))
        assert [near["row"] for near in answer["neighbours"]] == expected["neighbours"][0].tolist()


def test_tables_are_batched_too_each_with_its_own_rows_and_id(batched, kit):
    ages = [[float(10 * n + k) for k in range(1 + n % 3)] for n in range(6)]
    bodies = [{**kit.passengers(["male"] * len(age), age), "id": str(n)} for n, age in enumerate(ages)]
    before = counted(batched, "survival")
    answers = together(
        [lambda body=body: batched.json("POST", "/v2/models/survival/infer", body)[1] for body in bodies]
    )
    batches, requests = counted(batched, "survival") - before
    assert batches < requests == 6
    for n, (age, answer) in enumerate(zip(ages, answers, strict=True)):
        assert answer["id"] == str(n)
        tensor = next(tensor for tensor in answer["outputs"] if tensor["name"] == "probabilities")
        alive = 1 / (1 + np.exp(2 + np.array(age) / 10))
        assert tensor["shape"] == [len(age), 2]
        assert tensor["data"][1::2] == pytest.approx(alive.tolist(), abs=1e-6)


def pixels(size) -> dict:
    values = np.random.default_rng(size).integers(0, 256, (1, *size, 3))
    tensor = {"name": "image", "datatype": "UINT8", "shape": list(values.shape), "data": values.ravel().tolist()}
    return {"inputs": [tensor]}


def test_images_of_several_sizes_and_different_outputs_do_not_meet(batched):
    bodies = [pixels(SIZE), pixels((9, 9)), {**pixels(SIZE), "outputs": [{"name": "label"}]}, pixels((9, 9))]
    answers = together([lambda body=body: batched.json("POST", "/v2/models/pets/infer", body) for body in bodies])
    assert [status for status, _ in answers] == [200] * 4
    assert [len(answer["outputs"]) for _, answer in answers] == [2, 2, 1, 2]


def test_what_is_wrong_with_one_request_is_not_the_others_problem(batched):
    wrong = [b"no image", encoded(photo(1))[:60], b""]
    bodies = [encoded(photo(1)), wrong[0], encoded(photo(2)), wrong[1], wrong[2], encoded(photo(3))]
    answers = together([lambda body=body: batched.call("POST", PETS, body, PNG)[0] for body in bodies])
    assert answers == [200, 400, 200, 400, 400, 200]


def test_what_the_graph_refuses_of_one_request_is_answered_of_the_others(batched):
    bodies = [{"inputs": [{"name": "x", "datatype": "INT64", "shape": [1, 1], "data": [n]}]} for n in (2, 7, 0, 1)]
    answers = together([lambda body=body: batched.json("POST", "/v2/models/lookup/infer", body) for body in bodies])
    assert [status for status, _ in answers] == [200, 400, 200, 200]
    assert "model lookup cannot compute" in answers[1][1]["error"]
    assert [answers[n][1]["outputs"][0]["data"] for n in (0, 2, 3)] == [[30], [10], [20]]


def test_a_graph_that_gives_no_row_for_a_row_runs_each_request_alone(batched):
    bodies = [{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [n]}]} for n in range(4)]
    answers = together([lambda body=body: batched.json("POST", "/v2/models/total/infer", body) for body in bodies])
    assert [answer["outputs"][0]["data"] for _, answer in answers] == [[0.0], [1.0], [2.0], [3.0]]


def test_a_batch_has_at_most_its_size_and_a_larger_request_runs_alone(root, kit):
    put(root, "survival", 1, kit.graph())
    server = daemon.start(
        ServerOptions(root=root, port=kit.free_port(), batching=Batching(max_delay_ms=1000, max_size=4))
    )
    endpoint = kit.endpoint(server.url, root)
    for rows in (4, 9):
        assert (
            endpoint.json("POST", "/v2/models/survival/infer", kit.passengers(["male"] * rows, [1.0] * rows))[0] == 200
        )
    together([lambda: endpoint.json("POST", "/v2/models/survival/infer", kit.passengers(["male"], [1.0]))] * 4)
    assert counted(endpoint, "survival").tolist() == [1, 4]


def test_sigterm_answers_what_still_waits_for_company(root, kit):
    put(root, "survival", 1, kit.graph())
    port = kit.free_port()
    body = json.dumps(kit.passengers(["male"], [4.0])).encode()
    head = f"POST /v2/models/survival/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    with (
        serving(root, port, "--batch-delay-ms", "700") as process,
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
    ):
        connection.sendall(head.encode() + body)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        received = b"".join(iter(lambda: connection.recv(4096), b""))
        assert b" 200 " in received
        assert b"probabilities" in received
        assert process.wait(10) == 0


def test_a_delay_or_size_that_cannot_be_is_one_sentence(root, kit):
    where = ("--root", root, "--port", kit.free_port())
    assert refusal(*where, "--batch-delay-ms", "0").strip() == "--batch-delay-ms is 0: it must be greater than 0"
    found = refusal(*where, "--batch-delay-ms", "5", "--batch-size", "1").strip()
    assert found == "--batch-size is 1: it must be greater than or equal to 2"


def test_without_batching_nothing_is_counted(images):
    images.json("POST", PETS, encoded(photo()), PNG)
    assert counted(images, "pets").tolist() == [0, 0]
