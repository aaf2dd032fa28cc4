"""Follows a run of KFP's to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from zenml.client import Client

from stacks.kubeflow.api import KfpApi, KfpUnreachableError
from stacks.kubeflow.progress import Progress
from stacks.kubeflow.states import cancelled, ended
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from kfp_server_api import V2beta1Run
    from zenml.models import PipelineSnapshotResponse, StepRunResponse

    from stacks.flavors.kubeflow import KubeflowConfig

POLL_SECONDS = 2.0
Answer = TypeVar("Answer")


def wait(
    config: KubeflowConfig, api: KfpApi, snapshot: PipelineSnapshotResponse, zenml_run: UUID, kfp_run: str
) -> None:
    """Returns when the run has ended and ZenML knows how, or a step has told ZenML its own error.

    Args:
        config: Of the orchestrator.
        api: KFP.
        snapshot: What is run.
        zenml_run: ZenML's id of the run.
        kfp_run: KFP's.

    Raises:
        SwitchyardError: The run ended badly for a reason that no step could report.
    """
    progress = Progress(_steps(zenml_run))
    give_up = time.monotonic() + config.timeout
    while True:
        run = persistently(lambda: api.get_run(kfp_run), config.outage_timeout)
        progress.tell(_steps(zenml_run))
        if ended(run):
            return _conclude(run, zenml_run)
        if time.monotonic() > give_up:
            api.terminate(kfp_run)
            raise SwitchyardError(f"run {run.display_name} took longer than {config.timeout} s and was ended")
        time.sleep(POLL_SECONDS)


def _conclude(run: V2beta1Run, zenml_run: UUID) -> None:
    if cancelled(run):
        raise SwitchyardError(f"run {run.display_name} was cancelled in Kubeflow Pipelines")
    if str(run.state) == "SUCCEEDED" or any(step.status.is_failed for step in _steps(zenml_run)):
        return
    raise SwitchyardError(f"run {run.display_name} ended as {run.state} in Kubeflow Pipelines")


def persistently(ask: Callable[[], Answer], seconds: float) -> Answer:
    """Asks until there is an answer, for a while.

    Args:
        ask: The question.
        seconds: How long KFP may be out of reach.

    Raises:
        KfpUnreachableError: It was for longer.
    """
    since = time.monotonic()
    while True:
        try:
            return ask()
        except KfpUnreachableError as error:
            if time.monotonic() - since > seconds:
                raise KfpUnreachableError(
                    f"{error}; tried for {seconds:.0f} s. The run may go on: zenml pipeline runs refresh tells"
                ) from error
            time.sleep(POLL_SECONDS)


def _steps(run: UUID) -> list[StepRunResponse]:
    return list(Client().list_run_steps(pipeline_run_id=run, size=200, sort_by="asc:created").items)
