"""What Kubernetes says of the pods of a run: why one does not start, and what ended another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernetes.client import V1Container, V1ContainerStatus, V1Pod

RUN_LABEL = "pipeline/runid"
_STEP_OPTION = "--step_name"
_NO_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_NO_START = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
_KILLED = 128 + 9


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a pod.

    Attributes:
        step: Whose pod it is, as ZenML calls the step; empty if it is none of a step's.
        reason: A sentence without its subject, such as `was killed …`.
        pending: The pod has not started yet, and may still.
        image: The pod waits for its image.
        since: When the pod was created.
    """

    step: str
    reason: str
    pending: bool = False
    image: bool = False
    since: datetime | None = None

    def __str__(self) -> str:
        """The sentence."""
        return f"{f'step {self.step}' if self.step else 'a pod of the run'} {self.reason}"

    @property
    def age(self) -> float:
        """Seconds since the pod was created."""
        return (datetime.now(UTC) - self.since).total_seconds() if self.since else 0.0


def trouble_of(pod: V1Pod) -> Trouble | None:
    """What is wrong with a pod, if anything is."""
    waiting = _pending(pod) if pod.status.phase == "Pending" else None
    if waiting:
        reason, image = waiting
        return Trouble(step_of(pod), reason, pending=True, image=image, since=pod.metadata.creation_timestamp)
    ended = _ended(pod)
    return Trouble(step_of(pod), ended, since=pod.metadata.creation_timestamp) if ended else None


def step_of(pod: V1Pod) -> str:
    """The step whose command the pod runs: it is told the name, whatever labels this version of KFP sets."""
    for container in pod.spec.containers:
        words = [*(container.command or []), *(container.args or [])]
        if _STEP_OPTION in words[:-1]:
            return str(words[words.index(_STEP_OPTION) + 1])
    return ""


def _pending(pod: V1Pod) -> tuple[str, bool] | None:
    for condition in pod.status.conditions or []:
        if condition.type == "PodScheduled" and condition.status == "False":
            return f"has not started: no node can take its pod ({_line(condition.message)})", False
    for container, status in _containers(pod):
        waiting = status.state.waiting if status.state else None
        if waiting is None:
            continue
        if waiting.reason in _NO_IMAGE:
            why = _line(waiting.message or waiting.reason)
            return f"has not started: the image {container.image} cannot be pulled ({why})", True
        if waiting.reason in _NO_START:
            return f"has not started: {waiting.reason} ({_line(waiting.message)})", False
    return None


def _ended(pod: V1Pod) -> str | None:
    if pod.status.reason == "Evicted":
        return f"was ended: its pod was evicted from its node ({_line(pod.status.message)})"
    if pod.status.reason == "DeadlineExceeded":
        return f"was ended: it took longer than its timeout of {pod.spec.active_deadline_seconds} s (DeadlineExceeded)"
    for container, status in _containers(pod):
        ended = status.state.terminated if status.state else None
        if ended is not None and ended.reason == "OOMKilled":
            return f"was killed: {_too_much(container)} (OOMKilled)"
    if disruption := _disruption(pod):
        return f"was ended: {disruption}"
    if pod.metadata.deletion_timestamp is not None and pod.status.phase in ("Pending", "Running"):
        return "was ended: its pod was deleted"
    return _exit_code(pod) if pod.status.phase == "Failed" else None


def _disruption(pod: V1Pod) -> str:
    for condition in pod.status.conditions or []:
        if condition.type == "DisruptionTarget" and condition.status == "True":
            return f"its pod had to leave its node ({condition.reason}: {_line(condition.message)})"
    return ""


def _exit_code(pod: V1Pod) -> str:
    for _, status in _containers(pod):
        ended = status.state.terminated if status.state else None
        if ended is not None and ended.exit_code:
            hint = "; something killed it" if ended.exit_code == _KILLED else ""
            return f"failed: its pod ended with exit code {ended.exit_code}{hint}"
    return f"failed: its pod ended as {pod.status.reason or pod.status.phase} {_line(pod.status.message)}".rstrip()


def _containers(pod: V1Pod) -> Iterable[tuple[V1Container, V1ContainerStatus]]:
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    by_name: dict[str, Any] = {each.name: each for each in [*(pod.spec.init_containers or []), *pod.spec.containers]}
    return [(by_name[status.name], status) for status in statuses if status.name in by_name]


def _too_much(container: V1Container) -> str:
    limit = ((container.resources.limits if container.resources else None) or {}).get("memory")
    return f"it used more memory than its limit of {limit}" if limit else "it used more memory than the node has"


def _line(message: str | None) -> str:
    text = " ".join((message or "no reason given").split())
    return text if len(text) <= 300 else f"{text[:297]}..."
