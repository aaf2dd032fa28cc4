"""Releases, rollbacks and a retirement by the command line, some of them killed: what serves, what is said of it.

The commands are called one after the other in a few processes, since to start each in one of its own takes far
longer than what it does; a process ends where it kills itself.
"""

from __future__ import annotations

import json
import signal
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from rehearsal.processes import free_port

PRELUDE = """
import contextlib, importlib, io, json, os, signal
from zenml.client import Client
from run import main
from switchyard.errors import SwitchyardError
from switchyard.serving.protocol import client as served
NAME, URL = "released", "http://127.0.0.1:{port}"
ROW = {{"inputs": [{{"name": "age", "shape": [1, 1], "datatype": "FP32", "data": [30.0]}},
                   {{"name": "sex", "shape": [1, 1], "datatype": "BYTES", "data": ["f"]}}]}}

def do(command, *arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([command, "--config", NAME, *arguments])
    print(json.dumps({{"code": code, "out": out.getvalue(), "err": err.getvalue()}}), flush=True)

def train(*arguments):
    do("--rerun", *[part for argument in arguments for part in ("--set", argument)])

def look():
    from mlflow import MlflowClient
    mlflow = MlflowClient(Client().active_stack.experiment_tracker.get_tracking_uri())
    registered = mlflow.search_model_versions(f"name = '{{NAME}}'")
    numbers = {{str(each.version): int(each.tags["zenml_version"]) for each in registered}}
    named = mlflow.get_registered_model(NAME).aliases
    try:
        answers = int(served.infer(URL, NAME, None, ROW)["model_version"])
    except SwitchyardError:
        answers = None
    versions = Client().list_model_versions(model=NAME).items
    print(json.dumps({{"answers": answers, "stages": {{each.number: each.stage for each in versions if each.stage}},
        "aliases": {{alias: numbers[str(version)] for alias, version in named.items()}}}}), flush=True)

def harm(at, act):
    module, function = at.split(":")
    setattr(importlib.import_module(module), function, act)

def killed_at(at):
    harm(at, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.fixture(scope="module")
def use_case(project):
    """Three versions that were promoted one after the other, and a fourth that its gate refused."""
    port = free_port()
    project.write_config("released", "data/people.csv", deployment={"port": port})

    def called(script, code=0):
        """What the commands of a script said, as they come."""
        ended = project.start(PRELUDE.format(port=port) + script, program=("-c",)).finish()
        assert ended.code == code, (ended.out, ended.err)
        return [SimpleNamespace(**json.loads(line)) for line in ended.out.splitlines() if line.startswith("{")]

    *trained, refused, there = called(
        """
for strength in (1.0, 0.1, 0.01):
    train(f"candidates.logistic.params.C={strength}")
