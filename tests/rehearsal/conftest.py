"""The whole Kubeflow stack on this machine, and teams that use it from checkouts of their own."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from kubernetes import config as kubernetes_config

from rehearsal.kserve.serving_runtimes import servingruntimes
from rehearsal.programs import program
from rehearsal.project import copy_project
from rehearsal.rehearsal import Rehearsal, rehearsal
from rehearsal.s3.faults import Faults, faulty
from rehearsal.storage import s3_server
from switchyard.serving.protocol import client
from tests.end_to_end.conftest import Finished, Project, Started


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.slow)


@dataclass(frozen=True)
class Stage:
    """What is running, and how to disturb it.

    Attributes:
        rehearsal: The servers.
        s3: The way to the bucket.
        mlflow: The way to MLflow.
        key: Of S3, which nobody may see.
    """

    rehearsal: Rehearsal
    s3: Faults
    mlflow: Faults
    key: str

    @property
    def variables(self) -> dict[str, str]:
        """What a team writes into `.env`."""
        return {**self.rehearsal.variables, "MLFLOW_URL": self.mlflow.url, "KUBE_CONTEXT": "admin"}

    def heal(self) -> None:
        """Everything answers again."""
        self.s3.heal()
        self.mlflow.heal()
        self._outage.unlink(missing_ok=True)

    def kfp_is_away(self) -> None:
        """Until `heal`."""
        self._outage.touch()

    @property
    def _outage(self) -> Path:
        return self.rehearsal.folder / "kfp" / "outage"

    def restart_zenml(self) -> None:
        """Kills ZenML's server, and starts it again a moment later."""
        address = urlsplit(self.variables["ZENML_STORE_URL"])
        (server,) = _listening(int(address.port or 0))
        command, environment, folder = server.cmdline(), server.environ(), server.cwd()
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        time.sleep(3)
        process = subprocess.Popen(command, env=environment, cwd=folder, start_new_session=True)
        for _ in range(600):
            if _answers(f"{address.geturl()}/health"):
                return
            assert process.poll() is None, "ZenML's server does not come up again"
            time.sleep(0.1)

    def end_zenml(self) -> None:
        """The one that was started again is nobody's child."""
        for server in _listening(int(urlsplit(self.variables["ZENML_STORE_URL"]).port or 0)):
            os.killpg(server.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Team:
    """A checkout with its `.env`, and a ZenML folder of its own."""

    stage: Stage
    project: Project

    def start(self, *arguments: str, **environment: str) -> Started:
        """`python run.py ARGUMENTS`."""
        return self.project.start(*arguments, **environment)

    def run(self, *arguments: str, **environment: str) -> Finished:
        """The same, to its end."""
        return self.start(*arguments, **environment).finish()

    def change_stack(self, old: str, new: str) -> None:
        """Another word in the team's stack file."""
        stack = self.project.root / "stacks" / "kubeflow.yaml"
        text = stack.read_text()
        assert old in text
        stack.write_text(text.replace(old, new))

    def endpoint(self, name: str) -> dict[str, object]:
        """What the last run of a use case has told of its endpoint."""
        state = self.project.root / ".switchyard" / f"{name}.json"
        found: dict[str, object] = json.loads(state.read_text())["outcome"]["endpoint"]
        return found

    def predict(self, name: str) -> dict[str, object]:
        """The endpoint's answer to its golden rows."""
        endpoint = self.endpoint(name)
        return dict(client.infer(str(endpoint["url"]), name, None, endpoint["request"]))


@pytest.fixture(scope="module")
def new_team(stage, tmp_path_factory):
    """Makes one more team."""
    return lambda: team_of(stage, tmp_path_factory.mktemp("team"))


@pytest.fixture(scope="module")
def team(new_team):
    """The team that most tests are about."""
    return new_team()


@pytest.fixture(scope="module")
def stage(kubeconfig, tmp_path_factory):
    """Every server, started once; tasks are processes."""
    with running_stage(tmp_path_factory.mktemp("rehearsal"), kubeconfig) as made:
        yield made


def team_of(stage: Stage, folder: Path) -> Team:
    """A team with a new checkout in a folder."""
    root = copy_project(folder / "project")
    (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in stage.variables.items()))
    project = Project(root, folder / "zenml", {"KUBECONFIG": str(stage.rehearsal.kubeconfig)})
    project.write_data("people.csv")
    project.write_config("people", "data/people.csv")
    return Team(stage, project)


@contextmanager
def own_runtime(team: Team) -> Iterator[None]:
    """The project's own server is a runtime of KServe: `python run.py runtime | kubectl apply -f -`."""
    kubeconfig = str(team.stage.rehearsal.kubeconfig)
    with servingruntimes(kubernetes_config.new_client_from_config(kubeconfig, context="admin")):
        printed = team.run("runtime")
        assert printed.code == 0, printed.err
        command = [program("kubectl"), "--kubeconfig", kubeconfig, "--context", "admin", "apply", "-f", "-"]
        subprocess.run(command, input=printed.out, text=True, check=True, capture_output=True)
        yield


@contextmanager
def running_stage(folder: Path, kubeconfig: Path | None = None) -> Iterator[Stage]:
    """Starts every server.

    Args:
        folder: For state and logs.
        kubeconfig: Of a Kubernetes that runs already, for tasks that are processes; without one a Kubernetes with a
            node is started, and tasks are pods.
    """
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("AWS_ACCESS_KEY_ID", "a-rehearsals-key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", secrets.token_hex(20))
        bucket = stack.enter_context(s3_server(folder / "moto", "rehearsal"))
        s3 = stack.enter_context(faulty(bucket["S3_ENDPOINT_URL"]))
        patch.setenv("S3_ENDPOINT", s3.url)
        if kubeconfig:
            patch.setenv("KUBECONFIG", str(kubeconfig))
        running = stack.enter_context(rehearsal(folder, pods=kubeconfig is None))
        mlflow = stack.enter_context(faulty(running.variables["MLFLOW_URL"]))
        made = Stage(running, s3, mlflow, os.environ["AWS_SECRET_ACCESS_KEY"])
        stack.callback(made.end_zenml)
        yield made


def _listening(port: int) -> list[psutil.Process]:
    words = {"uvicorn", str(port)}
    return [each for each in psutil.process_iter(["cmdline"]) if words <= set(each.info["cmdline"] or ())]


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
