"""One revision of a predictor as real pods: what KServe's Deployment has, run by the project's own server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kubernetes import client

from tests.kserve.replica import ROOT
from tests.rehearsal.processes import free_port

_CODE = "/mnt/switchyard"
_FAILED = ("Error", "CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "OOMKilled")


@dataclass
class PodReplica:
    """The pods of one revision; the project's code is mounted from this machine.

    Attributes:
        service: The InferenceService.
        uri: The model repository.
        image: What the containers run: a Python with the project's dependencies.
        environment: The S3 settings, of which the keys come from the secret.
        secret: The Secret with the keys; empty if there is none.
        port: Where the server listens; pods have the machine's network here.
    """

    service: dict[str, Any]
    uri: str
    image: str
    environment: dict[str, str]
    secret: str
    core: client.CoreV1Api
    apps: client.AppsV1Api
    namespace: str
    port: int = field(default_factory=free_port)
    message: str = ""

    def begin(self) -> None:
        """The Deployment begins by itself."""

    def end(self) -> None:
        """The Deployment ends the old pods by itself; the last ones go with their owner."""

    @property
    def state(self) -> str:
        """Pending, Loading, Loaded or FailedToLoad, as KServe reads it from the pods."""
        pods = [pod for pod in self._pods() if f"--port-{self.port}" in (pod.metadata.annotations or {}).values()]
        if not pods:
            return "Pending"
        pod = pods[0]
        statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
        for each in statuses:
            ended = each.state.terminated or (each.last_state.terminated if each.state.waiting else None)
            reason = (each.state.waiting or each.state.terminated or client.V1ContainerStateWaiting()).reason
            if reason in _FAILED:
                self.message = (
                    (ended.message if ended else None) or getattr(each.state.waiting, "message", "") or reason
                )
                return "FailedToLoad"
        if any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or []):
            return "Loaded" if self._rolled_out() else "Loading"
        return "Loading"

    def pod(self) -> dict[str, Any]:
        """The pod of the Deployment."""
        predictor = self.service["spec"]["predictor"]
        probe = {"httpGet": {"host": "127.0.0.1", "port": self.port, "path": "/v2/health/ready"}, "periodSeconds": 1}
        shared = {
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "workingDir": "/tmp",
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [
                {"name": "models", "mountPath": "/mnt/models"},
                {"name": "code", "mountPath": _CODE, "readOnly": True},
            ],
        }
        initializer = {
            "name": "storage-initializer",
            **shared,
            "command": ["python", "-m", "tests.kserve.storage_initializer"],
            "args": [self.uri, "/mnt/models"],
            "env": self._environment(),
        }
        server = {
            "name": "kserve-container",
            **shared,
            "command": ["python", "-m", "tests.kserve.model_server"],
            "args": ["/mnt/models", str(self.port)],
            "env": [{"name": "PYTHONPATH", "value": _CODE}],
            "readinessProbe": probe,
            "resources": predictor["model"].get("resources", {}),
        }
        return {
            "hostNetwork": True,
            "serviceAccountName": predictor.get("serviceAccountName", "default"),
            "initContainers": [initializer],
            "containers": [server],
            "volumes": [
                {"name": "models", "emptyDir": {}},
                {"name": "code", "hostPath": {"path": str(ROOT), "type": "Directory"}},
            ],
        }

    def annotations(self) -> dict[str, str]:
        """What tells the pods of this revision from the others."""
        return {"tests.kserve/port": f"--port-{self.port}"}

    def _environment(self) -> list[dict[str, Any]]:
        plain = {key: value for key, value in self.environment.items() if key not in _KEYS} | {"PYTHONPATH": _CODE}
        found: list[dict[str, Any]] = [{"name": key, "value": value} for key, value in plain.items()]
        for key in _KEYS if self.secret else ():
            found.append({"name": key, "valueFrom": {"secretKeyRef": {"name": self.secret, "key": key}}})
        return found

    def _pods(self) -> list[client.V1Pod]:
        selector = f"serving.kserve.io/inferenceservice={self.service['metadata']['name']}"
        return list(self.core.list_namespaced_pod(self.namespace, label_selector=selector).items)

    def _rolled_out(self) -> bool:
        name = f"{self.service['metadata']['name']}-predictor"
        found = self.apps.read_namespaced_deployment(name, self.namespace)
        conditions = {each.type: each.reason for each in found.status.conditions or []}
        return conditions.get("Progressing") == "NewReplicaSetAvailable"


_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
