"""The model deployer of flavor `kserve`."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from zenml.client import Client
from zenml.model_deployers.base_model_deployer import BaseModelDeployerFlavor

from stacks.deployers.base import EndpointDeployer, EndpointService, named
from stacks.deployers.kserve import rollout
from stacks.deployers.kserve.answer import check
from stacks.deployers.kserve.cluster import Cluster
from stacks.deployers.kserve.config import KServeConfig
from stacks.deployers.kserve.flavor import KServeFlavor
from stacks.deployers.kserve.manifest import OWN_RUNTIME, Serving, storage_uri
from stacks.deployers.kserve.server_archive import server_archive
from stacks.deployers.kserve.service import KServeService, KServeServiceConfig
from stacks.deployers.kserve.storage import ModelStorage
from switchyard.config.sections import Deployment
from switchyard.errors import InputError, SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.serving.options.derived import config_arguments
from switchyard.serving.rollout.deployer import Endpoint
from switchyard.serving.rollout.golden_rows import GoldenRows


class KServeDeployer(EndpointDeployer[KServeService]):
    """One InferenceService per use case, each version from a prefix of its own in the bucket."""

    NAME: ClassVar[str] = "KServe"
    FLAVOR: ClassVar[type[BaseModelDeployerFlavor]] = KServeFlavor
    SERVICE: ClassVar[type[EndpointService]] = KServeService

    @property
    def config(self) -> KServeConfig:
        """The settings of the stack component."""
        return cast(KServeConfig, self._config)

    def roll_out(
        self, name: str, version: int, model: OnnxModel, golden: GoldenRows, deployment: Deployment
    ) -> Endpoint:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        self._check(name, model, deployment)
        cluster, storage = self._cluster(), self._storage()
        rollout.ours(cluster, name)  # before anything is written
        good = self._last_good(name)
        server = server_archive() if self.config.serves_itself else b""
        uri, is_new = storage.write(name, version, named(model, name), golden, server)
        manifest = self._serving(name, uri, deployment).manifest()
        steps = rollout.RollOut(cluster, lambda found: check(found, version, golden), self.config.ready_timeout)
        try:
            url = steps.run(manifest, good)
        except BaseException:
            if is_new and not _serves(cluster, name, uri):
                storage.remove(uri)
            raise
        service = self.record(
            KServeServiceConfig(
                model_name=name,
                model_version=str(version),
                url=url,
                namespace=self.config.namespace,
                kubernetes_context=self.config.kubernetes_context,
                manifest=manifest,
            )
        )
        storage.prune(name, [uri, *([storage_uri(good)] if good else [])], older=self.config.ready_timeout)
        return Endpoint(
            name=name,
            version=version,
            url=url,
            service=str(service),
            notice=self._notice(deployment),
            request=golden.request,
            predict_image=self.config.serves_itself,
        )

    def retire(self, name: str) -> None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        cluster = self._cluster()
        if rollout.ours(cluster, name):
            rollout.remove(cluster, name, self.config.ready_timeout)
        self._storage().prune(name, [])
        self.forget(name)

    def serving(self, name: str) -> int | None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        found, known = self._cluster().service(name), self.known(name)
        if not found or not known or storage_uri(found) != storage_uri(known[0].config["manifest"]):
            return None
        return int(known[0].config["model_version"])

    def remove_unused_versions(self, name: str) -> None:
        """Takes away what a roll-out that was killed has left in the bucket.

        Args:
            name: The use case.

        Raises:
            SwitchyardError: The cluster does not say what it serves; nothing is removed then.
        """
        served = (self._cluster().service(name), self._last_good(name))
        self._storage().prune(name, [storage_uri(each) for each in served if each], older=self.config.ready_timeout)

    def _cluster(self) -> Cluster:
        return Cluster(self.config.namespace, self.config.kubernetes_context)

    def _storage(self) -> ModelStorage:
        store = Client().active_stack.artifact_store
        root = self.config.storage or f"{store.path.rstrip('/')}/serving"
        filesystem = getattr(store, "filesystem", None)
        if not root.startswith("s3://") or filesystem is None:
            raise InputError(
                f"KServe reads models from S3, but artifact store {store.name} keeps them at {root}: "
                "use a stack whose artifact store is of flavor s3"
            )
        return ModelStorage(filesystem, root)

    def _check(self, name: str, model: OnnxModel, deployment: Deployment) -> None:
        if model.companions and not self.config.serves_itself:
            raise SwitchyardError(
                f"{name}: the gallery is too large for its graph and lies in an index beside it, which the runtime "
                f"{self.config.runtime} does not search: set KSERVE_RUNTIME={OWN_RUNTIME} (docs/kubeflow/set-up.md), "
                "or have the graph search it (candidates.NAME.params.largest_exact, at most 100,000 images)"
            )
        if deployment.replicas.min == 0 and self.config.mode == "Standard":
            raise InputError(
                "deployment.replicas.min is 0, but in mode Standard KServe does not scale to zero: "
                "give 1, or set the model deployer's mode to Knative"
            )

    def _notice(self, deployment: Deployment) -> str:
        if deployment.batching is None or self.config.serves_itself:
            return ""
        return (
            f"deployment.batching is for KSERVE_RUNTIME={OWN_RUNTIME} only: the runtime {self.config.runtime} got none"
        )

    def _serving(self, name: str, uri: str, deployment: Deployment) -> Serving:
        replicas, resources = deployment.replicas, deployment.resources
        return Serving(
            name=name,
            namespace=self.config.namespace,
            storage_uri=uri,
            mode=self.config.mode,
            runtime=self.config.runtime,
            service_account=self.config.service_account,
            min_replicas=replicas.min,
            max_replicas=replicas.max,
            cpu=resources.cpu,
            memory=resources.memory,
            arguments=tuple(config_arguments(deployment)) if self.config.serves_itself else (),
        )

    def _last_good(self, name: str) -> dict[str, Any] | None:
        """The manifest that passed its smoke test last, as far as ZenML knows."""
        known = self.known(name)
        return dict(known[0].config["manifest"]) if known else None

    def owns(self, config: dict[str, Any]) -> bool:
        """Whether it is in this deployer's namespace."""
        return config.get("namespace") == self.config.namespace

    def start(self, service: KServeService, timeout: int) -> None:
        """Start the pods again, with the version that they served last."""
        rollout.start(*_named(service), timeout or self.config.ready_timeout)

    def stop(self, service: KServeService, timeout: int) -> None:
        """End the pods; the InferenceService and the models stay."""
        rollout.stop(*_named(service), timeout or self.config.ready_timeout)

    def delete(self, service: KServeService, timeout: int) -> None:
        """Delete the InferenceService and its model repositories; the models themselves stay in the registry."""
        cluster, name = _named(service)
        rollout.remove(cluster, name, timeout or self.config.ready_timeout)
        self._storage().prune(name, [])

    @staticmethod
    def details(service: KServeService) -> dict[str, str | None]:
        """The namespace, and the model repository in the bucket."""
        return {"NAMESPACE": service.config.namespace, "STORAGE_URI": storage_uri(service.config.manifest)}


def _named(service: KServeService) -> tuple[Cluster, str]:
    return service.cluster(), str(service.config.model_name)


def _serves(cluster: Cluster, name: str, uri: str) -> bool:
    """Whether the cluster still names this URI; if it cannot say, it may."""
    try:
        found = cluster.service(name)
    except SwitchyardError:
        return True
    return found is not None and storage_uri(found) == uri
