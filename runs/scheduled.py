"""Runs that this process does not start: of a schedule, or of a file that somebody imports."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from zenml.client import Client
from zenml.config.schedule import Schedule
from zenml.models import PipelineSnapshotResponse

from runs.launch import named, require_components
from switchyard.config.sections import UseCase
from switchyard.errors import InputError

# Each of their runs has a name of its own, and reads the data as it is then.
_RUN_NAME = "{use_case}-{date}-{time}"
_AS_IT_IS = ""


@runtime_checkable
class _Compiles(Protocol):
    """An orchestrator whose pipelines are files that it can write."""

    def compile(self, snapshot: PipelineSnapshotResponse, path: Path) -> None: ...


def compile_to(path: Path, config: UseCase) -> None:
    """Writes what the active stack would be given to run.

    Args:
        path: The file, for the orchestrator's own import.
        config: The use case.

    Raises:
        InputError: The active stack's orchestrator has no such files.
        SwitchyardError: The pipeline cannot be compiled, or the file cannot be written.
    """
    require_components()
    stack = Client().active_stack
    if not isinstance(stack.orchestrator, _Compiles):
        raise InputError(
            f"--compile: the active stack {stack.name} runs its steps in this process and has nothing to compile for; "
            "choose another with --stack, such as kubeflow"
        )
    pipeline = named(config, _RUN_NAME)
    pipeline.prepare(config=config, fingerprint=_AS_IT_IS)
    snapshot = pipeline.create_snapshot(name=f"{config.name}-{datetime.now(UTC):%Y-%m-%d-%H%M%S-%f}")
    stack.orchestrator.compile(snapshot, path)


def schedule(config: UseCase, cron: str) -> None:
    """Puts the use case on a schedule.

    Args:
        config: The use case, whose name the schedule gets.
        cron: Five fields: minute, hour, day of month, month, day of week; in UTC.

    Raises:
        InputError: The active stack's orchestrator keeps no schedules, or the expression is none.
        SwitchyardError: The schedule could not be made.
    """
    require_components()
    stack = Client().active_stack
    if not stack.orchestrator.config.is_schedulable:
        raise InputError(
            f"schedule: the active stack {stack.name} runs its steps in this process and keeps no schedules; "
            "choose another with --stack, such as kubeflow"
        )
    pipeline = named(config, _RUN_NAME).with_options(schedule=Schedule(name=config.name, cron_expression=cron))
    pipeline(config=config, fingerprint=_AS_IT_IS)
