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

from switchyard.serving import client as oip
from tests.kserve.storage_initializer import download
from tests.rehearsal.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0


@dataclass
class ProcessReplica:
    """A storage initializer and a model server, one after the other.

    Attributes:
        uri: The model repository.
        folder: Where it is downloaded to.
        environment: The S3 settings.
        delay: How long the download is held up, in seconds.
        port: Where the server listens.
        state: Pending, Loading, Loaded or FailedToLoad.
        message: Why it failed.
    """

    uri: str
    folder: Path
    environment: dict[str, str]
    delay: float = 0.0
    port: int = field(default_factory=free_port)
    state: str = "Pending"
    message: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Starts it; `state` says how it goes."""
        self.folder.mkdir(parents=True)
        threading.Thread(target=self._run, daemon=True).start()

    def end(self) -> None:
        """Ends the server and removes what it downloaded."""
        self._ended.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
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
        process = self._start("tests.kserve.model_server", str(models), str(self.port))
        end = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < end and not self._ended.is_set():
            if oip.ready(f"http://127.0.0.1:{self.port}"):
                self.state = "Loaded"
                return
            time.sleep(0.05)
        self._fail()

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
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
