"""Whether the requested revision is ready, has failed, or is still starting.

KServe's status alone does not say: right after a change it still describes the old revision, its observedGeneration is
that of the Deployment, and lastFailureInfo is never cleared. So the revision is read from the Deployment (Standard) or
from the pods (Knative).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from stacks.deployers.kserve.manifest import REVISION_ANNOTATION

_REVISION_LABEL = "serving.knative.dev/revision"
_HOPELESS = ("CrashLoopBackOff", "InvalidImageName", "CreateContainerConfigError")
_FAILED = ("BlockedByFailedLoad", "InvalidSpec")


@dataclass(frozen=True)
class Seen:
    """What the cluster says at one moment.

    Attributes:
        service: The InferenceService.
        deployment: The Deployment that KServe made, in Standard mode.
        pods: The predictor's pods, newest first.
        revision: The revision to wait for.
        mode: `Standard` or `Knative`.
    """

    service: dict[str, Any]
    deployment: dict[str, Any] | None
    pods: list[dict[str, Any]]
    revision: str
    mode: str

    @property
    def status(self) -> dict[str, Any]:
        """The InferenceService's."""
        status: dict[str, Any] = self.service.get("status") or {}
        return status

    @property
    def model_status(self) -> dict[str, Any]:
        """What the status says of the model."""
        status: dict[str, Any] = self.status.get("modelStatus") or {}
        return status

    def own_pods(self) -> list[dict[str, Any]]:
        """The pods of this revision, newest first."""
        return [pod for pod in self.pods if _carries(pod["metadata"], self.revision)]


def state(seen: Seen, before: dict[str, Any] | None, may_be_stale: bool) -> Literal["ready", "failed", "waiting"]:
    """The state of the revision.

    Args:
        seen: What the cluster says now.
        before: The status before the change, which may still stand there; None if nothing was changed.
        may_be_stale: Whether a status equal to the one before may still be the old one, as shortly after a change.
    """
    begun = _has_begun(seen, before)
    if begun and _is_ready(seen) and _is_rolled_out(seen):
        return "ready"
    if any(_hopeless(pod) for pod in seen.own_pods()):
        return "failed"
    transition = seen.model_status.get("transitionStatus")
    fresh = before is None or seen.model_status != before.get("modelStatus") or not may_be_stale
    if fresh and (transition == "InvalidSpec" or (begun and transition in _FAILED)):
        return "failed"
    return "waiting"


def failure(seen: Seen) -> str:
    """Why it failed, as the status says it, or the pods if the status has no message."""
    info = seen.model_status.get("lastFailureInfo") or {}
    message = " ".join(str(info.get("message") or "").split())
    words = [str(part) for part in (info.get("reason"), message) if part]
    return ": ".join(words) or pod_trouble(seen) or last_seen(seen)


def last_seen(seen: Seen) -> str:
    """The last known state, for the message of a timeout."""
    ready = condition(seen.service, "Ready")
    found = [f"Ready is {ready.get('status', 'not set')}"]
    found += [f"{ready['reason']}: {ready.get('message', '')}".rstrip(": ")] if ready.get("reason") else []
    found += [f"the model is {seen.model_status.get('transitionStatus', 'not known')}"]
    states = seen.model_status.get("states") or {}
    found += [f"{key.removesuffix('ModelState')} {value}" for key, value in sorted(states.items()) if value]
    if not _has_begun(seen, None):
        found.append("KServe has not started on this revision")
    return ", ".join([*found, *filter(None, [pod_trouble(seen)])])


def condition(service: dict[str, Any], kind: str) -> dict[str, Any]:
    """A condition of an InferenceService; empty if it is not set."""
    conditions: list[dict[str, Any]] = (service.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


def pod_trouble(seen: Seen) -> str:
    """What keeps the pods of this revision from starting; empty if nothing does."""
    for pod in seen.own_pods():
        for trouble in _troubles(pod):
            return f"pod {pod['metadata']['name']}: {trouble}"
    return ""


def _has_begun(seen: Seen, before: dict[str, Any] | None) -> bool:
    """Whether KServe has started to roll the revision out."""
    if seen.mode == "Knative":
        if seen.own_pods():
            return True
        # Without pods, as after scaling to zero, a change shows in the name of the latest revision.
        return not seen.pods and (before is None or _latest(before) != _latest(seen.status))
    deployment = seen.deployment
    return deployment is not None and _carries(deployment["spec"]["template"].get("metadata", {}), seen.revision)


def _is_ready(seen: Seen) -> bool:
    states = seen.model_status.get("states") or {}
    return (
        condition(seen.service, "Ready").get("status") == "True"
        and seen.model_status.get("transitionStatus") == "UpToDate"
        and states.get("activeModelState") == "Loaded"
    )


def _is_rolled_out(seen: Seen) -> bool:
    """Whether requests can no longer reach the old revision."""
    if seen.mode == "Knative":
        return _is_latest_revision(seen)
    deployment = seen.deployment or {}
    status, wanted = deployment.get("status", {}), deployment.get("spec", {}).get("replicas", 1)
    return status.get("observedGeneration", 0) >= deployment["metadata"]["generation"] and all(
        status.get(key, 0) == wanted for key in ("replicas", "updatedReplicas", "availableReplicas")
    )


def _is_latest_revision(seen: Seen) -> bool:
    latest = _latest(seen.status)
    names = {pod["metadata"].get("labels", {}).get(_REVISION_LABEL) for pod in seen.own_pods()}
    is_ready = latest is not None and latest == _latest(seen.status, "latestReadyRevision")
    return is_ready and (not names or latest in names)


def _latest(status: dict[str, Any], key: str = "latestCreatedRevision") -> str | None:
    component = (status.get("components") or {}).get("predictor") or {}
    revision: str | None = component.get(key)
    return revision


def _carries(metadata: dict[str, Any], revision: str) -> bool:
    return bool((metadata.get("annotations") or {}).get(REVISION_ANNOTATION) == revision)


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _hopeless(pod: dict[str, Any]) -> bool:
    return any((each.get("state", {}).get("waiting") or {}).get("reason") in _HOPELESS for each in _containers(pod))


def _troubles(pod: dict[str, Any]) -> list[str]:
    troubles = []
    for container in _containers(pod):
        waiting = container.get("state", {}).get("waiting") or {}
        ended = container.get("state", {}).get("terminated") or container.get("lastState", {}).get("terminated") or {}
        if ended.get("exitCode"):
            words = [f"{container['name']} ended with exit code {ended['exitCode']}", ended.get("reason")]
            troubles.append(", ".join(filter(None, [*words, " ".join((ended.get("message") or "").split())])))
        elif waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            troubles.append(f"{container['name']}: {waiting['reason']}: {waiting.get('message', '')}".rstrip(": "))
    for each in pod.get("status", {}).get("conditions") or []:
        if each["type"] == "PodScheduled" and each["status"] == "False":
            troubles.append(f"{each.get('reason', 'Unschedulable')}: {each.get('message', '')}")
    return troubles
