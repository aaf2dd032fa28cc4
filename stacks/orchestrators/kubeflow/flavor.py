"""Flavor `switchyard-kubeflow`: Kubeflow Pipelines, with what ZenML's own flavor leaves broken mended."""

from __future__ import annotations

from zenml.orchestrators import BaseOrchestratorFlavor

# ZenML's own commands put the project on the path only while this module is imported.
import switchyard  # noqa: F401
from stacks.orchestrators.kubeflow.config import KubeflowConfig


class KubeflowFlavor(BaseOrchestratorFlavor):
    """The flavor of `KubeflowOrchestrator`."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "switchyard-kubeflow"

    @property
    def config_class(self) -> type[KubeflowConfig]:
        """Its settings."""
        return KubeflowConfig

    @property
    def implementation_class(self) -> type:
        """The orchestrator, imported late."""
        from stacks.orchestrators.kubeflow.orchestrator import KubeflowOrchestrator

        return KubeflowOrchestrator
