"""How KFP says that a run or a task has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.enums import ExecutionStatus

if TYPE_CHECKING:
    from kfp_server_api import V2beta1Run

_ENDED = {"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED", "ERROR"}


def ended(run: V2beta1Run) -> bool:
    """Whether nothing of it runs any more."""
    return str(run.state) in _ENDED


def cancelled(run: V2beta1Run) -> bool:
    """Whether somebody ended it: KFP on Argo calls such a run FAILED, and only its history tells."""
    history = [str(each.state) for each in run.state_history or []]
    return str(run.state) in ("CANCELED", "CANCELING") or "CANCELING" in history


def zenml_status(run: V2beta1Run) -> ExecutionStatus:
    """The same in ZenML's words."""
    state = str(run.state)
    if state == "CANCELING":
        return ExecutionStatus.STOPPING
    if cancelled(run) and ended(run):
        return ExecutionStatus.STOPPED
    return {
        "SUCCEEDED": ExecutionStatus.COMPLETED,
        "FAILED": ExecutionStatus.FAILED,
        "ERROR": ExecutionStatus.FAILED,
        "SKIPPED": ExecutionStatus.COMPLETED,
        "RUNNING": ExecutionStatus.RUNNING,
        "PAUSED": ExecutionStatus.RUNNING,
    }.get(state, ExecutionStatus.PROVISIONING)
