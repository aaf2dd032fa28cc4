"""Starts a release, a rollback or a retirement: each is a pipeline run of one step."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from zenml.pipelines.pipeline_definition import Pipeline

from pipelines.release import release, retire
from runs.launch import execute, name_of_run, named, require_deployer
from runs.unchanged import forget
from steps.registry.release_log import changes_of
from steps.registry.versions import facts_of, production_version, versions_of
from switchyard.config.sections import UseCase
from switchyard.errors import InputError
from switchyard.releases.change import Action, in_order, unfinished
from switchyard.releases.history import current
from switchyard.releases.result import ReleaseResult
from switchyard.releases.rules import check_release, rollback_target


def start_release(
    config: UseCase, version: int, reason: str, force: bool, console: Console, debug: bool
) -> ReleaseResult | None:
    """Releases a version.

    Args:
        config: The use case.
        version: Which one.
        reason: Why.
        force: Whether a version that was refused may be released.
        console: Where the line of the step goes.
        debug: Leave ZenML's own output as it is.

    Returns:
        What the step returned; None if the version is already in production and nothing was done.

    Raises:
        InputError: There is no such version, or it may not be released.
        SwitchyardError: The run did not complete; what was in production stays.
    """
    require_deployer()
    check_release(config.name, version, facts_of(config.name), force)
    return _start(config, version, "release", reason, console, debug)


def start_rollback(
    config: UseCase, version: int | None, reason: str, console: Console, debug: bool
) -> ReleaseResult | None:
    """Rolls back to a version that was in production before, even if its gates refused it then.

    Args:
        config: The use case.
        version: Which one; None for the previous champion.
        reason: Why.
        console: Where the line of the step goes.
        debug: Leave ZenML's own output as it is.

    Returns:
        As `start_release`.

    Raises:
        InputError: There is nothing to roll back to.
        SwitchyardError: The run did not complete; what was in production stays.
    """
    require_deployer()
    known = [change for change, _ in changes_of(config.name)]
    version = rollback_target(config.name, version, known, versions_of(config.name))
    return _start(config, version, "rollback", reason, console, debug)


def _start(
    config: UseCase, version: int, action: Action, reason: str, console: Console, debug: bool
) -> ReleaseResult | None:
    """Nothing is done if the version is in production and no earlier change of production is unfinished."""
    known = [change for change, _ in changes_of(config.name)]
    is_settled = unfinished(known) is None and all(each.finished for each in in_order(known)[-1:])
    if is_settled and current(known) == version == production_version(config.name):
        return None
    return _run(config, release, {"version": version, "action": action, "reason": reason}, action, console, debug)


def start_retirement(config: UseCase, reason: str, console: Console, debug: bool) -> ReleaseResult:
    """Takes a use case out of production.

    Raises:
        InputError: Nothing of it is in production.
        SwitchyardError: The run did not complete.
    """
    require_deployer()
    known = [change for change, _ in changes_of(config.name)]
    if current(known) is None and unfinished(known) is None and production_version(config.name) is None:
        raise InputError(f"{config.name}: no version is in production, so there is nothing to retire")
    return _run(config, retire, {"reason": reason}, "retire", console, debug)


def _run(
    config: UseCase,
    wanted: Pipeline,
    arguments: Mapping[str, object],
    action: Action,
    console: Console,
    debug: bool,
) -> ReleaseResult:
    name = name_of_run(f"{config.name}-{action}")
    ready = named(config, name, pipeline=wanted)
    forget(config.name)
    run = execute(name, console, debug, lambda: ready(config=config, **arguments))
    (output,) = (version for step in run.steps.values() for versions in step.outputs.values() for version in versions)
    result: ReleaseResult = output.load()
    return result
