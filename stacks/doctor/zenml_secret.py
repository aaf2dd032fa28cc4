"""The Kubernetes Secret from which pods take the key of the ZenML server."""

from __future__ import annotations

import base64
import binascii

from stacks.doctor.cluster import KubernetesApi, RefusedError
from stacks.doctor.finding import Finding, failed, ok, skipped
from stacks.doctor.target import Target
from stacks.doctor.zenml_server import accepts

_KEY = "ZENML_STORE_API_KEY"


def look(target: Target) -> Finding | None:
    """Reads it, and signs in with what is in it."""
    if not target.has("orchestrator", "KubeflowFlavor"):
        return None
    config = target.config("orchestrator")
    name, namespace = config.zenml_secret, config.namespace
    make = (
        f"kubectl create secret generic {name} -n {namespace} --from-literal={_KEY}=... (or stacks/kubernetes/secrets)"
    )
    try:
        found = KubernetesApi(config.kubernetes_context).get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    except RefusedError as error:
        if error.status == 404:
            return failed(f"namespace {namespace} has no Secret {name}", make)
        return skipped(f"this user may not look at the Secret {name} in namespace {namespace}")
    key = _decoded((found.get("data") or {}).get(_KEY, ""))
    if not key:
        return failed(f"the Secret {name} in namespace {namespace} has no {_KEY}", f"delete it, then: {make}")
    return _tried(name, namespace, key)


def _tried(name: str, namespace: str, key: str) -> Finding:
    from requests import RequestException
    from zenml.config.global_config import GlobalConfiguration

    store = GlobalConfiguration().store_configuration
    if store.type.value != "rest":
        return ok(f"the Secret {name} in namespace {namespace} has {_KEY}; there is no server to try it on")
    try:
        good = accepts(store, key)
    except RequestException:
        return skipped(f"the Secret {name} has {_KEY}; the ZenML server does not answer, so it could not be tried")
    if good:
        return ok(f"the ZenML server accepts the key in the Secret {name} of namespace {namespace}")
    return failed(
        f"the ZenML server does not accept the key in the Secret {name} of namespace {namespace}",
        f"put a new one there: kubectl create secret generic {name} -n {namespace} --from-literal={_KEY}=... "
        "--dry-run=client -o yaml | kubectl apply -f -",
    )


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""
