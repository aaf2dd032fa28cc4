"""A ZenML server, S3 and a Kubeflow Pipelines API, and a project of small pipelines that is submitted to them."""

from __future__ import annotations

import importlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rehearsal.kfp.server import running
from rehearsal.kfp.task import Attempt, Outcome
from rehearsal.storage import s3_server
from rehearsal.zenml_server import zenml_server

ROOT = Path(__file__).resolve().parents[4]
SECRET = "switchyard-zenml"
IMAGE = "127.0.0.1:5000/switchyard@sha256:" + 64 * "0"  # tasks are processes, and look at no image


class Tasks:
    """An executor of KFP's double: no task does anything, and each ends as it is told here."""

    def __init__(self):
        self.endings: dict[str, Outcome] = {}  # by step
        self.blocked: set[str] = set()  # steps that run until the run is ended
        self.seen: list[Attempt] = []

    def run(self, attempt, resumed):
        attempt.started()
        self.seen.append(attempt)
        words = attempt.container.get("args", [])
        step = words[words.index("--step_name") + 1] if "--step_name" in words else ""
        while step in self.blocked:
            if attempt.cancelled.wait(0.1) or attempt.abandoned.is_set():
                return Outcome("Failed", "ended")
        return self.endings.get(step, Outcome("Succeeded"))

    def log(self, pod, namespace, file):
        return None

    def forget(self, pods, namespace):
        pass


@dataclass(frozen=True)
class Submitter:
    """The machine from which pipelines are submitted.

    Attributes:
        url: KFP's.
        key: Of the ZenML server: what nobody may see.
        pipelines: The module of small pipelines.
        state: The folder of KFP's double.
    """

    url: str
    key: str
    pipelines: ModuleType
    state: Path

    def api(self):
        """What the code under test asks KFP with, for looking at what it has done."""
        from stacks.orchestrators.kubeflow.api import KfpApi
        from stacks.orchestrators.kubeflow.config import KubeflowConfig

        return KfpApi(KubeflowConfig(url=self.url, namespace="ml"))


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """ZenML's server and S3, started once."""
    folder = tmp_path_factory.mktemp("servers")
    with ThreadPoolExecutor() as pool:
        s3, zenml = s3_server(folder / "s3", "artifacts"), zenml_server(folder / "zenml")
        entered = [pool.submit(each.__enter__) for each in (s3, zenml)]
        variables = {key: value for each in entered for key, value in each.result().items()}
        yield variables
        for each in (s3, zenml):
            each.__exit__(None, None, None)


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """What ZenML takes for the project: as little as its pods need."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("stacks", "switchyard"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(__file__).parent / "project", folder, dirs_exist_ok=True)
    (folder / ".zen").mkdir()
    return folder


@pytest.fixture(scope="session")
def kfp(servers, tmp_path_factory):
    """The double: each task a process of its own."""
    state, secrets = tmp_path_factory.mktemp("kfp"), tmp_path_factory.mktemp("secrets")
    (secrets / SECRET).mkdir()
    (secrets / SECRET / "ZENML_STORE_API_KEY").write_text(servers["ZENML_STORE_API_KEY"])
    with running(state, "process", secrets=secrets) as url:
        yield url, state


@pytest.fixture(scope="module")
def submitter(client, servers, kfp):
    """Ready to submit to the double that runs tasks as processes."""
    url, state = kfp
    activate(stack_components(url, servers))
    return Submitter(url, servers["ZENML_STORE_API_KEY"], importlib.import_module("small"), state)


@pytest.fixture(scope="module")
def tasks():
    """What plays the pods of `instant`."""
    return Tasks()


@pytest.fixture(scope="module")
def instant(client, servers, tasks, tmp_path_factory):
    """Ready to submit to a double whose tasks are over at once, and do nothing."""
    state = tmp_path_factory.mktemp("instant")
    with running(state, tasks) as url:
        activate(stack_components(url, servers))
        yield Submitter(url, servers["ZENML_STORE_API_KEY"], importlib.import_module("small"), state)


@pytest.fixture(scope="module")
def client(servers, project, tmp_path_factory):
    """ZenML's client in this process, signed in to the server, apart from what other modules do."""
    from zenml.client import Client
    from zenml.config.global_config import GlobalConfiguration

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZENML_CONFIG_PATH", str(tmp_path_factory.mktemp("client")))
        patch.setenv("ZENML_REPOSITORY_PATH", str(project))
        patch.setenv("ZENML_STORE_URL", servers["ZENML_STORE_URL"])
        patch.setenv("ZENML_STORE_API_KEY", servers["ZENML_STORE_API_KEY"])
        patch.setenv("KUBECONFIG", str(project / "no-kubeconfig"))
        patch.setattr(sys, "path", [str(project), *sys.path])
        GlobalConfiguration._reset_instance()
        Client._reset_instance()
        yield Client()
    GlobalConfiguration._reset_instance()
    Client._reset_instance()


def stack_components(url: str, servers: dict[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Flavor and settings of each component."""
    return {
        "orchestrator": (
            "stacks.orchestrators.kubeflow.flavor.KubeflowFlavor",
            {
                "url": url,
                "image": IMAGE,
                "namespace": "ml",
                "zenml_secret": SECRET,
                "outage_timeout": 4,
                "timeout": 300,
            },
        ),
        "artifact_store": (
            "s3",
            {
                "path": servers["S3_BUCKET_URI"],
                "key": servers["S3_ACCESS_KEY_ID"],
                "secret": servers["S3_SECRET_ACCESS_KEY"],
                "client_kwargs": {"endpoint_url": servers["S3_ENDPOINT_URL"], "region_name": "us-east-1"},
            },
        ),
        "container_registry": ("default", {"uri": "127.0.0.1:5000"}),
        "image_builder": ("local", {}),
    }


def activate(components: dict[str, tuple[str, dict[str, Any]]], name: str = "kubeflow") -> None:
    """Makes the stack and activates it; one that is there already is used."""
    from zenml.stack import stack

    from stacks.setup.apply import apply_stack
    from stacks.setup.stack_file import Component, StackFile

    stack._STACK_CACHE.clear()  # a component's new settings do not make ZenML look at its stack again
    parts = {kind: Component(name=name, flavor=flavor, config=config) for kind, (flavor, config) in components.items()}
    apply_stack(name, StackFile(components=parts))


@pytest.fixture
def settings(instant, servers):
    """Changes settings of the orchestrator for one test."""

    def change(**changed: Any) -> None:
        components = stack_components(instant.url, servers)
        components["orchestrator"][1].update(changed)
        activate(components)

    yield change
    activate(stack_components(instant.url, servers))
