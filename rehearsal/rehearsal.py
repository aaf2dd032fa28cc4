"""The Kubeflow stack on this machine: every server that it needs, started together and stopped together."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearsal.docker import dockerd, project_recipe
from rehearsal.docker import registry as docker_registry
from rehearsal.kfp.server import running as kubeflow_pipelines
from rehearsal.kserve.cluster import kubernetes
from rehearsal.kserve.controller import running as kserve
from rehearsal.programs import program
from rehearsal.registry import empty_registry
from rehearsal.storage import s3_server
from rehearsal.tracking import mlflow_server
from rehearsal.zenml_server import zenml_server
from stacks.step_image.build import build_and_push

NAMESPACE = "ml"
MANIFESTS = Path(__file__).resolve().parents[1] / "stacks" / "kubernetes"


@dataclass(frozen=True)
class Rehearsal:
    """What is running.

    Attributes:
        folder: Where state and logs of all servers are.
        kubeconfig: Contexts `admin` and `pipeline-runner`.
        variables: What a team would write into `.env`.
    """

    folder: Path
    kubeconfig: Path
    variables: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """For a command that uses the stack; the ZenML folder is one of its own."""
        return {
            **self.variables,
            "KUBECONFIG": str(self.kubeconfig),
            "ZENML_CONFIG_PATH": str(self.folder / "client"),
            "ZENML_ANALYTICS_OPT_IN": "false",
        }


@contextmanager
def rehearsal(folder: Path, pods: bool = False) -> Iterator[Rehearsal]:
    """Starts ZenML, S3, MLflow, Kubernetes, the double of Kubeflow Pipelines and the one of KServe's controller.

    Args:
        folder: For state and logs.
        pods: Each task and each model server is a pod of the project's image, which is built and pushed to a registry
            that is started, too; otherwise each is a process on this machine.

    Raises:
        rehearsal.programs.Unavailable: There is no Kubernetes here and none can be started; or Docker, its registry or
            the base image cannot be had here.
    """
    with ExitStack() as stack:
        image = _image(stack, folder / "registry") if pods else None
        registry = image.partition("/")[0] if image else stack.enter_context(empty_registry())
        s3 = stack.enter_context(s3_server(folder / "s3", "rehearsal"))
        zenml, mlflow, kubeconfig = _together(
            stack,
            zenml_server(folder / "zenml"),
            mlflow_server(folder / "mlflow", s3),
            kubernetes(folder / "kubernetes", node=pods),
        )
        _prepare(folder / "secrets", kubeconfig, zenml, s3)
        stack.enter_context(kserve(kubeconfig, NAMESPACE, folder / "kserve", image=image))
        executor = "pod" if pods else "process"
        pipelines = kubeflow_pipelines(folder / "kfp", executor, kubeconfig=kubeconfig, namespace=NAMESPACE)
        url = stack.enter_context(pipelines)
        own = {
            "KFP_URL": url,
            "KFP_NAMESPACE": NAMESPACE,
            "REGISTRY": registry,
            "S3_ADDRESSING_STYLE": "path",
        }
        yield Rehearsal(folder, kubeconfig, {**zenml, **s3, **mlflow, **own})


def _image(stack: ExitStack, folder: Path) -> str:
    """Builds the project's image and pushes it, as `python run.py image` does; its reference, by digest."""
    stack.enter_context(dockerd())
    host = stack.enter_context(docker_registry(folder))
    return build_and_push(host, project_recipe()).reference


def _together(stack: ExitStack, *managers: AbstractContextManager[Any]) -> list[Any]:
    """Enters them side by side; each that came up is left at the end, even if another one did not."""
    with ThreadPoolExecutor() as threads:
        entering: list[Future[Any]] = [threads.submit(manager.__enter__) for manager in managers]
    for manager, future in zip(managers, entering, strict=True):
        if future.exception() is None:
            stack.push(manager.__exit__)
    return [future.result() for future in entering]


def _prepare(folder: Path, kubeconfig: Path, zenml: dict[str, str], s3: dict[str, str]) -> None:
    """What an administrator does once, with the project's own manifests."""
    _kubectl(kubeconfig, "apply", "-k", str(MANIFESTS / "base"))
    secrets = Path(shutil.copytree(MANIFESTS / "secrets", folder))
    place = urlsplit(s3["S3_ENDPOINT_URL"])
    files = {
        "zenml.env": {"ZENML_STORE_API_KEY": zenml["ZENML_STORE_API_KEY"]},
        "s3.env": {
            "AWS_ACCESS_KEY_ID": s3["S3_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": s3["S3_SECRET_ACCESS_KEY"],
        },
        "s3-place.env": {
            "endpoint": place.netloc,
            "region": s3["S3_REGION"],
            "usehttps": "1" if place.scheme == "https" else "0",
        },
    }
    for name, values in files.items():
        (secrets / name).write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    _kubectl(kubeconfig, "apply", "-k", str(secrets))


def _kubectl(kubeconfig: Path, *arguments: str) -> None:
    command = [program("kubectl"), "--kubeconfig", str(kubeconfig), "--context", "admin", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
