"""The deployer of the local stack: through its own roll-out, and through what ZenML's commands call."""

from __future__ import annotations

import hashlib
import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

import polars as pl
import psutil
import pytest
from zenml.client import Client
from zenml.enums import ServiceState

from rehearsal.processes import free_port
from stacks.deployers.endpoints import stop_endpoint
from stacks.deployers.local.deployer import OipDeployer
from stacks.setup.apply import apply_stack
from stacks.setup.stack_file import read_stack
from switchyard.config.sections import Deployment
from switchyard.config.server_options import Batching
from switchyard.errors import InputError
from switchyard.model.onnx_model import OnnxModel
from switchyard.serving.local import daemon
from switchyard.serving.rollout.deployer import Deployer
from switchyard.serving.rollout.golden import golden_rows
from tests.serving.conftest import METADATA, survival_graph

ROWS = pl.DataFrame({"sex": ["female", "male", None], "age": [20.0, None, 60.0]})


def model(bias=0.0):
    content = survival_graph(bias)
    return OnnxModel(content, {**METADATA, "sha256": hashlib.sha256(content).hexdigest()})


@pytest.fixture(scope="module")
def component(zenml):
    apply_stack("local", read_stack("local"))
    return Client().active_stack.model_deployer


@pytest.fixture
def deployer(component):
    """The deployer, with nothing served before and after."""
    yield component
    for service in component.find_model_server():
        component.delete_model_server(service.uuid)


def roll_out(deployer, name="survival", version=1, bias=0.0, port=None, batching=None):
    chosen = model(bias)
    golden = golden_rows(chosen, ROWS)
    return deployer.roll_out(name, version, chosen, golden, Deployment(port=port or free_port(), batching=batching))


