"""Runs each task as a process of this machine, with an environment and an /app of its own.

Real: the command line, the environment (nothing of the server's own leaks into it), secrets, the ServiceAccount's
token, /app and /var/run/secrets, the memory limit, the time limit, and that a task that is ended is ended with all it
started. Not real: the image (the machine's files and the server's own Python take its place), CPU limits, the network,
users, nodes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from rehearsal.kfp import memory
from rehearsal.kfp.cluster import Cluster, SecretFiles, Secrets
from rehearsal.kfp.task import Attempt, Outcome
from rehearsal.kfp.values import DriverError, executor_input, parsed_output, substitute

_SANDBOX = Path(__file__).with_name("sandbox.sh")
_POLL = 0.1
_DEADLINE = "Pod was active on the node longer than the specified deadline"


class ProcessExecutor:
    """See the module.

    Args:
        work: A folder for the tasks' files, which go when a task has ended.
        cluster: Where secrets and the ServiceAccount's token come from.
        secrets: A folder of secrets to use instead where there is no Kubernetes.
        parallel: How many tasks may run at a time; the others are pending, as on a full cluster.
    """

    def __init__(
        self, work: Path, cluster: Cluster | None = None, secrets: Path | None = None, parallel: int = 4
    ) -> None:
        for path in (Path(sys.prefix), work.absolute()):
            if path.is_relative_to("/app") or path.is_relative_to("/run"):
                raise ValueError(f"{path} is where a task sees a folder of its own; choose another place for it")
        self._work = work.absolute()
        self._cluster = cluster
        self._secrets: Secrets = cluster or SecretFiles(secrets)
        self._places = threading.Semaphore(parallel)
        work.mkdir(parents=True, exist_ok=True)

    def run(self, attempt: Attempt, resumed: bool) -> Outcome:
        """See `Executor`; nobody has heard a process out whose server died, so there is nothing to go on with."""
        if resumed:
            memory.kill_leftovers(f"KFP_POD_NAME={attempt.pod}")
            return Outcome("Error", "the process was lost when the server stopped")
        if not self._wait_for_place(attempt):
            return Outcome("Failed", _DEADLINE)
        folder = Path(tempfile.mkdtemp(prefix="task-", dir=self._work))
        try:
            environment = self._environment(attempt, folder)
            if environment is None:
                return Outcome("Failed", _DEADLINE)
            return self._run(attempt, folder, environment)
        finally:
            self._places.release()
            shutil.rmtree(folder, ignore_errors=True)

    def log(self, pod: str, namespace: str, file: Path) -> str | None:
        """See `Executor`."""
        return file.read_text(errors="replace") if file.is_file() else None

    def forget(self, pods: list[str], namespace: str) -> None:
        """See `Executor`; nothing is left of a process."""

    def _wait_for_place(self, attempt: Attempt) -> bool:
        while not self._places.acquire(timeout=_POLL):
            if attempt.stopped():
                return False
        return True

    def _run(self, attempt: Attempt, folder: Path, environment: dict[str, str]) -> Outcome:
        limit = _memory_limit(attempt.container)
        outputs = folder / "outputs"
        given = executor_input(attempt.inputs, attempt.output_parameters, str(outputs), f"{outputs}/.executor.json")
        command = substitute(attempt.container.get("command", []) + attempt.container.get("args", []), given)
        for name in ("app", "root", "home", "tmp", "outputs"):
            (folder / name).mkdir()
        with memory.cgroup(attempt.pod, limit) as group, attempt.log.open("ab") as log:
            process = _start(folder, command, environment, group, log)
            attempt.started()
            ending = _watched(process, attempt, limit if group is None else None)
            killed = group is not None and memory.was_killed(group)
        if ending is None and killed:
            ending = "OOMKilled"
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        if ending == _DEADLINE:
            return Outcome("Failed", _DEADLINE)
        if code:
            return Outcome("Failed", f"{ending or 'Error'} (exit code {code})")
        try:
            return Outcome("Succeeded", outputs=_outputs(attempt, given))
        except DriverError as error:
            return Outcome("Failed", f"Error (exit code 1): {error}")

    def _environment(self, attempt: Attempt, folder: Path) -> dict[str, str] | None:
        """The task's own variables, and nothing else; None if the run is terminated while a secret is missing."""
        python = Path(sys.executable).parent
        environment = {
            "PATH": f"{python}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "LANG": "C.UTF-8",
            "HOSTNAME": attempt.pod,
            "KFP_POD_NAME": attempt.pod,
            "KFP_POD_UID": attempt.node_id,
            "KFP_NAMESPACE": attempt.namespace,
        }
        if self._cluster:
            environment |= self._cluster.identity(attempt.namespace, attempt.service_account, folder / "identity")
        environment |= {entry["name"]: entry.get("value", "") for entry in attempt.container.get("env", [])}
        for entry in attempt.kubernetes.get("fieldPathAsEnv", []):
            environment[entry["name"]] = _field(entry["fieldPath"], attempt)
        while (found := self._from_secrets(attempt)) is None:  # as a pod waits with CreateContainerConfigError
            attempt.waiting("CreateContainerConfigError: a secret or config map that the container needs is not there")
            if attempt.stopped():
                return None
            time.sleep(1)
        return environment | found

    def _from_secrets(self, attempt: Attempt) -> dict[str, str] | None:
        environment = {}
        for kind, key, read in (
            ("secretAsEnv", "secretKey", self._secrets.secret),
            ("configMapAsEnv", "configMapKey", self._secrets.config_map),
        ):
            for source in attempt.kubernetes.get(kind, []):
                name = kind.removesuffix("AsEnv") + "Name"
                values = read(attempt.namespace, source.get(f"{name}Parameter") or source[name])
                for wanted in source.get("keyToEnv", []):
                    if values and wanted[key] in values:
                        environment[wanted["envVar"]] = values[wanted[key]]
                    elif not source.get("optional"):
                        return None
        return environment