train("candidates.logistic.params.C=0.001", "gates.roc_auc=>= 0.999")
look()
"""
    )
    assert [each.code for each in trained] == [0, 0, 0], trained
    assert (refused.code, there.answers) == (1, 3)
    return called


TEN = [  # the command, and afterwards: what answers, champion, challenger, previous
    (("release", "--version", "1"), 1, 4, 3),
    (("release", "--version", "2"), 2, 4, 1),
    (("rollback",), 1, 4, 2),
    (("rollback", "--version", "3"), 3, 4, 1),
    (("release", "--version", "4", "--force"), 4, 3, 3),
    (("rollback",), 3, 4, 4),
    (("retire",), None, 4, 3),
    (("rollback",), 3, 4, 4),
    (("release", "--version", "2"), 2, 4, 3),
    (("release", "--version", "1"), 1, 4, 2),
]


def expected(version, challenger, previous):
    named = {"champion": version, "challenger": challenger, "previous": previous}
    return {alias: number for alias, number in named.items() if number is not None}


def assert_consistent(seen, version):
    """The endpoint, the stage and the alias name the same version."""
    production = [int(number) for number, stage in seen.stages.items() if stage == "production"]
    assert (seen.answers, production, seen.aliases.get("champion")) == (version, [version], version)


def test_what_serves_the_stage_and_the_aliases_go_together_through_ten_changes(use_case):
    script = "".join(
        f"do(*{command!r}, '--reason', 'change {number}')\nlook()\n" for number, (command, *_) in enumerate(TEN)
    )
    said = use_case(f"look()\n{script}do('history', '--json')\n")

    first, *seen, history = said
    assert_consistent(first, 3)
    assert first.aliases == expected(3, 4, 2)
    for (command, version, challenger, previous), done, after in zip(TEN, seen[::2], seen[1::2], strict=True):
        assert (done.code, done.err) == (0, ""), (command, done)
        assert after.aliases == expected(version, challenger, previous), command
        if version is None:
            assert (after.answers, "production" in after.stages.values()) == (None, False)
            assert "its endpoint has stopped" in done.out
        else:
            assert_consistent(after, version)
            assert f"version {version} is in production" in done.out

    told = json.loads(history.out)
    assert [each["version"] for each in told["changes"]] == [1, 2, 3, *(version for _, version, *_ in TEN)]
    assert [each["replaced"] for each in told["changes"]] == [None, 1, 2, 3, *(version for _, version, *_ in TEN[:-1])]
    by_hand = told["changes"][3:]
    assert [each["reason"] for each in by_hand] == [f"change {number}" for number in range(10)]
    assert [each["action"] for each in by_hand] == [command[0] for command, *_ in TEN]
    assert all(each["by"]["name"] and each["run"].startswith(f"released-{each['action']}-") for each in by_hand)
    assert [each["until"] for each in told["changes"]] == [*(each["since"] for each in told["changes"][1:]), None]
    assert told["in_production"] == told["changes"][-1]
    assert {each["data"]["uri"] for each in told["changes"] if each["version"]} == {"data/people.csv"}
    assert all(len(each["data"]["fingerprint"]) >= 16 for each in told["changes"] if each["version"])


def test_what_was_in_production_at_a_moment_and_why(use_case):
    (history,) = use_case("do('history', '--json')")
    changes = json.loads(history.out)["changes"]
    between = [datetime.fromisoformat(each["since"]) + timedelta(milliseconds=1) for each in changes]
    before = datetime.fromisoformat(changes[0]["since"]) - timedelta(seconds=1)

    script = "".join(f"do('history', '--json', '--at', {moment.isoformat()!r})\n" for moment in [before, *between])
    nothing, *found = (json.loads(each.out) for each in use_case(script))

    assert (nothing["in_production"], nothing["changes"]) == (None, [])
    assert [each["changes"][0] for each in found] == changes
    assert [each["in_production"] for each in found] == [each if each["version"] else None for each in changes]


def test_bad_input_is_one_sentence_and_changes_nothing(use_case):
    asked = {
        "do('release', '--version', '9', '--reason', 'r')": "released has no version 9; registered: 1 to 4",
        "do('release', '--version', '4', '--reason', 'r')": "version 4 was refused (gate roc_auc failed",
        "do('release', '--version', '2')": "release: give a reason with --reason",
        "do('rollback', '--reason', ' ')": "rollback: give a reason with --reason",
        "do('retire')": "retire: give a reason with --reason",
        "do('history', '--at', 'noon')": "--at noon: not a date and time",
        "do('history', '--config', 'nobody')": "nobody",
    }
    first, *said, again, last = use_case(
        "\n".join(["look()", *asked, "do('release', '--version', '1', '--reason', 'r')", "look()"])
    )

    for (command, sentence), each in zip(asked.items(), said, strict=True):
        assert each.code == 2, command
        assert sentence in each.err, command
        assert len(each.err.strip().splitlines()) == 1, each.err
    assert (again.code, again.err) == (0, "")
    assert again.out == "released: version 1 is already in production; nothing was done.\n"
    assert last == first


def test_a_version_whose_file_is_gone_is_not_released_and_the_champion_serves_on(use_case):
    lost = """
