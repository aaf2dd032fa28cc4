"""Kubernetes: this machine gets in, and the namespace of the runs is there."""

from __future__ import annotations

import re

from stacks.doctor.cluster import KubernetesApi, RefusedError
from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target

_OLDEST = (1, 20)  # the Python client's API paths and our manifests


def look(target: Target) -> Finding | None:
    """Asks for the version, then for the namespace."""
    if not target.has("orchestrator", "KubeflowFlavor"):
        return None
    config = target.config("orchestrator")
    api = KubernetesApi(config.kubernetes_context)
    version = api.get("/version")
    told = f"{version['gitVersion']} at {api.host}"
    if _release(version["gitVersion"]) < _OLDEST:
        return failed(told, "upgrade it: 1.20 is the oldest that is known to work")
    try:
        api.get(f"/api/v1/namespaces/{config.namespace}")
    except RefusedError as error:
        if error.status == 404:
            return failed(f"{told} has no namespace {config.namespace}", "create it, or correct KFP_NAMESPACE")
        if not api.allowed(config.namespace, "list", "", "pods"):
            return failed(
                f"{told} lets this user see neither the namespace {config.namespace} nor its pods",
                "ask for a RoleBinding in it (ClusterRole view is enough to follow a run)",
            )
    return ok(f"{told}, namespace {config.namespace}")


def _release(version: str) -> tuple[int, ...]:
    """Major and minor; the API has fields of their own for them, which some distributions leave empty."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else _OLDEST
