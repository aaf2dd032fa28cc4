"""Putting versions into production: switched without a dropped request, or not at all."""

from __future__ import annotations

import copy
import json
import os
import signal
import threading

import pytest

from switchyard.config.server_options import ServerOptions
from switchyard.errors import SwitchyardError
from switchyard.serving.local import daemon, repository
from switchyard.serving.local.deploy import deploy, retire
from switchyard.serving.protocol import client
from switchyard.serving.rollout.golden import golden_rows


def golden(kit, bias=0.0):
    return golden_rows(kit.model(bias), kit.frame)


def wrong(kit, bias=0.0):
    rows = copy.deepcopy(golden(kit, bias))
    rows.response["outputs"][1]["data"][4] += 0.1
    return rows


def probability(answer):
    return answer["outputs"][1]["data"][1]


@pytest.fixture
def ask(kit):
    request = kit.passengers(["female"], [10.0])
    return lambda url, version=None: client.infer(url, "survival", version, request)


def test_the_first_version_answers_and_a_second_one_takes_over(root, kit, ask):
    first = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    assert (first.version, first.previous) == (1, None)
    assert ask(first.url)["model_version"] == "1"
    second = deploy(ServerOptions(root=root), kit.model(1.0), golden(kit, 1.0))
    assert (second.version, second.previous, second.url, second.pid) == (2, 1, first.url, first.pid)
    assert ask(second.url)["model_version"] == "2"
    assert repository.active(root, "survival") == 2
    assert ask(second.url, 1)["model_version"] == "1"
    assert second.infer_url == f"{first.url}/v2/models/survival/infer"


def test_a_third_version_leaves_two_in_memory_and_all_on_disk(root, kit, ask):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    for bias in (1.0, 2.0):
        deploy(ServerOptions(root=root), kit.model(bias), golden(kit, bias))
    assert client.metadata(server.url, "survival")["versions"] == ["2", "3"]
    assert repository.versions(root, "survival") == [1, 2, 3]
    assert client.load(server.url, "survival", 1, default=True) == 1
    assert ask(server.url)["model_version"] == "1"
    assert client.metadata(server.url, "survival")["versions"] == ["1", "3"]


def test_the_same_model_again_changes_nothing(root, kit, ask):
    first = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    again = deploy(ServerOptions(root=root), kit.model(), golden(kit))
    assert (again.version, again.previous) == (1, None)
    with pytest.raises(SwitchyardError, match="smoke test"):
        deploy(ServerOptions(root=root), kit.model(), wrong(kit))
    assert ask(first.url)["model_version"] == "1"
    assert repository.versions(root, "survival") == [1]


def test_a_failed_smoke_test_keeps_the_old_version_and_leaves_no_trace_of_the_new(root, kit, ask):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    with pytest.raises(SwitchyardError, match="smoke test of survival 2: row 2 of output probabilities"):
        deploy(ServerOptions(root=root), kit.model(1.0), wrong(kit, 1.0))
    assert ask(server.url)["model_version"] == "1"
    assert repository.active(root, "survival") == 1
    assert repository.versions(root, "survival") == [1]
    assert client.metadata(server.url, "survival")["versions"] == ["1"]


def test_a_first_version_that_fails_answers_nobody(root, kit):
    with pytest.raises(SwitchyardError, match="smoke test"):
        deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), wrong(kit))
    assert daemon.status(root) is None
    assert repository.active(root, "survival") is None
    assert repository.versions(root, "survival") == []


def test_a_file_that_is_no_graph_is_refused(root, kit, ask):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    broken = type(kit.model())(b"no graph", kit.model().metadata)
    with pytest.raises(SwitchyardError, match="version 2 of model survival cannot be loaded"):
        deploy(ServerOptions(root=root), broken, golden(kit))
    assert ask(server.url)["model_version"] == "1"
    assert repository.versions(root, "survival") == [1]


def test_a_loaded_version_answers_by_number_but_not_by_default_before_the_switch(root, kit, ask):
    kit.put(root, "survival", 1, kit.graph(), active=False)
    server = daemon.start(ServerOptions(root=root, port=kit.free_port()))
    client.load(server.url, "survival", 1, default=False)
    assert ask(server.url, 1)["model_version"] == "1"
    with pytest.raises(SwitchyardError, match="no active version"):
        ask(server.url)


def test_after_kill_9_the_next_deployment_works_and_the_active_version_comes_back(root, kit, ask):
    port = kit.free_port()
    first = deploy(ServerOptions(root=root, port=port), kit.model(), golden(kit))
    deploy(ServerOptions(root=root), kit.model(1.0), golden(kit, 1.0))
    client.load(first.url, "survival", 1, default=True)
    os.kill(first.pid, signal.SIGKILL)
    revived = daemon.start(ServerOptions(root=root, port=port))
    assert revived.pid != first.pid
    assert ask(revived.url)["model_version"] == "1"
    os.kill(revived.pid, signal.SIGKILL)
    third = deploy(ServerOptions(root=root, port=port), kit.model(2.0), golden(kit, 2.0))
    assert (third.version, third.previous) == (3, 1)
    assert ask(third.url)["model_version"] == "3"


