"""The InferenceService of a use case, as Kubernetes takes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["Standard", "Knative"]

API_VERSION = "serving.kserve.io/v1beta1"
OWN_RUNTIME = "switchyard"
"""The ServingRuntime of the project's own server, which does what Triton does not: serving_runtime.py."""
MODE_ANNOTATION = "serving.kserve.io/deploymentMode"
STOP_ANNOTATION = "serving.kserve.io/stop"
REVISION_ANNOTATION = "switchyard/revision"
"""On the predictor, so KServe hands it on to the pods: it says to which manifest a Deployment or a pod belongs."""
MANAGED_BY = "app.kubernetes.io/managed-by"
_LABELS = {MANAGED_BY: "switchyard", "app.kubernetes.io/component": "model-server"}


@dataclass(frozen=True)
class Serving:
    """What is to be served, and how.

    Attributes:
        name: The use case, which is the InferenceService's name and the model's.
        namespace: Where it runs.
        storage_uri: The model repository.
        mode: `Standard` for a plain Deployment, `Knative` for scaling by requests.
        runtime: The ClusterServingRuntime, or a ServingRuntime of the namespace.
        service_account: The ServiceAccount with which KServe reads the bucket.
        min_replicas: How many copies there are at least; none is possible with Knative only.
        max_replicas: How many there are at most.
        cpu: What each copy gets, in cores.
        memory: What each copy gets, as Kubernetes writes it.
        arguments: What the server is told beside what the runtime tells it.
    """

    name: str
    namespace: str
    storage_uri: str
    mode: Mode = "Standard"
    runtime: str = "kserve-tritonserver"
    service_account: str = "switchyard-models"
    min_replicas: int = 1
    max_replicas: int = 1
    cpu: float | None = None
    memory: str | None = None
    arguments: tuple[str, ...] = ()

    def manifest(self) -> dict[str, Any]:
        """The InferenceService."""
        predictor = self._predictor()
        digest = hashlib.sha256(json.dumps([self.mode, predictor], sort_keys=True).encode()).hexdigest()
        return {
            "apiVersion": API_VERSION,
            "kind": "InferenceService",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": dict(_LABELS),
                "annotations": {MODE_ANNOTATION: self.mode},
            },
            "spec": {"predictor": {"annotations": {REVISION_ANNOTATION: digest[:16]}, **predictor}},
        }

    def _predictor(self) -> dict[str, Any]:
        model: dict[str, Any] = {
            "modelFormat": {"name": "onnx"},
            "protocolVersion": "v2",
            "runtime": self.runtime,
            "storageUri": self.storage_uri,
        }
        amounts = {"cpu": None if self.cpu is None else f"{self.cpu:g}", "memory": self.memory}
        if given := {key: amount for key, amount in amounts.items() if amount is not None}:
            model["resources"] = {"requests": given, "limits": dict(given)}
        if self.arguments:
            model["args"] = list(self.arguments)
        return {
            "minReplicas": self.min_replicas,
            "maxReplicas": self.max_replicas,
            "serviceAccountName": self.service_account,
            "model": model,
        }


def name_of(manifest: dict[str, Any]) -> str:
    """The InferenceService's name."""
    return str(manifest["metadata"]["name"])


def mode_of(manifest: dict[str, Any]) -> str:
    """`Standard` or `Knative`."""
    return str(manifest["metadata"].get("annotations", {}).get(MODE_ANNOTATION, ""))


def storage_uri(manifest: dict[str, Any]) -> str:
    """What a manifest, or an InferenceService of the cluster, serves."""
    return str(manifest["spec"]["predictor"].get("model", {}).get("storageUri", ""))


def revision_of(manifest: dict[str, Any]) -> str:
    """What the pods of this manifest carry."""
    return str(manifest["spec"]["predictor"].get("annotations", {}).get(REVISION_ANNOTATION, ""))


def is_ours(service: dict[str, Any]) -> bool:
    """Whether an InferenceService of the cluster was made by us."""
    return bool(service["metadata"].get("labels", {}).get(MANAGED_BY) == _LABELS[MANAGED_BY])


def is_stopped(service: dict[str, Any]) -> bool:
    """Whether it was told to stop."""
    return bool(service["metadata"].get("annotations", {}).get(STOP_ANNOTATION) == "true")


def matches(service: dict[str, Any], manifest: dict[str, Any]) -> bool:
    """Whether an InferenceService of the cluster already is what the manifest says, but for what KServe filled in."""
    if is_stopped(service):
        return False
    return all(_within(manifest[part], service[part]) for part in ("metadata", "spec"))


def as_manifest(service: dict[str, Any]) -> dict[str, Any]:
    """What is needed to bring an InferenceService of the cluster back as it is now."""
    metadata = service["metadata"]
    return {
        "apiVersion": API_VERSION,
        "kind": "InferenceService",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": metadata.get("labels", {}),
            "annotations": {MODE_ANNOTATION: mode_of(service)} if mode_of(service) else {},
        },
        "spec": service["spec"],
    }


def _within(wanted: Any, found: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(wanted, dict):
        items = wanted.items()
        return isinstance(found, dict) and all(key in found and _within(each, found[key]) for key, each in items)
    return bool(wanted == found)
