"""ServingRuntimes as KServe's controller takes them: which there are, and the container that comes of one.

KServe's own kserve-tritonserver is played by model_server.py; all others are read from the cluster.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubernetes import client

CODE = "/mnt/switchyard"
"""Where the project is in a pod that plays Triton."""

_PLURAL = ("serving.kserve.io", "v1alpha1")
_TRITON = {
    "supportedModelFormats": [{"name": "onnx", "version": "1"}],
    "protocolVersions": ["v2", "grpc-v2"],
    "containers": [
        {
            "name": "kserve-container",
            "command": ["python", "-m", "rehearsal.kserve.model_server"],
            "args": ["/mnt/models", "8080"],
            "env": [{"name": "PYTHONPATH", "value": CODE}],
            "workingDir": "/tmp",
            "readinessProbe": {"httpGet": {"port": 8080, "path": "/v2/health/ready"}, "periodSeconds": 1},
            "volumeMounts": [{"name": "code", "mountPath": CODE, "readOnly": True}],
        }
    ],
}


def runtime(services: client.CustomObjectsApi, namespace: str, name: str) -> dict[str, Any] | None:
    """The spec of a ServingRuntime of the namespace, or of KServe's own; None if there is none."""
    if name == "kserve-tritonserver":
        return _TRITON
    try:
        found = services.get_namespaced_custom_object(*_PLURAL, namespace, "servingruntimes", name)
    except client.ApiException as error:
        if error.status != 404:
            raise
        return None
    return dict(found["spec"])


def container(spec: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """The container of a runtime with what spec.predictor.model says: its arguments follow the runtime's own."""
    (own,) = (each for each in spec["containers"] if each["name"] == "kserve-container")
    amounts = {
        kind: {**own.get("resources", {}).get(kind, {}), **of} for kind, of in model.get("resources", {}).items()
    }
    made = {**own, "args": [*own.get("args", []), *model.get("args", [])]}
    return made | {"resources": {**own.get("resources", {}), **amounts}}


def placed(part: Any, port: int, models: str = "/mnt/models") -> Any:
    """A container where pods share the machine's network: another port for 8080, and 127.0.0.1 only.

    Args:
        part: The container, or a part of it.
        port: Instead of 8080.
        models: Instead of /mnt/models.
    """
    if isinstance(part, dict):
        made = {key: placed(value, port, models) for key, value in part.items()}
        return made | ({"host": "127.0.0.1"} if "path" in made and "port" in made else {})
    if isinstance(part, list):
        return [placed(each, port, models) for each in part]
    if isinstance(part, str):
        return part.replace("/mnt/models", models).replace("8080", str(port)).replace("0.0.0.0", "127.0.0.1")
    return port if part == 8080 else part


@contextmanager
def servingruntimes(api: client.ApiClient) -> Iterator[None]:
    """The cluster knows ServingRuntimes, whatever is written in them, until the block ends; KServe's own CRD stays."""
    crds, name = client.ApiextensionsV1Api(api), f"servingruntimes.{_PLURAL[0]}"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": _PLURAL[1], "served": True, "storage": True, "schema": schema}
    names = {"plural": "servingruntimes", "singular": "servingruntime", "kind": "ServingRuntime"}
    spec = {"group": _PLURAL[0], "scope": "Namespaced", "names": names, "versions": [version]}
    try:
        crds.create_custom_resource_definition({"metadata": {"name": name}, "spec": spec})
    except client.ApiException as error:
        if error.status != 409:
            raise
        yield
        return
    _wait_until(api, True)
    yield
    crds.delete_custom_resource_definition(name)
    _wait_until(api, False)


def _wait_until(api: client.ApiClient, there: bool) -> None:
    for _ in range(300):
        try:
            client.CustomObjectsApi(api).list_namespaced_custom_object(*_PLURAL, "default", "servingruntimes")
            api.call_api(f"/apis/{'/'.join(_PLURAL)}", "GET", auth_settings=["BearerToken"])
            found = True
        except client.ApiException as error:
            assert error.status == 404
            found = False
        if found == there:
            return
        time.sleep(0.1)
    raise AssertionError(f"servingruntimes are {'not ' if there else ''}there after 30 s")