def test_a_damaged_active_version_is_told_and_the_next_deployment_heals_it(root, kit, ask):
    kit.put(root, "survival", 1, b"cut short")
    kit.put(root, "other", 1, kit.graph())
    server = daemon.start(ServerOptions(root=root, port=kit.free_port()))
    endpoint = kit.endpoint(server.url, root)
    status, answer = endpoint.json("GET", "/v2/health/ready")
    assert status == 503
    assert "version 1 of model survival" in answer["error"]
    assert endpoint.call("GET", "/v2/models/other/ready")[0] == 200
    deployed = deploy(ServerOptions(root=root), kit.model(), golden(kit))
    assert ask(deployed.url)["model_version"] == "2"
    assert client.ready(deployed.url)


def test_unload_takes_a_model_out_until_it_is_loaded_again(root, kit, ask):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    with pytest.raises(SwitchyardError, match="400: version 1 of model survival is active"):
        client.unload(server.url, "survival", 1)
    client.unload(server.url, "survival")
    with pytest.raises(SwitchyardError, match="404"):
        ask(server.url)
    with pytest.raises(SwitchyardError, match="404: model survival is not loaded"):
        client.unload(server.url, "survival")
    assert client.load(server.url, "survival") == 1
    assert ask(server.url)["model_version"] == "1"


def test_the_server_ends_when_its_last_model_retires(root, kit):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    other = type(kit.model())(kit.graph(), {**kit.model().metadata, "name": "other"})
    deploy(ServerOptions(root=root), other, golden(kit))
    retire(root, "survival")
    assert daemon.status(root).pid == server.pid
    retire(root, "other")
    assert daemon.status(root) is None
    assert repository.versions(root, "survival") == [1]


def test_a_server_with_another_token_refuses_the_deployment(root, kit):
    daemon.start(ServerOptions(root=root, port=kit.free_port(), token="one"))
    with pytest.raises(SwitchyardError, match="401"):
        deploy(ServerOptions(root=root, token="two"), kit.model(), golden(kit))
    assert repository.versions(root, "survival") == []
    assert deploy(ServerOptions(root=root, token="one"), kit.model(), golden(kit)).version == 1


def test_a_version_can_have_the_number_of_a_registry(root, kit, ask):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit), version=7)
    assert server.version == 7
    assert deploy(ServerOptions(root=root), kit.model(), golden(kit), version=7).version == 7
    assert deploy(ServerOptions(root=root), kit.model(), golden(kit), version=9).previous == 7
    assert ask(server.url)["model_version"] == "9"
    assert repository.versions(root, "survival") == [7, 9]


def test_a_registry_that_starts_anew_replaces_old_numbers_while_the_old_model_serves_on(root, kit, ask):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit), version=1)
    old = probability(ask(server.url))
    with pytest.raises(SwitchyardError, match="smoke test of survival 1"):
        deploy(ServerOptions(root=root), kit.model(1.0), wrong(kit, 1.0), version=1)
    assert probability(ask(server.url)) == old
    assert ask(server.url)["model_version"] == str(repository.active(root, "survival")) == "2"
    deployed = deploy(ServerOptions(root=root), kit.model(1.0), golden(kit, 1.0), version=1)
    assert (deployed.version, deployed.previous) == (1, 2)
    assert ask(server.url)["model_version"] == "1"
    assert probability(ask(server.url)) != old
    assert probability(ask(server.url, 2)) == old


def test_switching_under_load_drops_no_request_and_mixes_no_versions(root, kit):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit))
    request = json.dumps(kit.passengers(["female", "male"] * 4, [float(age) for age in range(8)]))
    want = {}
    for version in (1, 2):
        if version == 2:
            client.load(
                server.url, "survival", deploy(ServerOptions(root=root), kit.model(1.0), golden(kit, 1.0)).version
            )
        answer = client.infer(server.url, "survival", None, json.loads(request))
        want[answer["model_version"]] = [output["data"] for output in answer["outputs"]]
    assert set(want) == {"1", "2"}
    stop, seen, failures = threading.Event(), [], []

    def load():
        while not stop.is_set():
            try:
                answer = client.infer(server.url, "survival", None, json.loads(request))
            except SwitchyardError as error:
                failures.append(str(error))
                continue
            seen.append(answer["model_version"])
            if [output["data"] for output in answer["outputs"]] != want[answer["model_version"]]:
                failures.append(answer)

    threads = [threading.Thread(target=load) for _ in range(6)]
    for thread in threads:
        thread.start()
    for turn in range(40):
        client.load(server.url, "survival", turn % 2 + 1, default=True)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(seen) == {"1", "2"}
    assert len(seen) > 50
