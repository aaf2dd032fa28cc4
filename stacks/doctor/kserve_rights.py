"""The ServiceAccount of the pipeline's pods may roll a model out."""

from __future__ import annotations

from stacks.doctor.cluster import KubernetesApi, RefusedError
from stacks.doctor.finding import Finding, failed, ok, skipped
from stacks.doctor.target import Target

# As which steps run: in a Profile of Kubeflow's, on OpenShift AI, with Kubeflow Pipelines by itself. The last may be
# there although another one counts, for our own manifests make it.
ACCOUNTS = ("default-editor", "pipeline-runner-dspa", "pipeline-runner")


def look(target: Target) -> Finding | None:
    """Asks Kubernetes about the account, else in its place, else about whoever asks."""
    if not target.has("model_deployer", "KServeFlavor"):
        return None
    config = target.config("model_deployer")
    api, namespace = KubernetesApi(config.kubernetes_context), str(config.namespace)
    account = _account(api, namespace)
    if account is None:
        return failed(
            f"namespace {namespace} has none of the ServiceAccounts {', '.join(ACCOUNTS)}, as which steps run",
            "kubectl apply -k stacks/kubernetes/base, or correct KFP_NAMESPACE",
        )
    asked = _ask(api, namespace, f"system:serviceaccount:{namespace}:{account}")
    if asked is None:
        return skipped(f"this user may not ask what ServiceAccount {account} may do")
    who, missing = asked
    named = f"ServiceAccount {account}" if who else "this user"
    if missing:
        return failed(
            f"{named} may not {', '.join(missing)} in namespace {namespace}", "kubectl apply -k stacks/kubernetes/base"
        )
    return ok(f"{named} may roll models out in namespace {namespace}")


def _ask(api: KubernetesApi, namespace: str, account: str) -> tuple[str, list[str]] | None:
    """About whom an answer was to be had, empty for whoever asks, and what is not allowed."""
    from stacks.deployers.kserve.rights import RIGHTS

    for who, impersonate in ((account, False), (account, True), ("", False)):
        try:
            return who, [
                str(right)
                for right in RIGHTS
                if not api.allowed(namespace, right.verb, right.group, right.resource, who, impersonate)
            ]
        except RefusedError:
            continue
    return None


def _account(api: KubernetesApi, namespace: str) -> str | None:
    """As which the steps run; None if there is no such account."""
    hidden = False
    for name in ACCOUNTS:
        try:
            api.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")
        except RefusedError as error:
            hidden = hidden or error.status != 404
            continue
        return name
    # Kubernetes answers about accounts that it does not show.
    return ACCOUNTS[-1] if hidden else None
