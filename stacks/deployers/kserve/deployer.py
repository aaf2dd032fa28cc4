"""The model deployer of flavor `kserve`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, cast
from uuid import UUID

from zenml.client import Client
from zenml.enums import ServiceState
from zenml.model_deployers.base_model_deployer import (
    DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT,
    BaseModelDeployer,
    BaseModelDeployerFlavor,
    get_model_version_id_if_exists,
)
from zenml.services import BaseService, ServiceConfig

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
from switchyard.serving.local.running import setting_options
from switchyard.serving.rollout.deployer import Endpoint


class KServeDeployer(BaseModelDeployer):
    """One InferenceService a use case, each version from a prefix of its own in the bucket."""

    NAME: ClassVar[str] = "KServe"
    FLAVOR: ClassVar[type[BaseModelDeployerFlavor]] = KServeFlavor

    @property
    def config(self) -> KServeConfig:
        """The settings of the stack component."""
        return cast(KServeConfig, self._config)

    def roll_out(
        self, name: str, version: int, model: OnnxModel, golden: dict[str, Any], deployment: Deployment
    ) -> Endpoint:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        self._check(name, model, deployment)
        cluster, storage = self._cluster(), self._storage()
        rollout.ours(cluster, name)  # before anything is written
        good = self._last_good(name)
        server = server_archive() if self.config.serves_itself else b""
        uri, is_new = storage.write(
            name, version, replace(model, metadata={**model.metadata, "name": name}), golden, server
        )
        manifest = self._serving(name, uri, deployment).manifest()
        steps = rollout.RollOut(cluster, lambda found: check(found, version, golden), self.config.ready_timeout)
        try:
            url = steps.run(manifest, good)
        except BaseException:
            if is_new and not _serves(cluster, name, uri):
                storage.remove(uri)
            raise
        service = self._record(name, version, manifest, url)
        storage.prune(name, [uri, *([storage_uri(good)] if good else [])], older=self.config.ready_timeout)
        return Endpoint(
            name=name,
            version=version,
            url=url,
            service=str(service),
            notice=self._notice(deployment),
            request=golden["request"],
            predict_image=self.config.serves_itself,
        )

    def retire(self, name: str) -> None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        cluster = self._cluster()
        if rollout.ours(cluster, name):
            rollout.remove(cluster, name, self.config.ready_timeout)
        self._storage().prune(name, [])
        for known in self._known(name):
            Client().delete_service(known.id)

    def serving(self, name: str) -> int | None:
        """See `switchyard.serving.rollout.deployer.Deployer`."""
        found, known = self._cluster().service(name), self._known(name)
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
        settings = setting_options(deployment.max_request_mb, deployment.batching)
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
            arguments=tuple(settings) if self.config.serves_itself else (),
        )

    def _known(self, name: str) -> list[Any]:
        """ZenML's records of this use case in this namespace."""
        found = Client().list_services(service_name=f"zenml-{name}", hydrate=True).items
        return [each for each in found if each.service_source and each.config.get("namespace") == self.config.namespace]

    def _last_good(self, name: str) -> dict[str, Any] | None:
        """The manifest that passed its smoke test last, as far as ZenML knows."""
        known = self._known(name)
        return dict(known[0].config["manifest"]) if known else None

    def _record(self, name: str, version: int, manifest: dict[str, Any], url: str) -> UUID:
        """Makes ZenML's list of services say what is served; one entry a use case."""
        client = Client()
        config = KServeServiceConfig(
            model_name=name,
            model_version=str(version),
            pipeline_name="training",
            pipeline_step_name="deploy",
            namespace=self.config.namespace,
            kubernetes_context=self.config.kubernetes_context,
            manifest=manifest,
            url=url,
        )
        for known in self._known(name):
            if known.config == config.model_dump():
                return self._running(known.id, config)
            client.delete_service(known.id)
        model_version = get_model_version_id_if_exists(name, str(version))
        response = client.create_service(config, KServeService.SERVICE_TYPE, model_version)
        return self._running(response.id, config)

    def _running(self, service_id: UUID, config: KServeServiceConfig) -> UUID:
        service = KServeService(uuid=service_id, admin_state=ServiceState.ACTIVE, config=config)
        service.status.update_state(ServiceState.ACTIVE)
        Client().update_service(
            service.uuid,
            name=service.config.service_name,
            service_source=service.model_dump()["type"],
            admin_state=service.admin_state,
            status=service.status.model_dump(),
            prediction_url=service.prediction_url,
            health_check_url=service.healthcheck_url,
        )
        return service_id

    # What ZenML's own commands call: `zenml model-deployer models list | describe | start | stop | delete | logs`.

    @staticmethod
    def get_model_server_info(service: BaseService) -> dict[str, str | None]:
        """What `zenml model-deployer models describe` shows."""
        config = cast(KServeServiceConfig, service.config)
        return {
            "PREDICTION_URL": service.get_prediction_url(),
            "MODEL_VERSION": config.model_version,
            "NAMESPACE": config.namespace,
            "STORAGE_URI": storage_uri(config.manifest),
        }

    def perform_deploy_model(
        self, id: UUID, config: ServiceConfig, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT
    ) -> BaseService:
        """Not offered: a version only goes into service through `roll_out`, which smoke-tests it.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("the kserve deployer takes models through roll_out, which smoke-tests them first")

    def perform_start_model(
        self, service: BaseService, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT
    ) -> BaseService:
        """Starts the pods again, with the version that they served last."""
        rollout.start(*_named(service), timeout or self.config.ready_timeout)
        service.admin_state = ServiceState.ACTIVE
        service.update_status()
        return service

    def perform_stop_model(
        self, service: BaseService, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT, force: bool = False
    ) -> BaseService:
        """Ends the pods; the InferenceService and the models stay."""
        rollout.stop(*_named(service), timeout or self.config.ready_timeout)
        service.admin_state = ServiceState.INACTIVE
        service.update_status()
        return service

    def perform_delete_model(
        self, service: BaseService, timeout: int = DEFAULT_DEPLOYMENT_START_STOP_TIMEOUT, force: bool = False
    ) -> None:
        """Deletes the InferenceService and its model repositories; the models themselves stay in the registry."""
        cluster, name = _named(service)
        rollout.remove(cluster, name, timeout or self.config.ready_timeout)
        self._storage().prune(name, [])


def _named(service: BaseService) -> tuple[Cluster, str]:
    return cast(KServeService, service).cluster(), str(service.config.model_name)


def _serves(cluster: Cluster, name: str, uri: str) -> bool:
    """Whether the cluster still names this URI; if it cannot say, it may."""
    try:
        found = cluster.service(name)
    except SwitchyardError:
        return True
    return found is not None and storage_uri(found) == uri
