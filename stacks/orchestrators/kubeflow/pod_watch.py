"""Keeps an eye on the pods of a run, where this account may: KFP says that a task failed, its pod says why."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from zenml.logger import get_logger

from stacks.kubernetes_client.client import kubernetes_client
from stacks.orchestrators.kubeflow.pods import RUN_LABEL, Trouble, step_of, trouble_of
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from kubernetes.client import CoreV1Api, V1Pod

logger = get_logger(__name__)

LOOK_SECONDS = 4.0
_TIMEOUT = (3, 10)
_LOG_LINES = 20
_LOG_BYTES = 64_000


class PodWatch:
    """The pods of one run.

    Args:
        context: Of the kubeconfig.
        namespace: Of the pods.
        run: KFP's id.
    """

    def __init__(self, context: str | None, namespace: str, run: str) -> None:
        """Sees nothing yet."""
        self._namespace, self._run = namespace, run
        self._pods: dict[str, V1Pod] = {}
        self._gone: set[str] = set()
        self._next_look = 0.0
        self._core = _core(context)

    def look(self, now: bool = False) -> None:
        """Asks Kubernetes, unless it was asked just before or this account may not.

        Args:
            now: Ask in any case.
        """
        if self._core is None or (time.monotonic() < self._next_look and not now):
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        import urllib3
        from kubernetes.client import ApiException

        try:
            found = self._core.list_namespaced_pod(
                self._namespace, label_selector=f"{RUN_LABEL}={self._run}", _request_timeout=_TIMEOUT
            ).items
        except ApiException as error:
            if error.status in (401, 403):
                logger.debug("Kubernetes does not show the pods of %s: %s", self._namespace, error.reason)
                self._core = None
            return
        except (urllib3.exceptions.HTTPError, OSError) as error:
            logger.debug("Kubernetes cannot be reached: %s", error)
            return
        current = {pod.metadata.name: pod for pod in found}
        self._gone |= {name for name in self._pods if name not in current}
        self._gone -= set(current)
        self._pods |= current

    def troubles(self) -> dict[str, Trouble]:
        """By step, what was wrong with its newest pod when it was last seen; "" for a pod of KFP's own."""
        found: dict[str, Trouble] = {}
        for pod in sorted(self._pods.values(), key=lambda each: each.metadata.creation_timestamp):
            trouble = trouble_of(pod)
            if trouble is None and pod.metadata.name in self._gone and pod.status.phase in ("Pending", "Running"):
                trouble = Trouble(step_of(pod), "was ended: its pod was deleted")
            if trouble is None:
                found.pop(step_of(pod), None)
            else:
                found[trouble.step] = trouble
        return found

    def attempts(self, step: str) -> int:
        """How many pods the step has had."""
        return sum(1 for pod in self._pods.values() if step_of(pod) == step)

    def last_lines(self, step: str) -> tuple[str, ...]:
        """The end of the log of the step's newest pod, if it is still there."""
        import urllib3
        from kubernetes.client import ApiException

        pods = [pod for pod in self._pods.values() if step_of(pod) == step]
        if self._core is None or not pods:
            return ()
        newest = max(pods, key=lambda each: each.metadata.creation_timestamp)
        try:
            log = self._core.read_namespaced_pod_log(
                newest.metadata.name,
                self._namespace,
                container=_container(newest),
                tail_lines=_LOG_LINES,
                limit_bytes=_LOG_BYTES,
                _request_timeout=_TIMEOUT,
            )
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            logger.debug("no log of %s: %s", newest.metadata.name, error)
            return ()
        return tuple(str(log).splitlines())


def _core(context: str | None) -> CoreV1Api | None:
    from kubernetes.client import CoreV1Api

    try:
        return CoreV1Api(kubernetes_client(context))
    except SwitchyardError as error:
        logger.debug("%s", error)
        return None


def _container(pod: V1Pod) -> str:
    names = [str(container.name) for container in pod.spec.containers]
    return "main" if "main" in names else names[0]
