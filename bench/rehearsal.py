"""The rehearsal of Titanic from `python run.py --stack kubeflow` to a model that is served, step by step.

    python bench/rehearsal.py

Starts what `make rehearse` starts (ZenML, S3, MLflow, Kubernetes, the tests' Kubeflow Pipelines with each task as a
process), makes a first run in which nothing comes from a cache, and prints for each step: when its process started, its
*cold start* (start of the process to the first line of the step) in seconds and CPU seconds, the seconds in the step's
own code, and those *after* it (what it returns is stored, the process ends). Candidates train side by side, so they
share the cores. At the end: how big the project's image is and how long its push to a registry on this machine takes,
if the local docker has it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.programs import task_times  # noqa: E402
from rehearsal.kserve.cluster import Unavailable  # noqa: E402

CONFIG = "titanic"


def main() -> int:
    """Measure, print; stop what was started."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        try:
            rehearse(Path(folder).resolve())
        except Unavailable as reason:
            print(f"rehearsal: not measured, there is no Kubernetes to rehearse with: {reason}")
        print(f"load {os.getloadavg()[0]:.1f} after the rehearsal")
        image(Path(folder) / "registry")
    return 0


def rehearse(folder: Path) -> None:
    """Servers, one run, the table.

    Raises:
        SystemExit: The run failed.
        rehearsal.kserve.cluster.Unavailable: There is no Kubernetes here.
    """
    from rehearsal.project import copy_project
    from rehearsal.rehearsal import rehearsal

    project = copy_project(folder / "project")
    began = time.time()
    with patch("rehearsal.kfp.executor_process.ProcessExecutor", task_times.TimedProcesses), rehearsal(folder) as stage:
        up = time.time()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZENML_", "MLFLOW_", "AWS_"))}
        done = subprocess.run(
            [sys.executable, "run.py", "--stack", "kubeflow", "--config", CONFIG],
            cwd=project,
            env=kept | stage.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        ended = time.time()
    if done.returncode:
        raise SystemExit(f"the run ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    stopped = time.time()
    report(task_times.read(folder / "kfp" / "work"), up, ended)
    print(f"servers: {up - began:.0f} s until all are up, {stopped - ended:.0f} s until all are stopped")


def report(tasks: list[task_times.TaskTimes], submitted: float, ended: float) -> None:
    """Prints a row a step, and the whole."""
    print(f"\n{'':24}{'started at':>11}{'cold start':>11}{'CPU s':>8}{'step':>9}{'after':>8}   imported of the heavy")
    for task in tasks:
        imports = ", ".join([*task.imported, *task.late]) or "none"
        columns = f"{task.started - submitted:11.1f}{task.cold:11.2f}{task.cpu:8.2f}{task.own:9.2f}{task.after:8.2f}"
        print(f"{task.step:24}{columns}   {imports}")
    sums = [sum(getattr(task, name) for task in tasks) for name in ("cold", "cpu", "own", "after")]
    print(f"{'sum':24}{'':11}{sums[0]:11.2f}{sums[1]:8.2f}{sums[2]:9.2f}{sums[3]:8.2f}")
    minutes, seconds = divmod(round(ended - submitted), 60)
    print(f"\n{CONFIG}, python run.py --stack kubeflow: {minutes} min {seconds} s")
    print(f"  until the first step's process started {tasks[0].started - submitted:8.1f} s")
    print(f"  until the first line of the first step {tasks[0].begun - submitted:8.1f} s")
    print(f"  after the last step's process          {ended - max(task.ended for task in tasks):8.1f} s")


def image(folder: Path) -> None:
    """Prints size and push of the project's image, or why they were not measured."""
    from rehearsal import docker

    try:
        with docker.dockerd(), docker.registry(folder) as host:
            print(measured_push(host))
    except docker.Unavailable as reason:
        print(f"image: not measured: {reason}")


def measured_push(host: str) -> str:
    """Of the image that belongs to the lock, if it has been built here."""
    from stacks.step_image.registry import Repository
    from stacks.step_image.tag import NAME, image_tag

    tag = image_tag()
    names = [f"switchyard-test/steps:{tag}", *_docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()]
    found = [name for name in names if name.endswith(f":{tag}") and _docker("image", "ls", "--quiet", name)]
    if not found:
        return "image: not measured: the local docker has none of this lock; the tests of tests/image build it"
    size, target = int(_docker("image", "inspect", "--format", "{{.Size}}", found[0])), f"{host}/{NAME}:{tag}"
    _docker("tag", found[0], target)
    try:
        began = time.monotonic()
        _docker("push", target)
        seconds = time.monotonic() - began
    finally:
        _docker("rmi", target)
    repository = Repository.parse(f"{host}/{NAME}")
    packed = sum(repository.layer_sizes(str(repository.digest(tag))))
    return f"image: {size / 1e6:.0f} MB, pushed as {packed / 1e6:.0f} MB in {seconds:.0f} s"


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
