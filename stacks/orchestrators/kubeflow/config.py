"""Settings of the Kubeflow orchestrator, and those that differ from step to step."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator
from zenml.config.base_settings import BaseSettings
from zenml.orchestrators import BaseOrchestratorConfig
from zenml.utils.secret_utils import SecretField

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


class KubeflowSettings(BaseSettings):
    """What can differ from step to step.

    Attributes:
        node_selector: Labels that the node must have.
        tolerations: Taints that the pod does not mind, each with `key`, `operator`, `value`, `effect`.
        step_timeout: Seconds after which the step's pod is killed.
    """

    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: list[dict[str, str]] = Field(default_factory=list)
    step_timeout: PositiveInt | None = None

    @field_validator("tolerations", mode="before")
    @classmethod
    def _without_empty_keys(cls, value: object) -> object:
        """A key that is None is one that Kubernetes is not told."""
        if not isinstance(value, (list, tuple)):
            return value
        return [{key: part for key, part in dict(each).items() if part is not None} for each in value]

    @field_validator("tolerations")
    @classmethod
    def _as_kubernetes_has_them(cls, value: list[dict[str, str]]) -> list[dict[str, str]]:
        for toleration in value:
            unknown = set(toleration) - {"key", "operator", "value", "effect"}
            if unknown:
                raise ValueError(f"a toleration has no {sorted(unknown)[0]}; its keys are key, operator, value, effect")
            if toleration.get("operator", "Equal") not in ("Equal", "Exists"):
                raise ValueError(f"operator is {toleration['operator']!r}, allowed are Equal and Exists")
            if "effect" in toleration and toleration["effect"] not in EFFECTS:
                raise ValueError(f"effect is {toleration['effect']!r}, allowed are {', '.join(EFFECTS)}")
        return value


class KubeflowConfig(BaseOrchestratorConfig, KubeflowSettings):
    """Where Kubeflow Pipelines is, how to get in, and what every pod has.

    Attributes:
        url: Root of KFP's API; empty: through the Kubernetes API, which forwards to the service.
        namespace: Where the pods of the runs live.
        token: Bearer token, as from OpenShift's OAuth or an oauth2-proxy.
        token_file: File with one, such as a projected ServiceAccount token; read anew for every request.
        cookie: Session cookie, `name=value`.
        ca_bundle: File with the certificates that KFP's own may be signed with.
        kubernetes_context: Which context of the kubeconfig; empty: the current one, or the pod's own.
        kubernetes_service: `namespace/service:port` of KFP's API, for the way through Kubernetes.
        image: Full reference of the image; empty: the one in `registry` that belongs to the lock.
        registry: Where the image is.
        zenml_secret: Kubernetes Secret with the key `ZENML_STORE_API_KEY`, for the pods.
        timeout: Seconds a whole run may take.
        start_timeout: Seconds a pod may stay pending.
        outage_timeout: Seconds during which KFP may be unreachable before the wait is given up.
        accelerator: What a GPU is called in the cluster's resources.
        run_as_user: Of every container; None: as the image says, which must not be root.
        run_as_group: Of every container.
    """

    url: str = ""
    namespace: str = ""
    token: str | None = SecretField(default=None)
    token_file: str | None = None
    cookie: str | None = SecretField(default=None)
    ca_bundle: str | None = None
    kubernetes_context: str | None = None
    kubernetes_service: str = "kubeflow/ml-pipeline:http"
    image: str | None = None
    registry: str | None = None
    zenml_secret: str = "switchyard-zenml"
    timeout: PositiveInt = 24 * 3600
    start_timeout: PositiveInt = 600
    outage_timeout: PositiveInt = 300
    accelerator: str = "nvidia.com/gpu"
    run_as_user: PositiveInt | None = None
    run_as_group: PositiveInt | None = None

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} has to start with http:// or https://")
        return value.rstrip("/")

    @property
    def is_remote(self) -> bool:
        """Runs elsewhere, so ZenML's server, the artifacts and the tracker have to be reachable from there."""
        return True

    @property
    def is_synchronous(self) -> bool:
        """The submitting process follows the run to its end."""
        return True

    @property
    def is_schedulable(self) -> bool:
        """KFP's recurring runs."""
        return True

    @property
    def handles_step_retries(self) -> bool:
        """KFP starts another pod, also after a kill that the first one could not report."""
        return True
