"""`python run.py release | rollback | retire`: what is asked for, and what is said of it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from commands.options import add_config, add_stack
from commands.session import asked_stack, session_on
from switchyard.releases.rules import check_reason

ABOUT = {
    "release": "Puts a registered version into production.",
    "rollback": "Puts the previous champion back into production, or the version that is named.",
    "retire": "Takes a use case out of production: its endpoint stops.",
}


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """What one of the three takes."""
    add_config(parser)
    if name == "release":
        parser.add_argument("--version", type=_version, required=True, metavar="N", help="the version to release")
        parser.add_argument("--force", action="store_true", help="release it even if its gates failed")
    if name == "rollback":
        parser.add_argument("--version", type=_version, metavar="N", help="default: the previous champion")
    parser.add_argument("--reason", metavar="TEXT", help="the reason, which the history shows")
    add_stack(parser)


def _version(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a version: give its number, 1 or higher")
    return number


def call(arguments: argparse.Namespace) -> None:
    """Runs what was asked for, and says what came of it.

    Raises:
        InputError: No reason was given, or what was asked for cannot be done.
        SwitchyardError: The run did not complete.
    """
    from rich.console import Console

    from runs.preflight import read_config

    action = arguments.command
    stack = asked_stack(arguments.stack)
    reason = check_reason(arguments.reason, action)
    config, console = read_config(Path(arguments.config)), Console(highlight=False)
    with session_on(arguments.stack, stack, console, arguments.debug):
        from runs import release

        if action == "retire":
            done: dict[str, Any] | None = release.start_retirement(config, reason, console, arguments.debug)
        else:
            force = action == "release" and arguments.force
            done = release.start_release(config, arguments.version, action, reason, force, console, arguments.debug)
    for line in _told(config.name, done, arguments):
        console.print(line, markup=False, soft_wrap=True)


def _told(use_case: str, done: dict[str, Any] | None, arguments: argparse.Namespace) -> list[str]:
    if done is None:
        which = f"version {arguments.version}" if arguments.version else "that version"
        return [f"{use_case}: {which} is already in production; nothing was done."]
    lines = [f"repaired: {line}" for line in done["repaired"]]
    if done["version"] is None:
        return [*lines, f"{use_case} is retired: its endpoint has stopped (run {done['run']})."]
    endpoint = done["endpoint"]
    lines.append(f"{use_case} version {done['version']} is in production (run {done['run']}).")
    lines.append(f"endpoint  {endpoint['url']}/v2/models/{use_case}")
    return [*lines, *([endpoint["notice"]] if endpoint["notice"] else [])]
