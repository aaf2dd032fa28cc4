"""One revision of a predictor as real pods: what KServe's Deployment has, with the container of the runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kubernetes import client

from rehearsal.kserve.replica import ROOT
from rehearsal.kserve.serving_runtimes import CODE, placed
from rehearsal.processes import free_port

_FAILED = ("Error", "CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "OOMKilled")


@dataclass
class PodReplica:
    """The pods of one revision; the project's code is mounted for the storage initializer, and where Triton is played.

    Attributes:
        service: The InferenceService.
        uri: The model repository.
        server: The container of the model server, as its runtime has it; the initializer runs the same image.
        environment: The S3 settings, of which the keys come from the secret.
        secret: The Secret with the keys; empty if there is none.
        port: Where the server listens; pods have the machine's network here.
    """

    service: dict[str, Any]
    uri: str
    server: dict[str, Any]
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

    def wait(self) -> None:
        """So there is nothing to wait for."""

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
        shared = {
            "image": self.server["image"],
            "imagePullPolicy": "IfNotPresent",
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
        models = {"name": "models", "mountPath": "/mnt/models"}
        initializer = {
            "name": "storage-initializer",
            **shared,
            "workingDir": "/tmp",
            "command": ["python", "-m", "rehearsal.kserve.storage_initializer"],
            "args": [self.uri, "/mnt/models"],
            "env": self._environment(),
            "volumeMounts": [models, {"name": "code", "mountPath": CODE, "readOnly": True}],
        }
        server = {**shared, **placed(self.server, self.port)}
        server["volumeMounts"] = [*server.get("volumeMounts", []), {**models, "readOnly": self._is_read_only()}]
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

    def _is_read_only(self) -> bool:
        """As KServe mounts models; what plays Triton notes beside them which version is active."""
        return bool(self.service["spec"]["predictor"]["model"]["runtime"] != "kserve-tritonserver")

    def annotations(self) -> dict[str, str]:
        """What tells the pods of this revision from the others."""
        return {"rehearsal.kserve/port": f"--port-{self.port}"}

    def _environment(self) -> list[dict[str, Any]]:
        plain = {key: value for key, value in self.environment.items() if key not in _KEYS} | {"PYTHONPATH": CODE}
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
