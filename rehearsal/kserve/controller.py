"""Plays KServe's controller for a namespace: serves what the InferenceServices ask for and says so in their status.

Without a node each predictor is a process of this machine, and its Deployment, which only says which revision KServe
has taken up, has no replicas. With a node (`image` is given) it is a Deployment with a pod.

What it does not play: autoscaling, canaries, transformers, ClusterServingRuntimes, ingress and TLS.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes import client, config
from urllib3.exceptions import HTTPError

from rehearsal.kserve.credentials import NoServiceAccount, environment
from rehearsal.kserve.forward import Forward
from rehearsal.kserve.invalid import invalid
from rehearsal.kserve.pod_replica import PodReplica
from rehearsal.kserve.replica import ProcessReplica, deployment
from rehearsal.kserve.serving_runtimes import container, runtime
from rehearsal.kserve.status import Status

logger = logging.getLogger("rehearsal.kserve")
_GROUP = ("serving.kserve.io", "v1beta1")
_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
_POLL = 0.2

Replica = ProcessReplica | PodReplica


@dataclass
class Predictor:
    """What runs for one InferenceService."""

    forward: Forward = field(default_factory=Forward)
    revision: str = ""
    target: Replica | None = None
    current: Replica | None = None
    number: int = 0

    def end(self) -> None:
        for each in {id(replica): replica for replica in (self.target, self.current) if replica}.values():
            each.end()
        self.revision, self.target, self.current, self.forward.target = "", None, None, None


class Controller:
    """The loop.

    Args:
        kubeconfig: Of the cluster; its context `admin` is used.
        namespace: The only one that is looked at.
        folder: For downloads and logs.
        image: What pods run whose runtime names no image; without it there are no pods.
        delay: Holds up each download, in seconds.
    """

    def __init__(
        self, kubeconfig: Path, namespace: str, folder: Path, image: str | None = None, delay: float = 0.0
    ) -> None:
        api = config.new_client_from_config(str(kubeconfig), context="admin")
        self.services, self.core, self.apps = (
            client.CustomObjectsApi(api),
            client.CoreV1Api(api),
            client.AppsV1Api(api),
        )
        self.namespace, self.folder, self.image, self.delay = namespace, folder, image, delay
        self.known: dict[str, Predictor] = {}
        self.replicas: list[Replica] = []

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; what fails is tried again."""
        while not stop.wait(_POLL):
            try:
                self.reconcile_all()
            except (client.ApiException, HTTPError, OSError) as error:
                logger.info("once more: %s", error)
        for predictor in self.known.values():
            predictor.end()
            predictor.forward.close()
        for replica in self.replicas:
            replica.wait()

    def reconcile_all(self) -> None:
        """One look at each InferenceService."""
        found = self.services.list_namespaced_custom_object(*_GROUP, self.namespace, "inferenceservices")["items"]
        services = {each["metadata"]["uid"]: each for each in found}
        for uid in [uid for uid in self.known if uid not in services]:
            predictor = self.known.pop(uid)
            predictor.end()
            predictor.forward.close()
        for uid, service in services.items():
            if "deletionTimestamp" not in service["metadata"]:
                with contextlib.suppress(_Gone):
                    self.reconcile(service, self.known.setdefault(uid, Predictor()))

    def reconcile(self, service: dict[str, Any], predictor: Predictor) -> None:
        """Brings one InferenceService a step nearer to what its spec says."""
        annotations = service["metadata"].get("annotations", {})
        mode = annotations.get("serving.kserve.io/deploymentMode", "Knative")
        if annotations.get("serving.kserve.io/stop") == "true":
            self._stop(service, predictor, mode)
            return
        status = Status(service, mode)
        status.condition("Stopped", "False")
        revision = hashlib.sha256(json.dumps(service["spec"]["predictor"], sort_keys=True).encode()).hexdigest()
        model = service["spec"]["predictor"].get("model") or {}
        spec = runtime(self.services, self.namespace, model.get("runtime", ""))
        if problem := invalid(service, spec):
            status.invalid(*problem)
            status.condition("PredictorReady", "False", *problem)
        elif revision != predictor.revision:
            assert spec is not None
            self._take_up(service, predictor, revision, status, mode, container(spec, model))
        else:
            self._follow(predictor, status, mode)
        self._write(service, status.value)

    def _stop(self, service: dict[str, Any], predictor: Predictor, mode: str) -> None:
        predictor.end()
        with contextlib.suppress(client.ApiException):
            self.apps.delete_namespaced_deployment(f"{service['metadata']['name']}-predictor", self.namespace)
        self._write(service, Status.stopped(mode))

    def _take_up(
        self,
        service: dict[str, Any],
        predictor: Predictor,
        revision: str,
        status: Status,
        mode: str,
        server: dict[str, Any],
    ) -> None:
        spec = service["spec"]["predictor"]
        try:
            settings = environment(self.core, self.namespace, spec.get("serviceAccountName", "default"))
        except NoServiceAccount as error:
            status.condition("PredictorReady", "False", "FailedCreate", str(error))
            return
        if predictor.target is not None and predictor.target is not predictor.current:
            predictor.target.end()
        predictor.target = replica = self._replica(service, settings, server)
        annotations = {**spec.get("annotations", {}), _SOURCE: spec["model"]["storageUri"], **replica.annotations()}
        pods = 0 if isinstance(replica, ProcessReplica) else 1
        made = self._apply(deployment(service, annotations, pods, replica.pod()))
        replica.begin()
        predictor.revision = revision
        status.value["observedGeneration"] = made.status.observed_generation or 1
        status.condition("PredictorReady", "Unknown", "ReplicaSetUpdated", "ReplicaSet is progressing.")
        status.loading()
        if mode == "Knative":
            predictor.number += 1
            status.revision("latestCreatedRevision", predictor.number)
        logger.info("%s: takes up %s", service["metadata"]["name"], spec["model"]["storageUri"])

    def _replica(self, service: dict[str, Any], settings: dict[str, str], server: dict[str, Any]) -> Replica:
        name, uri = service["metadata"]["name"], service["spec"]["predictor"]["model"]["storageUri"]
        secret = settings.pop("SECRET", "")
        replica: Replica
        if self.image is None:
            folder = self.folder / f"{name}-{len(self.replicas) + 1}"
            replica = ProcessReplica(uri, folder, settings, server, self.delay)
        else:
            image = {"image": self.image, **server}
            replica = PodReplica(service, uri, image, settings, secret, self.core, self.apps, self.namespace)
        self.replicas.append(replica)
        return replica

    def _follow(self, predictor: Predictor, status: Status, mode: str) -> None:
        replica = predictor.target
        assert replica is not None
        if replica.state == "Loaded":
            if predictor.current is not replica:
                old, predictor.current = predictor.current, replica
                predictor.forward.target = replica.port
                if old is not None:
                    old.end()
            status.loaded(1)
            if mode == "Knative":
                status.revision("latestReadyRevision", predictor.number)
            status.condition("PredictorReady", "True")
            status.condition("IngressReady", "True")
            status.address(predictor.forward.url)
        elif replica.state == "FailedToLoad":
            status.failed(replica.message)
            if predictor.current is None:
                status.condition("PredictorReady", "False", "MinimumReplicasUnavailable", "no replica is available")
        else:
            status.loading(replica.state)

    def _apply(self, wanted: dict[str, Any]) -> client.V1Deployment:
        name = wanted["metadata"]["name"]
        try:
            return self.apps.create_namespaced_deployment(self.namespace, wanted)
        except client.ApiException as error:
            if error.status != 409:
                raise
        return self.apps.replace_namespaced_deployment(name, self.namespace, wanted)

    def _write(self, service: dict[str, Any], status: dict[str, Any]) -> None:
        if status == service.get("status"):
            return
        name = service["metadata"]["name"]
        body = {**service, "status": status}
        try:
            self.services.replace_namespaced_custom_object_status(
                *_GROUP, self.namespace, "inferenceservices", name, body
            )
        except client.ApiException as error:
            if error.status in (404, 409):  # deleted or changed meanwhile: the next round sees it
                raise _Gone from error
            raise


class _Gone(Exception):  # noqa: N818
    pass


@contextmanager
def running(
    kubeconfig: Path, namespace: str, folder: Path, image: str | None = None, delay: float = 0.0
) -> Iterator[Controller]:
    """A controller in a thread of this process, until the block ends; then all that it served is ended."""
    controller = Controller(kubeconfig, namespace, folder, image, delay)
    stop = threading.Event()
    thread = threading.Thread(target=controller.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield controller
    finally:
        stop.set()
        thread.join(60)
