"""The project's own server as KServe's runtime: its manifest, as a user applies it, and what it then does in a pod."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
import requests

from rehearsal.kserve.replica import ROOT
from rehearsal.kserve.serving_runtimes import servingruntimes
from rehearsal.programs import program
from switchyard.config.sections import Deployment, Resources
from switchyard.config.server_options import Batching
from switchyard.errors import SwitchyardError
from switchyard.serving.protocol import client
from switchyard.serving.rollout.golden import golden_rows
from tests.serving.engine.test_indexed_gallery import indexed
from tests.serving.image_models import frame, searcher
from tests.stacks.deployers.kserve.deploying import answering, objects, roll_out, service

pytestmark = pytest.mark.integration
APPLY = ["--context", "admin", "apply", "-f", "-"]


@pytest.fixture(scope="module")
def applied(place):
    """`python run.py runtime | kubectl apply -f -`."""
    environment = {**os.environ, "KFP_NAMESPACE": "ml", "SWITCHYARD_IMAGE": "registry/switchyard@sha256:0"}
    command = [sys.executable, "run.py", "runtime"]
    printed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout
    with servingruntimes(place.api()):
        apply = [program("kubectl"), "--kubeconfig", place.kubeconfig, *APPLY]
        subprocess.run(apply, input=printed, capture_output=True, check=True)
        yield


@pytest.fixture
def own(deployer, settings, applied):
    """The deployer with KSERVE_RUNTIME=switchyard."""
    settings(runtime="switchyard")
    return deployer


@pytest.fixture(scope="module")
def faces(component, controller, applied):
    """A gallery beside its graph, served."""
    config = component.config.model_copy(update={"runtime": "switchyard"})
    chosen = indexed()
    deployment = Deployment(max_request_mb=1.0, batching=Batching(max_delay_ms=3.0, max_size=4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(component, "_config", config)
        endpoint = component.roll_out("faces", 1, chosen, golden_rows(chosen, frame(4, mode="L")), deployment)
    yield endpoint
    component.retire("faces")


def predict_image(endpoint, content):
    headers = {"Content-Type": "image/png"}
    return requests.post(f"{endpoint.url}/v2/models/faces/predict-image", content, headers=headers, timeout=30)


def test_an_image_file_finds_its_neighbours_in_an_index_beside_the_graph(faces):
    rows = frame(6, mode="L")
    expected = searcher().run(rows)
    for number in range(6):
        answer = predict_image(faces, rows["image"][number]).json()
        assert answer["label"] == expected["label"][number]
        assert [near["row"] for near in answer["neighbours"]] == expected["neighbours"][number].tolist()
    assert faces.predict_image


@pytest.mark.parametrize("infer", [client.infer, client.infer_binary])
def test_tensors_are_answered_as_json_and_as_binary_data(faces, infer):
    rows = frame(4, mode="L")
    feed = indexed().inputs(rows)["image"]
    tensor = {"name": "image", "datatype": "UINT8", "shape": list(feed.shape), "data": feed.ravel().tolist()}
    answer = infer(faces.url, "faces", None, {"inputs": [tensor]})
    assert answer["model_version"] == "1"
    found = {each["name"]: each["data"] for each in answer["outputs"]}
    expected = searcher().run(rows)
    assert found["label"] == expected["label"].tolist()
    np.testing.assert_allclose(found["similarity"], expected["similarity"].ravel(), atol=1e-6)


def test_what_the_deployment_says_of_the_server_reaches_it(faces, place):
    assert service(place, "faces")["spec"]["predictor"]["model"]["args"] == [
        *("--max-request-mb", "1.0", "--batch-delay-ms", "3.0", "--batch-size", "4")
    ]
    assert faces.notice == ""
    with urllib.request.urlopen(f"{faces.url}/metrics", timeout=10) as answer:
        assert 'switchyard_batches_total{model="faces",version="1"}' in answer.read().decode()
    assert predict_image(faces, bytes(2**20 + 1)).status_code == 413


def test_the_pod_s_models_are_not_written_to_and_nobody_changes_what_it_serves(faces, place, controller):
    for verb in ("load", "unload"):
        answer = requests.post(f"{faces.url}/v2/repository/models/faces/{verb}", json={}, timeout=30)
        assert (answer.status_code, answer.json()["error"][:37]) == (403, "this server loads and unloads nothing")
    folder = next(each.folder for each in controller.replicas if each.server["command"][1].endswith(".pyz")) / "models"
    there = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert there == [path.partition("/")[2] for path in objects(place, "faces")]
    assert {"server.pyz", "faces/1/gallery.faiss", "faces/1/gallery.npz"} <= set(there)


def test_the_next_version_takes_over_and_a_broken_one_stays_out(own, place, controller, uploads):
    first = roll_out(own, resources=Resources(memory="512Mi"))
    old = controller.replicas[-1]
    assert service(place)["spec"]["predictor"]["model"]["resources"]["limits"] == {"memory": "512Mi"}
    assert answering(first) == "1"
    second = roll_out(own, version=2, bias=1.0)
    assert (second.url, answering(second)) == (first.url, "2")

    uploads(b"no graph")
    with pytest.raises(SwitchyardError, match=r"version 3 of model survival cannot be loaded.* serves again"):
        roll_out(own, version=3, bias=2.0)
    assert answering(second) == "2"
    old.wait()
    assert old.exit_code == 0


@pytest.mark.thorough
def test_a_pod_that_is_to_end_answers_a_moment_longer_and_ends_well(own, controller):
    roll_out(own)
    replica = controller.replicas[-1]
    url = f"http://127.0.0.1:{replica.port}"
    os.kill(replica._process.pid, signal.SIGTERM)
    began = time.monotonic()
    assert client.ready(url)
    while client.ready(url):
        time.sleep(0.1)
    assert replica._process.wait(20) == 0
    assert 4 < time.monotonic() - began < 15


@pytest.mark.thorough
def test_the_other_runtime_serves_the_same_version_from_a_prefix_of_its_own(own, settings, place):
    roll_out(own)
    settings(runtime="kserve-tritonserver")
    assert answering(roll_out(own)) == "1"
    assert len({path.partition("/")[0] for path in objects(place)}) == 2
    assert "args" not in service(place)["spec"]["predictor"]["model"]
