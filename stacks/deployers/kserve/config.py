"""Settings of the KServe deployer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from zenml.model_deployers.base_model_deployer import BaseModelDeployerConfig

from stacks.deployers.kserve.manifest import OWN_RUNTIME


class KServeConfig(BaseModelDeployerConfig):
    """Settings of the deployer.

    Attributes:
        namespace: Where the InferenceServices are.
        kubernetes_context: A context of the kubeconfig; by default the ServiceAccount of the pod, or the current one.
        mode: `Standard` for a plain Deployment, `Knative` for scaling by requests.
        runtime: The serving runtime: `switchyard`, the project's own server, or one that reads Triton's layout.
        service_account: The ServiceAccount with which KServe reads the bucket.
        storage: Where the model repositories are kept, an S3 URI; by default `serving` in the artifact store.
        ready_timeout: How long a version may take to become ready, in seconds.
    """

    namespace: str
    kubernetes_context: str = ""
    mode: Literal["Standard", "Knative"] = "Standard"
    runtime: str = "kserve-tritonserver"
    service_account: str = "switchyard-models"
    storage: str = ""
    ready_timeout: int = Field(default=600, ge=1)

    @property
    def serves_itself(self) -> bool:
        """Whether the project's own server answers, which does what the local endpoint does."""
        return self.runtime == OWN_RUNTIME

    @property
    def is_local(self) -> bool:
        """It serves on a cluster."""
        return False
