"""Makes ZenML's entry of a run say what has happened to it, when the pods could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.exceptions import IllegalOperationError
from zenml.logger import get_logger
from zenml.models import ExceptionInfo, PipelineRunUpdate, StepRunRequest, StepRunUpdate
from zenml.utils.time_utils import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from zenml.models import PipelineRunResponse, StepRunResponse

logger = get_logger(__name__)

_SOURCE = "switchyard.errors.SwitchyardError"
_LONGEST_REASON = 250
SILENT = "ended without telling ZenML how; its pod was killed or deleted"


def reconcile_run(
    run: UUID, reasons: Mapping[str, str], why: str = "", stopped: bool = False, rest_stopped: bool = False
) -> PipelineRunResponse:
    """Ends what is unfinished, of a run that nothing works on any more.

    Args:
        run: ZenML's id of it.
        reasons: By step, what ended it, as a whole sentence; a step without an entry in ZenML gets one.
        why: What ended the run, and the steps without a reason of their own.
        stopped: The run was ended on purpose, which is no failure.
        rest_stopped: The steps without a reason of their own were.

    Returns:
        ZenML's entry, which is finished.
    """
    record_reasons(run, reasons)
    found = Client().get_pipeline_run(run)
    rest = ExecutionStatus.STOPPED if stopped or rest_stopped else ExecutionStatus.FAILED
    for name, step in found.steps.items():
        if not step.status.is_finished:
            _end(found, step, rest, why or f"step {name} {SILENT}")
    return _end_run(run, stopped, why or next(iter(reasons.values()), ""))


def record_reasons(run: UUID, reasons: Mapping[str, str]) -> None:
    """Records why these steps failed, those that ZenML has no end of yet.

    Args:
        run: ZenML's id of the run.
        reasons: By step, a whole sentence.
    """
    found = Client().get_pipeline_run(run)
    steps = dict(found.steps)
    for name, reason in reasons.items():
        if name and name not in steps:
            _enter(found, name, reason)
        elif name and not steps[name].status.is_finished:
            _end(found, steps[name], ExecutionStatus.FAILED, reason)


def _end(run: PipelineRunResponse, step: StepRunResponse, status: ExecutionStatus, reason: str) -> None:
    update = StepRunUpdate(status=status, end_time=utc_now(), exception_info=_info(reason))
    try:
        ended = Client().zen_store.update_run_step(step.id, update)
        if ended.status == ExecutionStatus.RETRYING:  # ZenML expects another pod; there will be none
            _close_retries(run, ended, reason)
    except IllegalOperationError as error:  # its pod was quicker
        logger.debug("step %s: %s", step.name, error)


def _close_retries(run: PipelineRunResponse, step: StepRunResponse, reason: str) -> None:
    """A step that ZenML lets try again is failed only by a last attempt: the pods that never got to ZenML."""
    last = step
    while last.status == ExecutionStatus.RETRYING:
        try:
            last = _enter(run, step.name, reason)
        except IllegalOperationError:  # the run has failed already, so no attempt is taken: the step has stopped
            stopped = StepRunUpdate(status=ExecutionStatus.STOPPED, end_time=utc_now())
            last = Client().zen_store.update_run_step(last.id, stopped)


def _enter(run: PipelineRunResponse, step: str, reason: str) -> StepRunResponse:
    """An entry for an attempt that could not make one itself."""
    now = utc_now()
    request = StepRunRequest(
        name=step,
        pipeline_run_id=run.id,
        project=Client().active_project.id,
        status=ExecutionStatus.FAILED,
        start_time=now,
        end_time=now,
        exception_info=_info(reason),
    )
    entered = Client().zen_store.create_run_step(request)
    while entered.status == ExecutionStatus.RETRYING:
        entered = Client().zen_store.create_run_step(request)
    return entered


def _end_run(run: UUID, stopped: bool, why: str) -> PipelineRunResponse:
    status = ExecutionStatus.STOPPING if stopped else ExecutionStatus.FAILED
    found = Client().get_pipeline_run(run)
    reason = why[:_LONGEST_REASON] or None
    if found.status.is_finished and not (reason and found.status == ExecutionStatus.FAILED and not stopped):
        return found
    try:
        Client().zen_store.update_run(run, PipelineRunUpdate(status=status, status_reason=reason))
    except IllegalOperationError as error:  # somebody else was quicker
        logger.debug("run %s: %s", found.name, error)
    return Client().get_pipeline_run(run)


def _info(reason: str) -> ExceptionInfo:
    return ExceptionInfo(traceback=reason, source=_SOURCE, message=reason)
