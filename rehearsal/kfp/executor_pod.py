"""Runs each task as a pod of a real Kubernetes, and says of its end what Argo would."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from kubernetes.client import ApiException, CoreV1Api
from urllib3.exceptions import HTTPError

from rehearsal.kfp.pod import manifest, output_file
from rehearsal.kfp.task import Attempt, Outcome
from rehearsal.kfp.values import DriverError, parsed_output

_POLL = 0.5
_DELETED = Outcome("Error", "pod deleted")


class PodExecutor:
    """See the module. Pods stay when they have ended, as they do on a cluster, until their run is deleted."""

    def __init__(self, core: CoreV1Api) -> None:
        self._core = core

    def run(self, attempt: Attempt, resumed: bool) -> Outcome:
        """See `Executor`; a pod outlives the server, and is found again."""
        if not resumed:
            try:
                self._core.create_namespaced_pod(attempt.namespace, manifest(attempt))
            except DriverError as error:
                return Outcome("Error", str(error))
            except ApiException as error:
                return Outcome("Error", _message(error))
        terminated = False
        while not attempt.abandoned.is_set():
            try:
                pod = self._pod(attempt.pod, attempt.namespace)
                if pod is None:
                    return Outcome("Failed", "terminated") if terminated else _DELETED
                if (outcome := self._outcome(attempt, pod)) is not None:
                    return outcome
                if attempt.cancelled.is_set() and not terminated:
                    self._terminate(attempt, pod)
                    terminated = True
            except (ApiException, HTTPError):  # the API server may be away for a while; the pod goes on
                pass
            time.sleep(_POLL)
        return Outcome("Error", "abandoned")

    def log(self, pod: str, namespace: str, file: Path) -> str | None:
        """See `Executor`; of a pod that has ended from the file, so that it stays when the pod goes."""
        if file.is_file():
            return file.read_text(errors="replace")
        try:
            return self._read_log(pod, namespace)
        except (ApiException, HTTPError):
            return None

    def forget(self, pods: list[str], namespace: str) -> None:
        """See `Executor`; waits until the names are free again."""
        for pod in pods:
            try:
                self._core.delete_namespaced_pod(pod, namespace, grace_period_seconds=0)
            except ApiException as error:
                if error.status != 404:
                    raise
        for pod in pods:
            while self._pod(pod, namespace) is not None:
                time.sleep(_POLL)

    def _pod(self, name: str, namespace: str) -> Any:
        try:
            return self._core.read_namespaced_pod(name, namespace)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def _outcome(self, attempt: Attempt, pod: Any) -> Outcome | None:
        """How the pod ended, if it has; otherwise takes down how it goes."""
        if pod.status.phase in ("Succeeded", "Failed"):
            self._keep_log(attempt)
            self._core.patch_namespaced_pod(
                attempt.pod, attempt.namespace, {"metadata": {"labels": {"workflows.argoproj.io/completed": "true"}}}
            )
            return _succeeded(attempt, pod) if pod.status.phase == "Succeeded" else Outcome("Failed", _failure(pod))
        if pod.status.phase == "Running":
            attempt.started()
        elif reason := _waiting(pod):
            attempt.waiting(reason)
        return None

    def _terminate(self, attempt: Attempt, pod: Any) -> None:
        """Ends a pod by its deadline, so that it stays to be looked at; one without a node has none to end it."""
        if pod.spec.node_name:
            deadline = {"spec": {"activeDeadlineSeconds": 1}}
            self._core.patch_namespaced_pod(attempt.pod, attempt.namespace, deadline)
        else:
            self._core.delete_namespaced_pod(attempt.pod, attempt.namespace, grace_period_seconds=0)

    def _keep_log(self, attempt: Attempt) -> None:
        try:
            attempt.log.write_text(self._read_log(attempt.pod, attempt.namespace))
        except (ApiException, HTTPError) as error:
            attempt.log.write_text(f"the log of pod {attempt.pod} could not be read: {error}\n")

    def _read_log(self, pod: str, namespace: str) -> str:
        response = self._core.read_namespaced_pod_log(pod, namespace, container="main", _preload_content=False)
        return str(response.data.decode(errors="replace"))


def _succeeded(attempt: Attempt, pod: Any) -> Outcome:
    if not attempt.output_parameters:
        return Outcome("Succeeded")
    text = pod.status.container_statuses[0].state.terminated.message or ""
    _, name = output_file(attempt)
    try:
        if name:
            return Outcome("Succeeded", outputs={name: parsed_output(text, attempt.output_parameters[name])})
        return Outcome("Succeeded", outputs=json.loads(text or "{}").get("parameterValues", {}))
    except (DriverError, ValueError) as error:
        return Outcome("Failed", f"Error (exit code 1): {error}")


def _failure(pod: Any) -> str:
    """Argo's message: the pod's own (evicted, deadline), else the container's."""
    if pod.status.message:
        return str(pod.status.message)
    for status in pod.status.container_statuses or []:
        ended = status.state.terminated
        if ended is not None and ended.exit_code:
            return f"{ended.reason or 'Error'} (exit code {ended.exit_code})"
    return str(pod.status.reason or "pod failed for no stated reason")


def _waiting(pod: Any) -> str:
    """Argo's message of a pending pod: no node for it, or no container yet."""
    for condition in pod.status.conditions or []:
        if condition.type == "PodScheduled" and condition.reason == "Unschedulable":
            return f"Unschedulable: {condition.message}"
    for status in pod.status.container_statuses or []:
        waiting = status.state.waiting
        if waiting is not None and waiting.reason:
            return f"{waiting.reason}: {waiting.message}" if waiting.message else str(waiting.reason)
    return ""


def _message(error: ApiException) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error)
