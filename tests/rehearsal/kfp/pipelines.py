"""Small pipelines for the tests, compiled by the real compiler."""

# No `from __future__ import annotations` here: kfp reads the signatures of components as they are.

import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from kfp import Client, compiler, dsl

ENDED = {"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"}


@dsl.container_component
def shell(script: str):
    """Runs a script of the shell."""
    return dsl.ContainerSpec(image="example/steps:1", command=["sh", "-ec"], args=[script])


@dsl.container_component
def shell_with_argument(script: str, argument: str):
    """Runs a script of the shell, which finds the argument in `$0`."""
    return dsl.ContainerSpec(image="example/steps:1", command=["sh", "-ec"], args=[script, argument])


@dsl.container_component
def produce(script: str, result: dsl.OutputPath(int)):
    """Runs a script of the shell, which writes its result to the file `$0`."""
    return dsl.ContainerSpec(image="example/steps:1", command=["sh", "-ec"], args=[script, result])


def compiled(function: Callable[..., Any], folder: Path, name: str = "example") -> Path:
    """The package of a pipeline function."""
    package = folder / f"{name}.yaml"
    compiler.Compiler().compile(dsl.pipeline(name=name)(function), str(package))
    return package


def client_of(url: str, **options: Any) -> Client:
    """The real client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return Client(host=url, **options)


def submit(client: Client, function: Callable[..., Any], folder: Path, **options: Any) -> str:
    """Starts a pipeline function; returns the run's id."""
    package = compiled(function, folder)
    run = client.create_run_from_pipeline_package(str(package), enable_caching=False, **options)
    return str(run.run_id)


def ended(client: Client, run_id: str, within: float = 60) -> Any:
    """The run, once it has ended."""
    return wait_for(lambda: client.get_run(run_id), lambda run: run.state in ENDED, within)


def wait_for(look: Callable[[], Any], found: Callable[[Any], bool], within: float = 60) -> Any:
    """What is looked for, once it is there."""
    deadline = time.monotonic() + within
    while not found(seen := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {seen}")
        time.sleep(0.1)
    return seen


def states(run: Any) -> dict[str, str]:
    """The state of each node of a run, by its name; several of one name have the last one's."""
    return {task.display_name: task.state for task in run.run_details.task_details}


def workflow(url: str, run_id: str) -> dict[str, Any]:
    """The run's nodes as the first version of the API shows them, by Argo's name without the workflow's."""
    answer = requests.get(f"{url}/apis/v1beta1/runs/{run_id}", timeout=10).json()
    manifest = json.loads(answer["pipeline_runtime"]["workflow_manifest"])
    name = manifest["metadata"]["name"]
    return {node["name"].removeprefix(f"{name}."): node for node in manifest["status"]["nodes"].values()}


def log(url: str, run_id: str, node: str) -> str:
    """What a node has written; the name of its pod is made from its id, as it has to be done with the real API."""
    found = workflow(url, run_id)[node]
    name, _, number = found["id"].rpartition("-")
    pod = f"{name}-{found['templateName']}-{number}"
    answer = requests.get(f"{url}/apis/v1beta1/runs/{run_id}/nodes/{pod}/log", timeout=10)
    answer.raise_for_status()
    return answer.text


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
