"""Runs whose process was killed: without this, ZenML and MLflow would show them as running for ever.

Only a run whose steps are executed by this very process is noted: it cannot go on without it. The note is a
file that the process holds locked, and the system releases the lock however the process ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.models import PipelineRunResponse, PipelineRunUpdate, StepRunUpdate
from zenml.orchestrators import LocalOrchestrator
from zenml.utils.time_utils import utc_now

from switchyard.project import STATE

_NOTES = STATE / "running"


@contextmanager
def noted(run: str) -> Iterator[None]:
    """While the block is executed, a run that is found unfinished is no abandoned one.

    Args:
        run: Its name.
    """
    if not isinstance(Client().active_stack.orchestrator, LocalOrchestrator):
        yield
        return
    _NOTES.mkdir(parents=True, exist_ok=True)
    note = _NOTES / run
    draft = note.with_suffix(f".{os.getpid()}.draft")
    with draft.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(Client().zen_store.url)
        file.flush()
        draft.replace(note)
        yield
        # Not after an exception: if that has left the run unfinished, the next start puts it right.
        note.unlink(missing_ok=True)


def close_crashed_runs() -> list[str]:
    """Records every run as failed whose process is gone.

    Returns:
        The names of these runs.
    """
    names = []
    for note in sorted(_NOTES.glob("*")) if _NOTES.is_dir() else []:
        with suppress(FileNotFoundError), note.open() as file:  # gone: its run has just ended
            if not _abandoned(file) or file.read() != Client().zen_store.url:
                continue
            for run in Client().list_pipeline_runs(name=note.name, size=1).items:
                if not run.status.is_finished:
                    _fail(run)
                    names.append(run.name)
            note.unlink(missing_ok=True)
    return names


def _abandoned(note: IO[str]) -> bool:
    try:
        fcntl.flock(note, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fail(run: PipelineRunResponse) -> None:
    store, now = Client().zen_store, utc_now()
    for step in run.steps.values():
        if not step.status.is_finished:
            store.update_run_step(step.id, StepRunUpdate(status=ExecutionStatus.FAILED, end_time=now))
    reason = "the process that executed it has ended"
    store.update_run(run.id, PipelineRunUpdate(status=ExecutionStatus.FAILED, status_reason=reason))
    _end_in_mlflow(run.name)


def _end_in_mlflow(name: str) -> None:
    """MLflow's run of that name, and those nested in it."""
    tracker = Client().active_stack.experiment_tracker
    if tracker is None or not hasattr(tracker, "get_tracking_uri"):
        return
    from mlflow import MlflowClient

    client = MlflowClient(tracker.get_tracking_uri())
    experiments = [each.experiment_id for each in client.search_experiments()]
    for parent in client.search_runs(experiments, f"attributes.run_name = '{name}'"):
        nested = client.search_runs(experiments, f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
        for run in [*nested, parent]:
            if run.info.status == "RUNNING":
                client.set_terminated(run.info.run_id, "KILLED")
