"""What `release`, `rollback` and `retire` share: each is a run that changes what is in production."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from commands.options import add_config, add_stack
from commands.session import asked_stack, session_on
from switchyard.releases.rules import check_reason

if TYPE_CHECKING:
    from rich.console import Console

    from switchyard.config.sections import UseCase
    from switchyard.releases.result import ReleaseResult

Start = Callable[["UseCase", str, "Console"], "ReleaseResult | None"]
"""Starts the run of a use case for a reason; None: nothing had to be done."""


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options of all three."""
    add_config(parser)
    parser.add_argument("--reason", metavar="TEXT", help="the reason, which the history shows")
    add_stack(parser)


def version_number(text: str) -> int:
    """The type of an option that takes a version."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a version: give its number, from 1")
    return number


def change_production(arguments: argparse.Namespace, start: Start) -> None:
    """Starts the run, and prints what came of it.

    Raises:
        InputError: No reason was given, or what was asked for cannot be done.
        SwitchyardError: The run did not complete.
    """
    from rich.console import Console

    from runs.preflight import read_config

    stack = asked_stack(arguments.stack)
    reason = check_reason(arguments.reason, arguments.command)
    config, console = read_config(Path(arguments.config)), Console(highlight=False)
    with session_on(arguments.stack, stack, console, arguments.debug):
        result = start(config, reason, console)
    if result is None:
        which = f"version {arguments.version}" if arguments.version else "that version"
        lines = [f"{config.name}: {which} is already in production; nothing was done."]
    else:
        lines = _told(result)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _told(result: ReleaseResult) -> list[str]:
    use_case, endpoint = result.use_case, result.endpoint
    lines = [f"repaired: {line}" for line in result.repaired]
    if endpoint is None:
        return [*lines, f"{use_case} is retired: its endpoint has stopped (run {result.run})."]
    lines.append(f"{use_case} version {result.version} is in production (run {result.run}).")
    lines.append(f"endpoint  {endpoint.url}/v2/models/{use_case}")
    return [*lines, *([endpoint.notice] if endpoint.notice else [])]
