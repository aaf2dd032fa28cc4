"""Starts a release, a rollback or a retirement: each is a pipeline run of one step."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from zenml.pipelines.pipeline_definition import Pipeline

from pipelines.release import release, retire
from runs.launch import execute, name_of_run, named, require_deployer
from runs.unchanged import forget
from steps.registry.release_log import changes_of
from steps.registry.versions import facts_of, production_version
from switchyard.config.images import AnyConfig
from switchyard.errors import InputError
from switchyard.releases.change import Action, in_order, unfinished
from switchyard.releases.history import current
from switchyard.releases.rules import check_release, rollback_target


def start_release(
    config: AnyConfig, version: int | None, action: Action, reason: str, force: bool, console: Console, debug: bool
) -> dict[str, Any] | None:
    """Releases a version, or rolls back to one.

    Args:
        config: The use case.
        version: The one asked for; None for the previous champion, in a rollback.
        action: `release` or `rollback`.
        reason: Why.
        force: Whether a version that was refused may be released.
        console: Where the line of the step goes.
        debug: Leave ZenML's own output as it is.

    Returns:
        What the step returned, see `steps.release`, with the name of the `run`; None if the version is in
        production already and nothing was done.

    Raises:
        InputError: There is no such version, or it may not be released.
        SwitchyardError: The run did not complete; what was in production stays.
    """
    require_deployer()
    known, registered = [change for change, _ in changes_of(config.name)], facts_of(config.name)
    if action == "rollback":
        version = rollback_target(config.name, version, known, registered)
    assert version is not None, "the parser asks a release for it"
    check_release(config.name, version, registered, force or action == "rollback")
    last = in_order(known)[-1:]
    settled = unfinished(known) is None and all(each.finished for each in last)
    if settled and current(known) == version == production_version(config.name):
        return None
    return _run(config, release, {"version": version, "action": action, "reason": reason}, action, console, debug)


def start_retirement(config: AnyConfig, reason: str, console: Console, debug: bool) -> dict[str, Any]:
    """Takes a use case out of production.

    Raises:
        InputError: Nothing of it is in production.
        SwitchyardError: The run did not complete.
    """
    require_deployer()
    known = [change for change, _ in changes_of(config.name)]
    if current(known) is None and unfinished(known) is None and production_version(config.name) is None:
        raise InputError(f"{config.name}: nothing of it is in production, so nothing is retired")
    return _run(config, retire, {"reason": reason}, "retire", console, debug)


def _run(
    config: AnyConfig,
    wanted: Pipeline,
    arguments: dict[str, Any],
    action: str,
    console: Console,
    debug: bool,
) -> dict[str, Any]:
    name = name_of_run(f"{config.name}-{action}")
    ready = named(config, name, pipeline=wanted)
    forget(config.name)
    run = execute(name, console, debug, lambda: ready(config=config, **arguments))
    (output,) = (version for step in run.steps.values() for versions in step.outputs.values() for version in versions)
    result: dict[str, Any] = output.load()
    return {**result, "run": run.name}
