"""What the last task of every run does, in a pod of its own: nothing of a run that ended badly stays half done.

ZenML's hooks run in the process of a step, so they cannot tell of a pod that was killed; and the process that
submitted the run may be gone, or was never there if a schedule did. KFP starts this task however the others ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zenml.client import Client
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.logger import get_logger

from stacks.orchestrators.kubeflow.api import KfpApi
from stacks.orchestrators.kubeflow.failure import sentence
from stacks.orchestrators.kubeflow.half_written import remove_half_written
from stacks.orchestrators.kubeflow.pod_watch import PodWatch
from stacks.orchestrators.kubeflow.reconcile import SILENT, reconcile_run
from stacks.orchestrators.kubeflow.states import cancelled
from stacks.orchestrators.kubeflow.unfinished_artifacts import remove_unfinished

if TYPE_CHECKING:
    from zenml.models import PipelineRunResponse, PipelineSnapshotResponse

logger = get_logger(__name__)

_RUN_ID_VARIABLE = "KFP_RUN_ID"


def reconcile(snapshot: PipelineSnapshotResponse) -> None:
    """Settles the run that this pod belongs to.

    Args:
        snapshot: What the run was made from.
    """
    run = _run(snapshot)
    steps = dict(run.steps)
    planned = list(snapshot.step_configurations)
    if all(name in steps and steps[name].status.is_successful for name in planned):
        logger.info("all %d steps of run %s are done", len(planned), run.name)
        _each("artifacts of attempts that were killed", lambda: remove_unfinished(run))
        return
    if _was_cancelled(run):
        settled = reconcile_run(run.id, {}, f"run {run.name} was cancelled", stopped=True)
    else:
        settled = reconcile_run(run.id, _reasons(snapshot, run), rest_stopped=_rest_was_ended(snapshot, run))
    logger.info("run %s is recorded as %s", run.name, settled.status.value)
    _each("unfinished artifacts", lambda: remove_unfinished(settled))
    _each("half-written model versions", lambda: remove_half_written(settled, _use_case(snapshot)))
    _each("serving storage", lambda: _clean_serving(_use_case(snapshot)))


def _run(snapshot: PipelineSnapshotResponse) -> PipelineRunResponse:
    """ZenML's entry of this run, made now if no pod of it has got as far."""
    from zenml.orchestrators.step_launcher import StepLauncher

    step = next(iter(snapshot.step_configurations.values()))
    launcher = StepLauncher(snapshot=snapshot, step=step, orchestrator_run_id=os.environ[_RUN_ID_VARIABLE])
    run, _ = launcher._create_or_reuse_run()
    return run


def _was_cancelled(run: PipelineRunResponse) -> bool:
    """As far as anybody says so: ZenML, through which it was stopped, or KFP, if this pod can ask it."""
    if run.status in (ExecutionStatus.STOPPING, ExecutionStatus.STOPPED):
        return True
    if run.status.is_failed or any(step.status.is_failed for step in run.steps.values()):
        return False  # then the submitter has ended the rest
    try:
        orchestrator: Any = Client().active_stack.orchestrator
        return cancelled(KfpApi(orchestrator.config).get_run(os.environ[_RUN_ID_VARIABLE]))
    except Exception as error:  # another network, other credentials
        logger.debug("KFP does not say whether run %s was cancelled: %s", run.name, error)
        return False


def _rest_was_ended(snapshot: PipelineSnapshotResponse, run: PipelineRunResponse) -> bool:
    """Whether steps are unfinished because another one has failed."""
    fail_fast = snapshot.pipeline_configuration.execution_mode == ExecutionMode.FAIL_FAST
    return fail_fast and any(step.status.is_failed for step in run.steps.values())


def _reasons(snapshot: PipelineSnapshotResponse, run: PipelineRunResponse) -> dict[str, str]:
    """By step, what ended it: what Kubernetes says, as far as this account may ask, else that nobody does."""
    orchestrator = Client().active_stack.orchestrator
    pods = PodWatch(None, _namespace(), os.environ[_RUN_ID_VARIABLE])
    pods.look()
    steps = dict(run.steps)
    found = {
        name: sentence(trouble, pods.attempts(name))
        for name, trouble in pods.troubles().items()
        if name in snapshot.step_configurations and (name not in steps or not steps[name].status.is_finished)
    }
    logger.debug("%s: %s", orchestrator.name, found)
    if found or any(step.status.is_failed for step in steps.values()):
        return found
    return {name: f"step {name} {SILENT}" for name in _next(snapshot, run)}


def _next(snapshot: PipelineSnapshotResponse, run: PipelineRunResponse) -> list[str]:
    """Steps that ZenML has no end of although all that they need is there."""
    steps = dict(run.steps)
    done = {name for name, step in steps.items() if step.status.is_successful}
    return [
        name
        for name, step in snapshot.step_configurations.items()
        if name not in done and all(each in done for each in step.spec.upstream_steps)
    ]


def _namespace() -> str:
    """Of this pod."""
    from pathlib import Path

    file = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    return file.read_text().strip() if file.is_file() else "default"


def _use_case(snapshot: PipelineSnapshotResponse) -> str:
    config = snapshot.pipeline_configuration
    return config.substitutions.get("use_case") or config.name


def _clean_serving(use_case: str) -> None:
    """A deployer that keeps models in a store of its own may have been killed while it wrote one."""
    deployer = Client().active_stack.model_deployer
    clean = getattr(deployer, "remove_unused_versions", None)
    if clean is not None:
        clean(use_case)


def _each(what: str, clean: Callable[[], None]) -> None:
    """One thing that cannot be cleaned does not keep the others from it, nor the run from being settled."""
    try:
        clean()
    except Exception as error:
        logger.warning("%s are not cleaned up: %s: %s", what, type(error).__name__, error)
