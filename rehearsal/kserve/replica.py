"""One revision of a predictor: as a process of this machine, or as a Deployment with real pods."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.kserve.serving_runtimes import CODE, placed
from rehearsal.kserve.storage_initializer import download
from rehearsal.processes import free_port
from switchyard.serving.protocol import client as oip

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0


@dataclass
class ProcessReplica:
    """A storage initializer and a model server, one after the other.

    Attributes:
        uri: The model repository.
        folder: Where it is downloaded to.
        environment: The S3 settings.
        server: The container of the model server, as its runtime has it.
        delay: How long the download is held up, in seconds.
        port: Where the server listens.
        state: Pending, Loading, Loaded or FailedToLoad.
        message: Why it failed.
    """

    uri: str
    folder: Path
    environment: dict[str, str]
    server: dict[str, Any]
    delay: float = 0.0
    port: int = field(default_factory=free_port)
    state: str = "Pending"
    message: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _ending: threading.Thread | None = None

    def begin(self) -> None:
        """Starts it; `state` says how it goes."""
        self.folder.mkdir(parents=True)
        threading.Thread(target=self._run, daemon=True).start()

    def end(self) -> None:
        """Tells the server to end; when it has, what was downloaded is removed."""
        self._ended.set()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        if self._ending is None:
            self._ending = threading.Thread(target=self._end, daemon=True)
            self._ending.start()

    def wait(self) -> None:
        """Waits until what was told to end has ended."""
        if self._ending is not None:
            self._ending.join(30)

    @property
    def exit_code(self) -> int | None:
        """Of the server; None while it runs."""
        return None if self._process is None else self._process.poll()

    def pod(self) -> dict[str, Any]:
        """What the Deployment says that it runs; it has no replicas here."""
        return {"containers": [{"image": "played-by-a-process", **placed(_without_mounts(self.server), self.port)}]}

    def _end(self) -> None:
        process = self._process
        if process is not None:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def annotations(self) -> dict[str, str]:
        """Nothing beyond what KServe sets."""
        return {}

    @property
    def log(self) -> Path:
        """What both wrote."""
        return self.folder.with_suffix(".log")

    def _run(self) -> None:
        if self._ended.wait(self.delay):
            return
        self.state = "Loading"
        models = self.folder / "models"
        if problem := download(self.uri, models, self.environment):
            self.message, self.state = problem, "FailedToLoad"
            return
        if self._ended.is_set():
            return
        process = self._start(placed(self.server, self.port, str(models)))
        end = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < end and not self._ended.is_set():
            if oip.ready(f"http://127.0.0.1:{self.port}"):
                self.state = "Loaded"
                return
            time.sleep(0.05)
        self._fail()

    def _start(self, server: dict[str, Any]) -> subprocess.Popen[bytes]:
        program, *command = [*server["command"], *server["args"]]
        assert program == "python"
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {each["name"]: each["value"].replace(CODE, str(ROOT)) for each in server.get("env", ())}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    def _fail(self) -> None:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.is_file() else []
        self.message = "\n".join(lines[-5:]) or "it did not come up"
        self.state = "FailedToLoad"


def _without_mounts(server: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in server.items() if key != "volumeMounts"}


def deployment(
    service: dict[str, Any], template_annotations: dict[str, str], replicas: int, pod: dict[str, Any]
) -> dict[str, Any]:
    """The Deployment that KServe makes of a predictor, with the labels and annotations that it sets."""
    name = service["metadata"]["name"]
    labels = {
        "app": f"isvc.{name}-predictor",
        "component": "predictor",
        "serving.kserve.io/inferenceservice": name,
    }
    owner = {
        "apiVersion": service["apiVersion"],
        "kind": "InferenceService",
        "name": name,
        "uid": service["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{name}-predictor", "labels": labels, "ownerReferences": [owner]},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": labels["app"]}},
            "template": {"metadata": {"labels": labels, "annotations": template_annotations}, "spec": pod},
        },
    }
