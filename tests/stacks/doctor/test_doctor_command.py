"""What the command prints, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from stacks.doctor import command
from stacks.doctor.examine import Check
from stacks.doctor.finding import failed, ok
from switchyard.errors import InputError
from switchyard.project import ROOT


@pytest.fixture
def checks(monkeypatch):
    def use(*named):
        monkeypatch.setattr("stacks.doctor.checks.CHECKS", named)

    return use


GOOD, BAD = Check("good", lambda _: ok("fine")), Check("bad", lambda _: failed("it is shut", "open it"))


def test_a_line_a_check_and_the_exit_code(checks, capsys):
    checks(GOOD, BAD)

    code = command.examine("local")

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert lines[0].split(maxsplit=2) == ["ok", "good", "fine"]
    assert lines[1].split(maxsplit=2) == ["failed", "bad", "it is shut; open it"]
    assert lines[2] == "1 of 2 checks failed"


def test_all_green(checks, capsys):
    checks(GOOD)

    assert command.examine("local") == 0
    assert "nothing failed in 1 checks" in capsys.readouterr().out


def test_json(checks, capsys):
    checks(GOOD, BAD)

    code = command.examine("local", as_json=True)

    told = json.loads(capsys.readouterr().out)
    assert (code, told["ok"], told["stack"]) == (1, False, "local")
    seconds = [check.pop("seconds") for check in told["checks"]]
    assert all(each >= 0 for each in seconds)
    assert told["checks"][1] == {"check": "bad", "state": "failed", "seen": "it is shut", "advice": "open it"}


def test_missing_variables_are_red_lines(monkeypatch, capsys):
    for name in ("KFP_NAMESPACE", "MLFLOW_URL", "S3_BUCKET_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REGISTRY", "registry/team")

    assert command.examine("kubeflow") == 1

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "failed  variables" in lines[0]
    assert "KFP_NAMESPACE" in lines[0]
    assert ".env" in lines[0]


def test_a_stack_that_is_not_there_is_the_users_mistake():
    with pytest.raises(InputError, match=r"no stacks/kubflow.yaml"):
        command.examine("kubflow")


def snapshot(*folders):
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path: path.stat().st_mtime_ns for path in files}


def test_the_local_stack_is_green_on_an_empty_machine_and_nothing_is_left_behind(tmp_path):
    """Through run.py, as a user would."""
    before = snapshot(ROOT / ".zen", ROOT / ".switchyard")
    environment = {**os.environ, "ZENML_CONFIG_PATH": str(tmp_path / "zenml"), "HOME": str(tmp_path)}

    told = subprocess.run(
        [sys.executable, "run.py", "doctor", "--stack", "local"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr
    assert [line.split()[0] for line in told.stdout.splitlines()[:-1]] == ["ok", "ok", "ok"]
    assert snapshot(ROOT / ".zen", ROOT / ".switchyard") == before
    assert {path.name for path in snapshot(tmp_path)} <= {"config.yaml"}  # ZenML's own, with the user's id