def _start(
    folder: Path, command: list[str], environment: dict[str, str], group: Path | None, log: BinaryIO
) -> subprocess.Popen[bytes]:
    identity = folder / "identity"
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        unshare.append("--map-root-user")
    return subprocess.Popen(
        [
            *unshare,
            "/bin/sh",
            str(_SANDBOX),
            str(folder / "root"),
            str(folder / "app"),
            str(identity) if identity.is_dir() else "",
            str(group or ""),
            *command,
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _watched(process: subprocess.Popen[bytes], attempt: Attempt, limit: int | None) -> str | None:
    """Waits for the end, or brings it about; returns why, if there is a reason other than the process itself."""
    deadline = int(attempt.kubernetes.get("activeDeadlineSeconds", 0))
    began = time.monotonic()
    reason = None
    try:
        while process.poll() is None:
            if attempt.stopped() or (deadline and time.monotonic() - began > deadline):
                reason = _DEADLINE
                break
            if limit and memory.resident(process.pid) > limit:
                reason = "OOMKilled"
                break
            time.sleep(_POLL)
    finally:
        _kill(process)
    return reason


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and whatever of its group is left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _memory_limit(container: dict[str, Any]) -> int | None:
    resources = container.get("resources", {})
    if text := resources.get("resourceMemoryLimit"):
        return memory.quantity(text)
    return int(resources["memoryLimit"] * 10**9) if resources.get("memoryLimit") else None


def _field(path: str, attempt: Attempt) -> str:
    fields = {
        "metadata.name": attempt.pod,
        "metadata.namespace": attempt.namespace,
        "metadata.uid": attempt.node_id,
        "metadata.labels['pipeline/runid']": attempt.run_id,
        "metadata.labels['workflows.argoproj.io/workflow']": attempt.workflow,
        "metadata.annotations['workflows.argoproj.io/node-name']": attempt.node_name,
        "spec.serviceAccountName": attempt.service_account,
        "spec.nodeName": "localhost",
    }
    return fields.get(path, "")


def _outputs(attempt: Attempt, given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    metadata = Path(given["outputs"]["outputFile"])
    if metadata.is_file():
        found |= json.loads(metadata.read_text()).get("parameterValues", {})
    for name, declared in attempt.output_parameters.items():
        file = Path(given["outputs"]["parameters"][name]["outputFile"])
        if file.is_file():
            found[name] = parsed_output(file.read_text(), declared)
    return found