version = Client().get_model_version(NAME, "4")
os.unlink(version.get_artifact(NAME + "_logistic").uri + "/model.onnx")
"""
    first, done, last = use_case(f"look()\n{lost}do('release', '--version', '4', '--force', '--reason', 'r')\nlook()")

    assert done.code == 1
    assert "the ONNX file of released version 4 cannot be read" in done.err
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert last == first


def test_a_killed_release_is_in_the_history_only_if_it_served_and_the_next_run_makes_all_agree(use_case):
    history, kill = "do('history', '--json')\n", -signal.SIGKILL

    # Before its smoke test: nothing has changed, and nothing has to be repaired.
    use_case(
        "do('release', '--version', '1', '--reason', 'unless it is there')\n"
        "killed_at('switchyard.serving.local.deploy:smoke_test')\ndo('release', '--version', '2', '--reason', 'a')",
        kill,
    )
    # It serves, but that is not recorded.
    seen, told, done, after, *_ = use_case(
        f"look()\n{history}do('release', '--version', '2', '--reason', 'b')\nlook()\n"
        "killed_at('steps.registry.release_log:take_effect')\ndo('release', '--version', '3', '--reason', 'c')",
        kill,
    )
    assert_consistent(seen, 1)
    assert json.loads(told.out)["in_production"]["version"] == 1
    assert (done.code, "repaired" in done.out) == (0, False)
    assert_consistent(after, 2)
    # It is recorded, but the stage has not moved; a training run has repaired the one before.
    seen, told, asked, trained, after, *_ = use_case(
        f"look()\n{history}do('rollback', '--reason', 'd')\ntrain('candidates.logistic.params.C=0.1')\nlook()\n"
        "killed_at('steps.registry.rollout:set_production')\ndo('release', '--version', '1', '--reason', 'e')",
        kill,
    )
    assert (seen.answers, seen.aliases["champion"]) == (3, 2)
    assert json.loads(told.out)["in_production"]["version"] == 2
    assert asked.code == 2
    assert "name it with --version (version 2 was in production before)" in asked.err
    assert trained.code == 0, trained.err
    assert "crashed after version 3 had taken over; that is recorded now" in " ".join(trained.out.split())
    assert "replaced version 2 (release" in " ".join(trained.out.split())  # so it does not come back by itself
    assert_consistent(after, 3)
    # The stage has moved, MLflow does not know.
    seen, told, done, after, *_ = use_case(
        f"look()\n{history}do('rollback', '--reason', 'f')\nlook()\n"
        "killed_at('steps.registry.alias_sync:_move')\ndo('release', '--version', '2', '--reason', 'g')",
        kill,
    )
    assert (seen.answers, seen.aliases["champion"]) == (1, 3)
    assert [number for number, stage in seen.stages.items() if stage == "production"] == ["3"]
    assert json.loads(told.out)["in_production"]["version"] == 1
    assert "stage production was at version 3 and is back at version 1" in done.out
    assert_consistent(after, 3)
    # MLflow is away: the release goes through, and the same one again makes good for it.
    seen, done, after, away, between, again, last, told = use_case(
        "look()\ndo('release', '--version', '2', '--reason', 'h')\nlook()\n"
        "import steps.registry.alias_sync, mlflow.exceptions\nmove = steps.registry.alias_sync._move\n"
        "def gone(*_):\n    raise mlflow.exceptions.MlflowException('gone')\n"
        "harm('steps.registry.alias_sync:_move', gone)\ndo('release', '--version', '1', '--reason', 'i')\nlook()\n"
        "harm('steps.registry.alias_sync:_move', move)\ndo('release', '--version', '1', '--reason', 'j')\nlook()\n"
        f"{history}"
    )
    assert (seen.answers, seen.aliases["champion"]) == (2, 3)
    assert "MLflow's aliases had not followed (champion 3" in done.out
    assert_consistent(after, 2)
    assert (away.code, between.answers, between.aliases["champion"]) == (0, 1, 2)
    assert "MLflow's aliases had not followed (champion 2" in again.out
    assert_consistent(last, 1)
    told = json.loads(told.out)["changes"]
    assert [(each["version"], each["reason"]) for each in told[-6:]] == [
        (2, "b"),
        (3, "c"),
        (1, "e"),
        (3, "f"),
        (2, "g"),
        (1, "i"),
    ]
    assert [each["approximate"] for each in told[-6:]] == [False, True, False, False, False, False]