def ask(endpoint, url=None, token=None):
    """The status, and the first probability if there is one, of the endpoint's own example request."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = json.dumps(endpoint.request).encode()
    address = url or f"{endpoint.url}/v2/models/{endpoint.name}/infer"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10) as answer:
            outputs = {each["name"]: each["data"] for each in json.load(answer)["outputs"]}
            return answer.status, outputs["probabilities"][0]
    except urllib.error.HTTPError as error:
        return error.code, None
    except urllib.error.URLError:
        return None, None


def only(deployer, **search):
    (service,) = deployer.find_model_server(**search)
    return service


def test_it_is_what_the_deploy_step_asks_for(deployer):
    assert isinstance(deployer, OipDeployer)
    assert isinstance(deployer, Deployer)


def test_a_model_that_is_rolled_out_answers_and_zenml_knows_it(deployer):
    endpoint = roll_out(deployer)

    assert ask(endpoint)[0] == 200
    service = only(deployer, running=True)
    assert (str(service.uuid), service.is_running) == (endpoint.service, True)
    assert deployer.get_model_server_info(service)["PREDICTION_URL"] == f"{endpoint.url}/v2/models/survival/infer"
    assert deployer.get_model_server_info(service)["MODEL_VERSION"] == "1"
    assert Client().get_service(service.uuid).prediction_url == f"{endpoint.url}/v2/models/survival/infer"


def test_the_next_version_takes_the_place_of_the_first(deployer):
    first = roll_out(deployer)
    before = ask(first)
    second = roll_out(deployer, version=2, bias=1.0)

    assert second.url == first.url
    assert ask(second)[1] != before[1]
    assert only(deployer).config.model_version == "2"


def test_batching_reaches_the_daemon_also_when_zenml_starts_it_again(deployer):
    def batches(url):
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            return "switchyard_batches_total{" in answer.read().decode()

    port = free_port()
    endpoint = roll_out(deployer, port=port, batching=Batching(max_delay_ms=1))
    assert ask(endpoint)[0] == 200
    assert batches(endpoint.url)
    again = roll_out(deployer, port=port, batching=Batching(max_delay_ms=1))
    assert (again.service, again.notice) == (endpoint.service, "")
    assert "stop it" in roll_out(deployer, port=port, batching=Batching(max_delay_ms=3)).notice
    service = only(deployer)
    deployer.stop_model_server(service.uuid)
    deployer.start_model_server(service.uuid)
    url = f"{only(deployer).prediction_url}"
    assert ask(endpoint, url)[0] == 200
    assert batches(url.partition("/v2/")[0])


def test_what_is_retired_answers_no_more_and_can_be_rolled_out_again(deployer):
    assert deployer.serving("leaving") is None
    deployer.retire("leaving")  # nothing there: that is well
    roll_out(deployer, "leaving")
    endpoint = roll_out(deployer, "leaving", version=2, bias=1.0)
    assert deployer.serving("leaving") == 2

    deployer.retire("leaving")

    assert ask(endpoint)[0] is None
    assert deployer.find_model_server() == []
    assert deployer.serving("leaving") is None
    assert ask(roll_out(deployer, "leaving"))[0] == 200
    assert deployer.serving("leaving") == 1


def test_one_that_is_stopped_is_retired_all_the_same_and_others_answer_on(deployer):
    roll_out(deployer, "halted")
    other = roll_out(deployer, "other")
    stop_endpoint("halted")
    assert deployer.serving("halted") == 1  # it comes back with the next run

    deployer.retire("halted")

    assert deployer.serving("halted") is None
    assert ask(other)[0] == 200


def test_the_same_version_again_is_the_same_service(deployer):
    port = free_port()

    assert roll_out(deployer, port=port) == roll_out(deployer, port=port)


def test_two_use_cases_are_served_side_by_side(deployer):
    one, two = roll_out(deployer, "one"), roll_out(deployer, "two", bias=1.0)

    assert one.url != two.url
    assert (ask(one)[0], ask(two)[0]) == (200, 200)
    assert {service.config.model_name for service in deployer.find_model_server(running=True)} == {"one", "two"}

    stop_endpoint("one")

    assert (ask(one)[0], ask(two)[0]) == (None, 200)
    assert only(deployer, running=True).config.model_name == "two"


def test_a_stopped_server_is_started_again_with_its_version(deployer):
    endpoint = roll_out(deployer)
    before = ask(endpoint)
    service = only(deployer)

    deployer.stop_model_server(service.uuid)
    assert ask(endpoint)[0] is None
    assert not only(deployer).is_running
    assert deployer.find_model_server(running=True) == []

    deployer.start_model_server(service.uuid)
    assert ask(endpoint) == before
    assert only(deployer, running=True).uuid == service.uuid


def test_a_server_that_starts_on_another_port_is_found_there(deployer):
    endpoint = roll_out(deployer)
    service = only(deployer)
    deployer.stop_model_server(service.uuid)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", service.config.server.port))
        taken.listen()
        deployer.start_model_server(service.uuid)

    url = deployer.get_model_server_info(only(deployer, running=True))["PREDICTION_URL"]

    assert not url.startswith(endpoint.url)
    assert ask(endpoint, url)[0] == 200
    assert Client().get_service(service.uuid).prediction_url == url


def test_a_stopped_server_that_a_run_brings_back_is_running_for_zenml_too(deployer):
    port = free_port()
    endpoint = roll_out(deployer, port=port)
    deployer.stop_model_server(only(deployer).uuid)

    again = roll_out(deployer, port=port)

    assert again.url == endpoint.url
    assert only(deployer, running=True).is_running
    assert Client().get_service(again.service).admin_state == ServiceState.ACTIVE
    assert len(deployer.find_model_server()) == 1


def test_a_deleted_server_is_gone_and_its_model_can_be_served_again(deployer):
    endpoint = roll_out(deployer)
    deployer.delete_model_server(only(deployer).uuid)

    assert ask(endpoint)[0] is None
    assert deployer.find_model_server() == []
    assert ask(roll_out(deployer))[0] == 200


def test_the_log_is_there_while_it_runs_and_afterwards(deployer):
    roll_out(deployer)
    service = only(deployer)
    running = list(deployer.get_model_server_logs(service.uuid))
    deployer.stop_model_server(service.uuid)
    stopped = list(deployer.get_model_server_logs(service.uuid))

    assert running
    assert stopped[: len(running)] == running
    assert list(deployer.get_model_server_logs(service.uuid, tail=1)) == stopped[-1:]


def test_the_token_of_the_environment_is_asked_for(deployer, monkeypatch):
    monkeypatch.setenv("SWITCHYARD_TOKEN", "let-me-in")

    endpoint = roll_out(deployer, "guarded")

    assert ask(endpoint)[0] == 401
    assert ask(endpoint, token="let-me-in")[0] == 200
    assert "let-me-in" not in json.dumps(Client().get_service(endpoint.service).model_dump(mode="json"))


def test_an_endpoint_that_is_not_there_cannot_be_stopped(deployer):
    with pytest.raises(InputError, match=r"^nobody: stack local has no endpoint of that name"):
        stop_endpoint("nobody")


def test_a_server_that_was_killed_is_not_running_and_can_be_rolled_out_again(deployer):
    roll_out(deployer)
    server = psutil.Process(daemon.status(Path(only(deployer).config.root)).pid)
    server.kill()
    psutil.wait_procs([server], timeout=10)  # the signal is sent at once, and its port is closed a moment later

    assert deployer.find_model_server(running=True) == []
    assert ask(roll_out(deployer))[0] == 200
