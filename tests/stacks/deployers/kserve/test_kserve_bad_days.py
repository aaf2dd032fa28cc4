"""What goes wrong on a cluster, and what serves afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from kubernetes import client as kubernetes_client
from zenml.client import Client

from rehearsal.kserve.controller import Controller
from rehearsal.kserve.replica import ROOT
from rehearsal.processes import free_port
from stacks.deployers.kserve.cluster import Cluster
from switchyard.errors import InputError, SwitchyardError
from switchyard.serving.rollout.golden import golden_rows
from tests.stacks.deployers.kserve.deploying import (
    ROWS,
    SERVICES,
    answering,
    model,
    objects,
    roll_out,
    service,
    versions,
)

pytestmark = [pytest.mark.integration, pytest.mark.thorough]
ROLL_OUT = """
import sys
from zenml.client import Client
from tests.stacks.deployers.kserve.deploying import roll_out
roll_out(Client().active_stack.model_deployer, version=int(sys.argv[1]), bias=float(sys.argv[2]))
"""


@pytest.fixture
def short_timeout(monkeypatch):
    """A wrong answer is final at once."""
    monkeypatch.setattr("stacks.deployers.kserve.answer._ROUTING_SECONDS", 0.0)


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_serving(deployer, place, uploads):
    good = roll_out(deployer)
    uploads(b"no graph")
    with pytest.raises(SwitchyardError) as failure:
        roll_out(deployer, version=2, bias=1.0)
    assert "ModelLoadFailed" in str(failure.value)
    assert "version 2 of model survival cannot be loaded" in str(failure.value)
    assert str(failure.value).endswith("serves again")
    assert answering(good) == "1"
    assert versions(place) == ["1"]
    assert service(place)["status"]["modelStatus"]["transitionStatus"] == "UpToDate"
    (known,) = deployer.find_model_server()
    assert known.config.model_version == "1"


def test_a_first_version_that_cannot_be_loaded_leaves_nothing(deployer, place, uploads):
    uploads(b"no graph")
    with pytest.raises(SwitchyardError, match="as it was the first version, it is removed again"):
        roll_out(deployer)
    assert service(place) is None
    assert objects(place) == []
    assert deployer.find_model_server() == []


def test_after_a_failure_the_old_status_is_not_taken_for_the_new_one(deployer, place, uploads, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Cluster, "delete", lambda self, name: False)  # it stays there, blocked by the failed load
        uploads(b"no graph")
        with pytest.raises(SwitchyardError):
            roll_out(deployer)
    assert service(place)["status"]["modelStatus"]["transitionStatus"] == "BlockedByFailedLoad"
    monkeypatch.undo()
    assert answering(roll_out(deployer, version=2)) == "2"


def test_a_wrong_answer_leaves_the_old_one_serving(deployer, place, short_timeout):
    good = roll_out(deployer)
    golden = golden_rows(model(5.0), ROWS)
    with pytest.raises(SwitchyardError, match=r"smoke test of survival 2: row 0 of output .* serves again"):
        roll_out(deployer, version=2, bias=1.0, golden=golden)
    assert answering(good) == "1"
    assert versions(place) == ["1"]


def test_a_runtime_that_is_not_there_is_named_by_kserve(deployer, place, settings):
    settings(runtime="kserve-none")
    with pytest.raises(SwitchyardError, match="RuntimeNotRecognized: Waiting for runtime to become available"):
        roll_out(deployer)
    assert service(place) is None


def test_a_version_that_takes_too_long_is_given_up_with_what_was_last_seen(deployer, place, controller, settings):
    good = roll_out(deployer)
    settings(ready_timeout=3)
    controller.delay = 8.0
    try:
        with pytest.raises(SwitchyardError) as failure:
            roll_out(deployer, version=2, bias=1.0)
    finally:
        controller.delay = 0.0
    assert "was not ready within 3 s; last seen: Ready is Unknown" in str(failure.value)
    assert "the model is InProgress" in str(failure.value)
    assert answering(good) == "1"


def test_a_service_account_that_is_not_there_is_named(deployer, place, settings):
    settings(service_account="nobody", ready_timeout=10)
    with pytest.raises(SwitchyardError, match=r'FailedCreate: .*serviceaccount "nobody" not found'):
        roll_out(deployer)
    assert service(place) is None


def test_without_the_right_to_patch_the_error_says_which_right_and_nothing_changes(deployer, place, rights, settings):
    good = roll_out(deployer)
    rights(("get", "create", "delete"))
    settings(kubernetes_context="pipeline-runner")
    with pytest.raises(SwitchyardError) as failure:
        roll_out(deployer, version=2, bias=1.0)
    assert str(failure.value).startswith(
        "no right to patch inferenceservices.serving.kserve.io in namespace ml: "
        "ServiceAccount pipeline-runner of namespace ml may not"
    )
    assert answering(good) == "1"
    assert versions(place) == ["1"]


def test_a_bucket_that_does_not_take_the_model_whole_keeps_nothing_of_it(deployer, place, uploads):
    good = roll_out(deployer)
    uploads(OSError(28, "the connection broke"))
    with pytest.raises(SwitchyardError, match=r"the model repository s3://models/.* cannot be written"):
        roll_out(deployer, version=2, bias=1.0)
    assert versions(place) == ["1"]
    assert answering(good) == "1"


def test_a_bucket_that_does_not_answer_is_an_error_of_its_own(deployer, place, monkeypatch):
    store = Client().active_stack.artifact_store
    client_kwargs = {**store.config.client_kwargs, "endpoint_url": f"http://127.0.0.1:{free_port()}"}
    dead = store.config.model_copy(update={"client_kwargs": client_kwargs, "config_kwargs": {"connect_timeout": 1}})
    monkeypatch.setattr(store, "_config", dead)
    monkeypatch.setattr(store, "_filesystem", None)
    with pytest.raises(SwitchyardError, match="cannot be written: Could not connect"):
        roll_out(deployer)
    assert service(place) is None


def test_a_bucket_that_kserve_cannot_read_shows_in_its_words(deployer, place, uploads, monkeypatch):
    good = roll_out(deployer)
    download = Controller._replica

    def without_keys(self, service, settings, server):
        return download(self, service, {**settings, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}, server)

    with monkeypatch.context() as patch:
        patch.setattr(Controller, "_replica", without_keys)
        threading.Timer(6.0, patch.undo).start()  # back before the old version has to come back
        with pytest.raises(SwitchyardError, match=r"ModelLoadFailed: .*EndpointConnectionError"):
            roll_out(deployer, version=2, bias=1.0)
    assert answering(good) == "1"


def test_a_kubernetes_that_does_not_answer_is_named(deployer, place, tmp_path, monkeypatch):
    text = place.kubeconfig.read_text()
    address = text.partition("https://")[2].partition('"')[0]
    dead = tmp_path / "kubeconfig"
    dead.write_text(text.replace(address, f"127.0.0.1:{free_port()}"))
    monkeypatch.setenv("KUBECONFIG", str(dead))
    with pytest.raises(SwitchyardError, match=r"the Kubernetes API at https://127.0.0.1:\d+ does not answer"):
        roll_out(deployer)
    monkeypatch.undo()
    assert objects(place) == []


def test_a_context_that_is_not_there_is_an_input_error(deployer, settings):
    settings(kubernetes_context="elsewhere")
    with pytest.raises(InputError, match="context elsewhere of the kubeconfig cannot be used"):
        roll_out(deployer)
    settings(kubernetes_context="admin")


def test_somebody_elses_service_is_left_alone(deployer, place):
    api = kubernetes_client.CustomObjectsApi(place.api())
    foreign = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "survival"},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://elsewhere/it"}}},
    }
    api.create_namespaced_custom_object(*SERVICES, foreign)
    try:
        with pytest.raises(InputError, match="has an InferenceService survival that Switchyard did not make"):
            roll_out(deployer)
        assert service(place)["spec"]["predictor"]["model"]["storageUri"] == "s3://elsewhere/it"
        assert objects(place) == []
    finally:
        api.delete_namespaced_custom_object(*SERVICES, "survival")


def test_of_two_runs_at_once_the_later_one_serves_and_the_other_says_so(deployer, place, controller):
    roll_out(deployer)
    controller.delay = 4.0
    outcome = []

    def earlier():
        try:
            outcome.append(roll_out(deployer, version=2, bias=1.0))
        except SwitchyardError as error:
            outcome.append(error)

    try:
        thread = threading.Thread(target=earlier)
        thread.start()
        uri = service(place)["spec"]["predictor"]["model"]["storageUri"]
        while service(place)["spec"]["predictor"]["model"]["storageUri"] == uri:
            time.sleep(0.1)
        later = roll_out(deployer, version=3, bias=2.0)
        thread.join()
    finally:
        controller.delay = 0.0
    assert answering(later) == "3"
    assert isinstance(outcome[0], SwitchyardError)
    assert "another run rolled out survival in the meantime" in str(outcome[0])


@pytest.mark.slow
@pytest.mark.parametrize("again", [2, 3])
def test_a_run_killed_while_it_waits_is_gone_on_with(deployer, place, controller, aged, tmp_path, again):
    """The same version again, or another one instead."""
    (program := tmp_path / "program.py").write_text(ROLL_OUT)
    good = roll_out(deployer)
    uri = service(place)["spec"]["predictor"]["model"]["storageUri"]
    controller.delay = 20.0
    try:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([sys.executable, str(program), "2", "1.0"], env=environment)
        while service(place)["spec"]["predictor"]["model"]["storageUri"] == uri:
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert answering(good) == "1"
    finally:
        controller.delay = 0.0
    endpoint = roll_out(deployer, version=again, bias=float(again - 1))
    assert answering(endpoint) == str(again)
    assert versions(place) == ["1", str(again)]
