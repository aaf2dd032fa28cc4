"""Kubeflow Pipelines: its API answers in version 2, lets this machine in, and shows the runs of the namespace."""

from __future__ import annotations

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target


def look(target: Target) -> Finding | None:
    """Asks for its health, then for the runs."""
    if not target.has("orchestrator", "KubeflowFlavor"):
        return None
    from stacks.orchestrators.kubeflow.api import KfpApi, KfpMissingError

    config = target.config("orchestrator")
    api = KfpApi(config)
    try:
        namespace = api.namespace()
    except KfpMissingError:
        return failed(f"what answers at {api.url} is no Kubeflow Pipelines 2", "correct KFP_URL, or upgrade to 2.x")
    api.check_runs(namespace)
    users = f"for several users, runs of {namespace} can be listed" if namespace else "for one user, runs can be listed"
    return ok(f"version 2 at {api.url}, {users}")
