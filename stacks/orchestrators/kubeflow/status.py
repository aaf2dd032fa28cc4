"""What `zenml pipeline runs refresh` and `zenml pipeline runs stop` ask of KFP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.enums import ExecutionStatus

from stacks.orchestrators.kubeflow.api import KfpApi
from stacks.orchestrators.kubeflow.states import ended, zenml_status
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from zenml.models import PipelineRunResponse

    from stacks.orchestrators.kubeflow.config import KubeflowConfig


def fetch_status(
    config: KubeflowConfig, run: PipelineRunResponse, include_steps: bool
) -> tuple[ExecutionStatus | None, dict[str, ExecutionStatus] | None]:
    """What KFP says of a run.

    Args:
        config: Of the orchestrator.
        run: ZenML's entry.
        include_steps: Whether unfinished steps of a run that has ended are to be settled, too.

    Returns:
        The status of the run, and of those steps.
    """
    if run.status.is_finished:
        return None, None
    found = KfpApi(config).get_run(_id(run))
    status = zenml_status(found)
    if not include_steps or not ended(found):
        return status, None
    unfinished = [name for name, step in run.steps.items() if not step.status.is_finished]
    of_step = ExecutionStatus.STOPPED if status == ExecutionStatus.STOPPED else ExecutionStatus.FAILED
    return status, dict.fromkeys(unfinished, of_step)


def stop(config: KubeflowConfig, run: PipelineRunResponse) -> None:
    """Ends a run and its pods."""
    KfpApi(config).terminate(_id(run))


def _id(run: PipelineRunResponse) -> str:
    if not run.orchestrator_run_id:
        raise SwitchyardError(f"run {run.name} has no run in Kubeflow Pipelines: it was never submitted")
    return run.orchestrator_run_id
