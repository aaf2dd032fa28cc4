"""`make rehearse`: the Kubeflow stack from the first server to a prediction, on this machine."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from rehearsal.programs import Unavailable
from rehearsal.project import copy_project
from rehearsal.rehearsal import Rehearsal, rehearsal

WORDS = """
This was a rehearsal. Real were: ZenML's server, MLflow's server, the Kubernetes API with its access rules, and {tasks}.
Doubles of the project played {s3}, KServe's controller (it ran the project's own server instead of Triton) and Kubeflow
Pipelines ({kfp}).
What it does not show: Argo and KFP's launcher, KServe's storage initializer and Triton, ingress and certificates,
single sign-on, a network between pods, several nodes, and how any of it behaves under load.
"""


def main() -> int:
    """Starts everything, runs the use cases, asks the cluster, stops everything."""
    parser = argparse.ArgumentParser(prog="make rehearse", description=__doc__)
    parser.add_argument("--config", action="append", metavar="NAME", help="use cases (default: titanic and diamonds)")
    parser.add_argument("--pods", action="store_true", help="each step a pod of the project's image, not a process")
    parser.add_argument("--folder", type=Path, help="where state and logs go (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave all running until Ctrl-C, to look around")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = (arguments.folder or Path(tempfile.mkdtemp(prefix="switchyard-rehearsal-"))).resolve()
    began = time.monotonic()
    try:
        with rehearsal(folder, arguments.pods) as stage:
            print(f"servers up after {time.monotonic() - began:.0f} s; state and logs in {folder}", flush=True)
            code = _play(stage, arguments.config or ["titanic", "diamonds"])
            if arguments.keep:
                _keep(stage)
    except Unavailable as reason:
        print(f"There is nothing to rehearse with: {reason}.", file=sys.stderr)
        return 1
    print(f"everything is stopped after {time.monotonic() - began:.0f} s in all")
    print(_words(stage, arguments.pods))
    return code


def _play(stage: Rehearsal, configs: list[str]) -> int:
    project = copy_project(stage.folder / "project")
    (project / ".env").write_text("".join(f"{name}={value}\n" for name, value in stage.variables.items()))
    for command in (
        ["doctor", "--stack", "kubeflow"],
        *(["--stack", "kubeflow", "--config", each] for each in configs),
    ):
        code = _run(stage, project, command)
        if code:
            return code
    for config in configs:
        _predict(stage, config)
    return 0


def _run(stage: Rehearsal, project: Path, command: list[str]) -> int:
    print(f"\n$ python run.py {' '.join(command)}", flush=True)
    began = time.monotonic()
    environment = {name: value for name, value in stage.environment.items() if name not in stage.variables}
    code = subprocess.run(
        [sys.executable, "run.py", *command], cwd=project, env=_with(environment), check=False
    ).returncode
    print(f"exit code {code} after {time.monotonic() - began:.0f} s", flush=True)
    return code


def _with(environment: dict[str, str]) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("ZENML_", "MLFLOW_", "AWS_"))
    }
    return {**inherited, **environment}


def _predict(stage: Rehearsal, name: str) -> None:
    """Asks the endpoint for the golden rows, as a client of the cluster would."""
    outcome = json.loads((stage.folder / "project" / ".switchyard" / f"{name}.json").read_text())["outcome"]
    endpoint: dict[str, Any] = outcome["endpoint"]
    url = f"{endpoint['url']}/v2/models/{name}/infer"
    answer = requests.post(url, json=endpoint["request"], timeout=30)
    answer.raise_for_status()
    outputs = {each["name"]: each["data"][:4] for each in answer.json()["outputs"]}
    print(f"\nPOST {url}\n  {json.dumps(outputs)}")


def _keep(stage: Rehearsal) -> None:
    print("\nEverything keeps running; Ctrl-C ends it. To look around:")
    for name in ("ZENML_STORE_URL", "MLFLOW_URL", "KFP_URL", "S3_ENDPOINT_URL"):
        print(f"  {name}={stage.variables[name]}")
    print(f"  KUBECONFIG={stage.kubeconfig}", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def _words(stage: Rehearsal, pods: bool) -> str:
    tasks = "pods with the project's image, ServiceAccount and Role" if pods else "each step as a process of its own"
    s3 = "S3 (moto)" if not os.environ.get("S3_ENDPOINT") else "not S3, which was the one given,"
    kfp = "its API; tasks as pods" if pods else "its API; tasks as processes, so the registry's image was an empty one"
    return WORDS.format(tasks=tasks, kfp=kfp, s3=s3)


if __name__ == "__main__":
    sys.exit(main())
