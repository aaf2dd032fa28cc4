"""From a snapshot of ZenML's to a run, or a recurring run, of KFP's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from zenml.client import Client
from zenml.entrypoints import StepEntrypointConfiguration
from zenml.logger import get_logger
from zenml.models import PipelineRunUpdate
from zenml.orchestrators import SubmissionResult

from stacks.orchestrators.kubeflow.api import KfpApi
from stacks.orchestrators.kubeflow.config import KubeflowSettings
from stacks.orchestrators.kubeflow.spec import StepPod, pipeline_yaml
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from zenml.models import PipelineRunResponse, PipelineSnapshotResponse, ScheduleResponse

    from stacks.orchestrators.kubeflow.orchestrator import KubeflowOrchestrator

logger = get_logger(__name__)


def submit(
    orchestrator: KubeflowOrchestrator,
    snapshot: PipelineSnapshotResponse,
    base_environment: dict[str, str],
    step_environments: dict[str, dict[str, str]],
    placeholder: PipelineRunResponse | None,
) -> SubmissionResult | None:
    """Uploads the snapshot as a version of its pipeline, and runs or schedules that version.

    Args:
        orchestrator: Of the stack.
        snapshot: What to run.
        base_environment: For what is no step.
        step_environments: For each step.
        placeholder: ZenML's entry of the run; None if it is to be scheduled.

    Raises:
        SwitchyardError: The snapshot cannot be compiled, or KFP cannot be reached or refuses it.
    """
    if snapshot.schedule:
        return _schedule(orchestrator, snapshot, snapshot.schedule, base_environment, step_environments)
    if placeholder is None:
        raise SwitchyardError(f"{use_case(snapshot)}: ZenML has no run for snapshot {snapshot.id}")
    spec = compiled(orchestrator, snapshot, base_environment, step_environments)
    api = KfpApi(orchestrator.config)
    experiment, pipeline, version = _upload(api, snapshot, spec)
    run = api.run(placeholder.name, experiment, pipeline, version)
    try:
        _note(placeholder, run)
        logger.info("Kubeflow run %s of pipeline %s", run, use_case(snapshot))
    except BaseException:  # Ctrl-C, too: ZenML records a run as failed that was not submitted to the end
        api.terminate(run)
        raise

    from stacks.orchestrators.kubeflow.waiting import wait

    return SubmissionResult(
        wait_for_completion=lambda: wait(orchestrator.config, api, snapshot, placeholder.id, run),
        metadata=orchestrator.run_metadata(run),
    )


def _upload(api: KfpApi, snapshot: PipelineSnapshotResponse, spec: str) -> tuple[str, str, str]:
    """The ids of the use case's experiment and pipeline, and of the version that this snapshot is."""
    namespace, name = api.namespace(), use_case(snapshot)
    experiment = api.experiment(name, namespace)
    return experiment, *api.upload(name, f"{name}-{snapshot.id}", spec, namespace)


def _schedule(
    orchestrator: KubeflowOrchestrator,
    snapshot: PipelineSnapshotResponse,
    schedule: ScheduleResponse,
    base_environment: dict[str, str],
    step_environments: dict[str, dict[str, str]],
) -> SubmissionResult:
    from stacks.orchestrators.kubeflow.recurring import put, trigger

    try:
        trigger(schedule)  # refused before anything is uploaded
        spec = compiled(orchestrator, snapshot, base_environment, step_environments)
        api = KfpApi(orchestrator.config)
        return SubmissionResult(metadata=put(api, schedule, *_upload(api, snapshot, spec)))
    except SwitchyardError:
        Client().zen_store.delete_schedule(schedule.id, soft=False)  # ZenML made it before anybody was asked
        raise


def compile_to(orchestrator: KubeflowOrchestrator, snapshot: PipelineSnapshotResponse, path: Path) -> None:
    """Writes a snapshot's YAML; see `KubeflowOrchestrator.compile`."""
    from zenml.orchestrators.utils import get_config_environment_vars
    from zenml.utils.env_utils import get_runtime_environment

    if Client().zen_store.is_local_store():
        raise SwitchyardError("the pods cannot reach the ZenML of this machine; set ZENML_STORE_URL to a server")
    stack = Client().active_stack
    base, _ = get_config_environment_vars()
    steps = {
        name: {**base, **get_runtime_environment(config=step.config, stack=stack)}
        for name, step in snapshot.step_configurations.items()
    }
    spec = compiled(orchestrator, snapshot, base, steps)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(spec)
    except OSError as error:
        raise SwitchyardError(f"{path} cannot be written ({error.strerror})") from error


def compiled(
    orchestrator: KubeflowOrchestrator,
    snapshot: PipelineSnapshotResponse,
    base_environment: dict[str, str],
    step_environments: dict[str, dict[str, str]],
) -> str:
    """The YAML of a snapshot.

    Raises:
        SwitchyardError: KFP's compiler refuses it.
    """
    try:
        pods = [
            StepPod(
                name=name,
                image=orchestrator.get_image(snapshot=snapshot, step_name=name),
                step=step,
                settings=cast(KubeflowSettings, orchestrator.get_settings(step)),
                environment=step_environments[name],
                arguments=StepEntrypointConfiguration.get_entrypoint_arguments(step_name=name, snapshot_id=snapshot.id),
            )
            for name, step in snapshot.step_configurations.items()
        ]
        return pipeline_yaml(snapshot.id, pods, orchestrator.config, use_case(snapshot), base_environment)
    except SwitchyardError:
        raise
    except Exception as error:  # kfp's compiler raises errors of many kinds
        reason = " ".join(str(error).split())
        raise SwitchyardError(
            f"{use_case(snapshot)} cannot be compiled for Kubeflow Pipelines: {type(error).__name__}: {reason}"
        ) from error


def use_case(snapshot: PipelineSnapshotResponse) -> str:
    """What the experiment and the pipeline are called in KFP."""
    config = snapshot.pipeline_configuration
    return config.substitutions.get("use_case") or config.name.replace("_", "-")


def _note(placeholder: PipelineRunResponse, run: str) -> None:
    """Tells ZenML which run of KFP's it is, unless a pod of it was quicker."""
    from zenml.exceptions import IllegalOperationError

    try:
        Client().zen_store.update_run(placeholder.id, PipelineRunUpdate(orchestrator_run_id=run))
    except IllegalOperationError:
        if Client().get_pipeline_run(placeholder.id).orchestrator_run_id != run:
            raise
