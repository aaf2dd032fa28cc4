"""The orchestrator of flavor `switchyard-kubeflow`.

It takes the place of ZenML's own, which it shares the container part with. A step's pod imports this module, too, so
kfp and kubernetes are imported by those functions that the submitting process calls.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zenml.constants import METADATA_ORCHESTRATOR_RUN_ID, METADATA_ORCHESTRATOR_URL, ORCHESTRATOR_DOCKER_IMAGE_KEY
from zenml.enums import ExecutionMode, ExecutionStatus, StackComponentType
from zenml.metadata.metadata_types import MetadataType, Uri
from zenml.orchestrators import ContainerizedOrchestrator, SubmissionResult
from zenml.stack import StackValidator

from stacks.orchestrators.kubeflow.config import KubeflowConfig, KubeflowSettings
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from uuid import UUID

    from zenml.config.build_configuration import BuildConfiguration
    from zenml.models import (
        PipelineRunResponse,
        PipelineSnapshotBase,
        PipelineSnapshotResponse,
        ScheduleResponse,
        ScheduleUpdate,
    )
    from zenml.stack import Stack

_RUN_ID_VARIABLE = "KFP_RUN_ID"


class KubeflowOrchestrator(ContainerizedOrchestrator):
    """Runs each step as a pod of Kubeflow Pipelines, and tells ZenML the truth about how it ended."""

    @property
    def config(self) -> KubeflowConfig:
        """The settings of the stack component."""
        return cast(KubeflowConfig, self._config)

    @property
    def settings_class(self) -> type[KubeflowSettings]:
        """What a step or a pipeline may set otherwise."""
        return KubeflowSettings

    @property
    def validator(self) -> StackValidator:
        """A stack whose parts can be reached from the pods."""
        return StackValidator(
            required_components={StackComponentType.CONTAINER_REGISTRY, StackComponentType.IMAGE_BUILDER},
            custom_validation_function=_reachable_from_pods,
        )

    @property
    def supported_execution_modes(self) -> list[ExecutionMode]:
        """KFP starts nothing new after a failure; with FAIL_FAST what still runs is ended, too."""
        return [ExecutionMode.FAIL_FAST, ExecutionMode.STOP_ON_FAILURE]

    def get_docker_builds(self, snapshot: PipelineSnapshotBase) -> list[BuildConfiguration]:
        """The one image of the project, as it is: ZenML builds nothing, and ships code through the artifact store."""
        from zenml.config import DockerSettings
        from zenml.config.build_configuration import BuildConfiguration

        settings = DockerSettings(parent_image=self._image(), skip_build=True)
        return [BuildConfiguration(key=ORCHESTRATOR_DOCKER_IMAGE_KEY, settings=settings)]

    def _image(self) -> str:
        if self.config.registry is None and self.config.image is None:
            raise SwitchyardError("the orchestrator has neither image nor registry; set REGISTRY or SWITCHYARD_IMAGE")
        from stacks.step_image.reference import image_reference

        reference: str = image_reference(self.config.registry, self.config.image)
        return reference

    def get_orchestrator_run_id(self) -> str:
        """KFP's id of the run, in a pod of it."""
        try:
            return os.environ[_RUN_ID_VARIABLE]
        except KeyError:
            raise RuntimeError(f"{_RUN_ID_VARIABLE} is not set: this is no pod of a Kubeflow run") from None

    def submit_pipeline(
        self,
        snapshot: PipelineSnapshotResponse,
        stack: Stack,
        base_environment: dict[str, str],
        step_environments: dict[str, dict[str, str]],
        placeholder_run: PipelineRunResponse | None = None,
    ) -> SubmissionResult | None:
        """Uploads the pipeline, and starts it or puts it on its schedule.

        Returns:
            How to wait for the run, and what ZenML is to note of it.
        """
        from stacks.orchestrators.kubeflow.submission import submit

        return submit(self, snapshot, base_environment, step_environments, placeholder_run)

    def compile(self, snapshot: PipelineSnapshotResponse, path: Path) -> None:
        """Writes what would be submitted, for an import into KFP.

        Args:
            snapshot: From `pipeline.create_snapshot(…)`.
            path: The YAML file.
        """
        from stacks.orchestrators.kubeflow.submission import compile_to

        compile_to(self, snapshot, path)

    def get_pipeline_run_metadata(self, run_id: UUID) -> dict[str, MetadataType]:
        """What a pod that starts a run notes of it: the run's page in KFP."""
        return self.run_metadata(self.get_orchestrator_run_id())

    def run_metadata(self, kfp_run: str) -> dict[str, MetadataType]:
        """The id of the run in KFP, and its page."""
        found: dict[str, MetadataType] = {METADATA_ORCHESTRATOR_RUN_ID: kfp_run}
        if self.config.url:
            found[METADATA_ORCHESTRATOR_URL] = Uri(f"{self.config.url}/#/runs/details/{kfp_run}")
        return found

    def fetch_status(
        self, run: PipelineRunResponse, include_steps: bool = False
    ) -> tuple[ExecutionStatus | None, dict[str, ExecutionStatus] | None]:
        """See `zenml pipeline runs refresh`."""
        from stacks.orchestrators.kubeflow.status import fetch_status

        return fetch_status(self.config, run, include_steps)

    def _stop_run(self, run: PipelineRunResponse, graceful: bool = False) -> None:
        """See `zenml pipeline runs stop`; KFP ends all pods, which have their grace period in either case."""
        from stacks.orchestrators.kubeflow.status import stop

        stop(self.config, run)

    def update_schedule(self, schedule: ScheduleResponse, update: ScheduleUpdate) -> None:
        """See `zenml pipeline schedule update`."""
        from stacks.orchestrators.kubeflow.recurring import update_in_kfp

        update_in_kfp(self.config, schedule, update)

    def delete_schedule(self, schedule: ScheduleResponse) -> None:
        """See `zenml pipeline schedule delete`."""
        from stacks.orchestrators.kubeflow.recurring import delete_in_kfp

        delete_in_kfp(self.config, schedule)


def _reachable_from_pods(stack: Stack) -> tuple[bool, str]:
    """Components that keep their data on this machine are no use to a pod."""
    for component in stack.all_components:
        if path := cast(Any, component).local_path:
            return False, (
                f"{component.type.value} {component.name} keeps its data in {path}, which pods of Kubeflow cannot "
                "reach; choose a remote one, as stacks/kubeflow.yaml does"
            )
    return True, ""
