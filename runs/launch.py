"""Starts a training run on the active stack, watches it to its end, and tells the truth about how it ended."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from rich.console import Console
from zenml.client import Client
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.models import PipelineRunResponse, StepRunResponse
from zenml.pipelines.pipeline_definition import Pipeline

from pipelines.training import indexing, training
from runs.crashed import close_crashed_runs, noted
from runs.outcome import read_outcome
from runs.outcome_data import Outcome
from runs.progress import step_lines
from runs.summary import print_summary
from runs.unchanged import forget
from steps.index import network_of
from steps.registry.versions import load_version, production_version
from switchyard import errors
from switchyard.config.sections import UseCase
from switchyard.deadline import within
from switchyard.errors import InputError, SwitchyardError
from switchyard.lineage import origin
from switchyard.project import ROOT
from switchyard.serving.rollout.deployer import Deployer
from switchyard.tasks.data import Source

_POLL_SECONDS = 2.0
_READ_SECONDS = 30.0


@runtime_checkable
class _Checked(Protocol):
    """A component that can say in time that it will not do."""

    def check(self) -> None: ...


def train(config: UseCase, source: Source, console: Console, cache: bool, debug: bool) -> Outcome:
    """Runs the training pipeline to its end.

    Args:
        config: The use case.
        source: What preflight found of the data.
        console: Where the lines of the steps go.
        cache: Whether unchanged steps may come from the cache.
        debug: Leave ZenML's own output as it is.

    Returns:
        What came out of the run, which completed.

    Raises:
        InputError: The active stack cannot deploy what the run would train.
        SwitchyardError: The run did not complete; what it had found until then is printed first.
    """
    return _watched(config, source, console, debug, training, cache, {})


def index(config: UseCase, source: Source, console: Console, debug: bool) -> Outcome:
    """Puts the images of today into the gallery of the version in production, and releases that by the same gates.

    Args:
        config: The use case.
        source: What preflight found of the data.
        console: Where the lines of the steps go.
        debug: Leave ZenML's own output as it is.

    Raises:
        InputError: No version is in production, or its model has no gallery.
        SwitchyardError: The run did not complete.
    """
    version = production_version(config.name)
    if version is None:
        raise InputError(f"{config.name}: no version is in production, so nothing can be indexed; train one first")
    forget(config.name)
    model = load_version(config.name, version)
    arguments = {"version": version, "network": network_of(model, version), "candidate": model.metadata["candidate"]}
    return _watched(config, source, console, debug, indexing, True, arguments)


def _watched(
    config: UseCase,
    source: Source,
    console: Console,
    debug: bool,
    pipeline: Pipeline,
    cache: bool,
    arguments: Mapping[str, object],
) -> Outcome:
    require_components()
    name = name_of_run(config.name)
    ready = named(config, name, cache, pipeline)
    arguments = {"config": config, "fingerprint": source.fingerprint, **arguments}
    try:
        run = execute(name, console, debug, lambda: ready(**arguments))
    except SwitchyardError:
        _print_what_there_is(name, config, source, console)
        raise
    return read_outcome(run, config, source)


def name_of_run(what: str) -> str:
    """A name that no other run has."""
    return f"{what}-{datetime.now(UTC):%Y-%m-%d-%H%M%S-%f}"[:-3]


def execute(
    name: str, console: Console, debug: bool, start: Callable[[], PipelineRunResponse | None]
) -> PipelineRunResponse:
    """Starts a run and waits for its end.

    Args:
        name: The run's.
        console: Where the lines of the steps go.
        debug: Leave ZenML's own output as it is.
        start: Calls the pipeline.

    Returns:
        The run, which completed.

    Raises:
        SwitchyardError: It did not complete.
    """
    for crashed in close_crashed_runs():
        console.print(f"[dim]run {crashed} was cut off; it is recorded as failed[/]")
    failed: list[str] = []
    gc.freeze()  # what has been imported until now stays, so the garbage collector need not look at it
    gc.enable()
    try:
        with noted(name), step_lines(console, debug, failed):
            return _completed(start())
    except SwitchyardError:
        raise
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(*_goes_on(name)) from interrupt
    except Exception as error:
        where = f"step {failed[0]}" if failed else f"run {name}"
        raise SwitchyardError(f"{where} failed: {type(error).__name__}: {error}; --debug shows where") from error


def named(config: UseCase, name: str, cache: bool = True, pipeline: Pipeline = training) -> Pipeline:
    """The training pipeline of a use case, or another one that ends with a release.

    Args:
        config: The use case.
        name: Of the run; `{date}` and `{time}` stand for when it is started.
        cache: Whether unchanged steps may come from the cache.
        pipeline: Which one.
    """
    return pipeline.with_options(
        run_name=name,
        enable_cache=None if cache else False,
        substitutions={"use_case": config.name},
        extra=origin(ROOT).to_json(),  # where the steps run there may be no git to ask
        # The first failure ends the run, and is what the user is told.
        execution_mode=ExecutionMode.FAIL_FAST,
    )


def require_components() -> None:
    """Said before hours of training rather than after.

    Raises:
        InputError: The active stack cannot deploy what the run would train.
        SwitchyardError: Its tracking server does not answer.
    """
    require_deployer()
    _require_tracker()


def require_deployer() -> None:
    """Raises InputError if the active stack cannot deploy."""
    stack = Client().active_stack
    if not isinstance(stack.model_deployer, Deployer):
        found = f"is a {stack.model_deployer.flavor}" if stack.model_deployer else "is missing"
        raise InputError(
            f"the active stack {stack.name} cannot deploy: its model deployer {found}; apply one of ours with "
            "--stack local, or choose another with: zenml stack set NAME"
        )


def _require_tracker() -> None:
    """A tracking server that is down would fail the first step that writes to it, after the data has been read."""
    tracker = Client().active_stack.experiment_tracker
    if isinstance(tracker, _Checked):
        tracker.check()


def _print_what_there_is(name: str, config: UseCase, source: Source, console: Console) -> None:
    """A run that a gate stopped has figures, gates and reports all the same; a store that is away shows none."""
    found = Client().list_pipeline_runs(name=name, size=1).items
    if found and (outcome := within(_READ_SECONDS, lambda: read_outcome(found[0], config, source))):
        print_summary(console, outcome)


def _goes_on(name: str) -> tuple[str, ...]:
    """What to say of a run that Ctrl-C has not ended, for its steps run elsewhere."""
    if not Client().active_stack.orchestrator.config.is_remote:
        return ()
    found = Client().list_pipeline_runs(name=name, size=1).items
    if not found or found[0].status.is_finished:
        return ()
    return (f"Interrupted, but run {name} goes on where it was started; to end it: zenml pipeline runs stop {name}",)


def _completed(run: PipelineRunResponse | None) -> PipelineRunResponse:
    """Waits for a run that goes on elsewhere, and raises unless it completed."""
    if run is None:
        raise SwitchyardError("ZenML started no run; see --debug")
    while not run.status.is_finished:
        time.sleep(_POLL_SECONDS)
        run = Client().get_pipeline_run(run.id)
    if run.status != ExecutionStatus.COMPLETED:
        raise failure(run)
    return run


def failure(run: PipelineRunResponse) -> SwitchyardError:
    """The error that ended a run which was executed elsewhere, with the exit code that it had there."""
    failed = [step for step in run.steps.values() if step.status == ExecutionStatus.FAILED]
    if not failed:
        return SwitchyardError(f"run {run.name} ended as {run.status.value}")
    return _reconstructed(failed[0])


def _reconstructed(step: StepRunResponse) -> SwitchyardError:
    info = step.exception_info
    kind = (info.source or "" if info else "").rsplit(".", 1)[-1]
    message = (info.message or "" if info else "").strip()
    error_class = getattr(errors, kind, None)
    if isinstance(error_class, type) and issubclass(error_class, SwitchyardError):
        return error_class(message)
    return SwitchyardError(f"step {step.name} failed: {kind}: {message}".rstrip(": "))
