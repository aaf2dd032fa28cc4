"""Roll a manifest out: apply it, wait until it is loaded, check it; on failure restore what served before."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stacks.deployers.kserve import manifest as manifests
from stacks.deployers.kserve.cluster import Cluster, ConflictError, MissingError, UnreachableError
from stacks.deployers.kserve.readiness import Seen, condition, failure, last_seen, state
from switchyard.errors import InputError, SwitchyardError

logger = logging.getLogger(__name__)
_POLL = 0.5
_STALE_SECONDS = 10.0
"""For this long after a change, a status equal to the one before may still be the old one."""


class SupersededError(SwitchyardError):
    """Another roll-out took over while this one waited."""


@dataclass(frozen=True)
class RollOut:
    """Rolls manifests out to one namespace.

    Attributes:
        cluster: The namespace.
        check: Tests an InferenceService that is ready: returns its URL, or raises SwitchyardError on a wrong answer.
        timeout: The time limit for becoming ready, in seconds.
    """

    cluster: Cluster
    check: Callable[[dict[str, Any]], str]
    timeout: float

    def run(self, wanted: dict[str, Any], good: dict[str, Any] | None) -> str:
        """Makes the cluster serve a manifest.

        Args:
            wanted: The manifest.
            good: The last one that passed its check; without it, what the cluster has counts as good.

        Returns:
            The URL at which it answers.

        Raises:
            InputError: The name belongs to an InferenceService that Switchyard did not make.
            SwitchyardError: It did not become ready or answered wrong; what served before serves again.
        """
        name = manifests.name_of(wanted)
        found = ours(self.cluster, name)
        previous = good if good is not None or found is None else manifests.as_manifest(found)
        try:
            return self._bring(wanted, found)
        except SupersededError:
            raise
        except BaseException as error:
            outcome = self._back(wanted, previous)
            if isinstance(error, SwitchyardError):
                raise SwitchyardError(f"{error}; {outcome}", error.details) from error
            logger.warning("%s: %s", name, outcome)
            raise

    def _bring(self, wanted: dict[str, Any], found: dict[str, Any] | None) -> str:
        before = apply(self.cluster, wanted, found)
        return self.check(wait(self.cluster, wanted, before, self.timeout))

    def _back(self, wanted: dict[str, Any], previous: dict[str, Any] | None) -> str:
        """Restores what served before; returns a sentence that says whether that worked."""
        name = manifests.name_of(wanted)
        try:
            found = self.cluster.service(name)
            if found is None or manifests.storage_uri(found) != manifests.storage_uri(wanted):
                return "nothing was changed" if found is not None else "it serves nothing"
            if previous is None:
                remove(self.cluster, name, self.timeout)
                return "as it was the first version, it is removed again"
            if manifests.matches(found, previous):
                return "it is what was served before, so it stays"
            before = apply(self.cluster, previous, found)
            wait(self.cluster, previous, before, self.timeout)
        except SwitchyardError as error:
            return f"what served before could not be brought back: {error}"
        return f"{manifests.storage_uri(previous)} serves again"


def ours(cluster: Cluster, name: str) -> dict[str, Any] | None:
    """The InferenceService of a use case, or None.

    Raises:
        InputError: The name belongs to one that Switchyard did not make.
    """
    found = cluster.service(name)
    if found is not None and not manifests.is_ours(found):
        raise InputError(
            f"namespace {cluster.namespace} has an InferenceService {name} that Switchyard did not make: "
            "delete it or give the use case another name"
        )
    return found


def apply(cluster: Cluster, wanted: dict[str, Any], found: dict[str, Any] | None) -> dict[str, Any] | None:
    """Makes the InferenceService what the manifest says.

    Args:
        cluster: The namespace.
        wanted: The manifest.
        found: What the cluster has.

    Returns:
        The status before the change; None if there was nothing to change, or nothing before.
    """
    if found is None:
        cluster.create(wanted)
        return None
    if manifests.matches(found, wanted):
        return None
    for attempt in range(5):
        current = found if attempt == 0 else cluster.service(manifests.name_of(wanted))
        if current is None:
            cluster.create(wanted)
            return None
        if manifests.storage_uri(current) != manifests.storage_uri(found):
            raise SupersededError(
                f"another run rolled out {manifests.name_of(wanted)} in the meantime; this one leaves it alone"
            )
        try:
            cluster.patch(manifests.name_of(wanted), _operations(current, wanted))
        except ConflictError:  # KServe writes its status into the same object
            continue
        return dict(current.get("status") or {})
    raise ConflictError(
        f"InferenceService {manifests.name_of(wanted)} keeps being changed by something else: run again later"
    )


def _operations(current: dict[str, Any], wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """A JSON patch, which Kubernetes takes only if the object is still the one that was read."""
    metadata = current["metadata"]
    annotations = {**metadata.get("annotations", {}), **wanted["metadata"]["annotations"]}
    annotations.pop(manifests.STOP_ANNOTATION, None)
    labels = {**metadata.get("labels", {}), **wanted["metadata"]["labels"]}
    return [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "add", "path": "/metadata/annotations", "value": annotations},
        {"op": "add", "path": "/metadata/labels", "value": labels},
        {"op": "replace", "path": "/spec", "value": wanted["spec"]},
    ]


def wait(cluster: Cluster, wanted: dict[str, Any], before: dict[str, Any] | None, timeout: float) -> dict[str, Any]:
    """Waits until a manifest is served by all of its pods and by no others.

    Returns:
        The InferenceService.

    Raises:
        SupersededError: Somebody else changed or deleted it.
        SwitchyardError: It cannot be loaded, or is not ready in time.
    """
    name, begin = manifests.name_of(wanted), time.monotonic()
    said, seen = "", None
    while time.monotonic() < begin + timeout:
        try:
            seen = look(cluster, wanted)
        except UnreachableError as error:
            said = str(error)
        else:
            said = last_seen(seen)
            found = state(seen, before, may_be_stale=time.monotonic() < begin + _STALE_SECONDS)
            if found == "ready":
                return seen.service
            if found == "failed":
                raise SwitchyardError(f"KServe cannot serve {manifests.storage_uri(wanted)}: {failure(seen)}")
        time.sleep(_POLL)
    raise SwitchyardError(f"InferenceService {name} was not ready within {timeout:g} s; last seen: {said}")


def look(cluster: Cluster, wanted: dict[str, Any]) -> Seen:
    """The current state of a manifest in the cluster.

    Raises:
        SupersededError: The cluster has another one by now, or none.
    """
    name = manifests.name_of(wanted)
    service = cluster.service(name)
    if service is None:
        raise SupersededError(f"InferenceService {name} was deleted during the wait")
    if manifests.storage_uri(service) != manifests.storage_uri(wanted):
        raise SupersededError(f"another run rolled out {name} in the meantime; this one leaves it alone")
    mode = manifests.mode_of(wanted) or "Standard"
    deployment = None if mode == "Knative" else cluster.deployment(name)
    return Seen(service, deployment, cluster.pods(name), manifests.revision_of(wanted), mode)


def remove(cluster: Cluster, name: str, timeout: float) -> None:
    """Deletes an InferenceService and waits until it is gone.

    Raises:
        SwitchyardError: It is still there.
    """
    if not cluster.delete(name):
        return
    end = time.monotonic() + timeout
    while cluster.service(name) is not None:
        if time.monotonic() > end:
            raise SwitchyardError(f"InferenceService {name} is still there {timeout:g} s after it was deleted")
        time.sleep(_POLL)


def stop(cluster: Cluster, name: str, timeout: float) -> None:
    """Ends the pods of an InferenceService; it stays, and can be started.

    Raises:
        SwitchyardError: There is none, or KServe does not stop it.
    """
    _annotate(cluster, name, "true")
    end = time.monotonic() + timeout
    while True:
        service = cluster.service(name)
        if service is None or condition(service, "Stopped").get("status") == "True":
            return
        if time.monotonic() > end:
            raise SwitchyardError(
                f"InferenceService {name} did not stop within {timeout:g} s; "
                f"KServe before 0.16 does not know the annotation {manifests.STOP_ANNOTATION}"
            )
        time.sleep(_POLL)


def start(cluster: Cluster, name: str, timeout: float) -> None:
    """Starts a stopped InferenceService and waits until it is loaded.

    Raises:
        SwitchyardError: There is none, or it does not become ready.
    """
    _annotate(cluster, name, "false")
    service = cluster.service(name)
    if service is None:
        raise MissingError(f"there is no InferenceService {name} in namespace {cluster.namespace}")
    wait(cluster, service, None, timeout)


def _annotate(cluster: Cluster, name: str, value: str) -> None:
    for _ in range(5):
        service = cluster.service(name)
        if service is None:
            raise MissingError(
                f"there is no InferenceService {name} in namespace {cluster.namespace}: roll a version out"
            )
        metadata = service["metadata"]
        annotations = {**metadata.get("annotations", {}), manifests.STOP_ANNOTATION: value}
        operations = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
            {"op": "add", "path": "/metadata/annotations", "value": annotations},
        ]
        try:
            cluster.patch(name, operations)
        except ConflictError:
            continue
        return
    raise ConflictError(f"InferenceService {name} keeps being changed by something else: try again later")
