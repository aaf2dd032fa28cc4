"""A server of models that somebody else has put there, as in a container: it writes nothing, and ends when told."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from switchyard.serving.protocol import client
from tests.serving.foreground import serving


def read_only(root, port, *options, until=client.ready):
    """A server that writes nothing into `root`."""
    return serving(root, port, "--read-only", *options, until=until)


@pytest.fixture
def models(root, kit):
    """Two versions of a model, of which none is recorded as active."""
    for version, bias in ((2, 0.0), (10, 1.0)):
        kit.put(root, "survival", version, kit.graph(bias), active=False)
    (root / "server.pyz").write_bytes(b"beside the models")
    return root


def everything(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_the_highest_version_answers_and_the_folder_stays_as_it_is(models, kit):
    before, port = everything(models), kit.free_port()
    with read_only(models, port) as process:
        endpoint = kit.endpoint(f"http://127.0.0.1:{port}", models)
        for verb in ("load", "unload"):
            status, answer = endpoint.json("POST", f"/v2/repository/models/survival/{verb}", {})[:2]
            assert (status, "serves what was there when it started" in answer["error"]) == (403, True)
        status, answer = endpoint.json("POST", "/v2/models/survival/infer", kit.passengers(["male"], [40.0]))[:2]
        assert (status, answer["model_version"]) == (200, "10")
        assert everything(models) == before
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert everything(models) == before


def test_a_version_that_cannot_be_loaded_ends_it_with_the_reason(models, kit):
    kit.put(models, "survival", 11, b"no graph", active=False)
    with read_only(models, kit.free_port(), until=None) as process:
        assert process.wait(30) == 1
        assert "version 11 of model survival cannot be loaded: " in process.stdout.read().splitlines()[-1]


def test_a_folder_without_models_ends_it(root, kit):
    with read_only(root, kit.free_port(), until=None) as process:
        assert process.wait(30) == 1
        assert process.stdout.read() == f"there is no model in {root}: it must hold NAME/VERSION/model.onnx\n"


def test_told_to_end_it_answers_on_until_it_is_told_again(models, kit):
    with read_only(models, port := kit.free_port(), "--drain-seconds", "60") as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert client.ready(f"http://127.0.0.1:{port}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_told_to_end_before_it_serves_it_ends_too(models, kit):
    """As the first process of a container, which no signal ends that has no handler."""
    with read_only(models, kit.free_port(), "--log", str(models.parent / "log"), until=None) as process:
        stop = threading.Event()
        while not stop.wait(0.01) and not (models.parent / "log").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
