"""`python run.py schedule`: a use case runs at certain times."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.options import add_stack
from commands.session import asked_stack, session_on

if TYPE_CHECKING:
    from switchyard.config.sections import UseCase

ABOUT = "Runs a use case on a schedule: set, list, pause, resume, delete."
_ACTIONS = {
    "set": "schedule a use case, replacing the schedule it has",
    "list": "show the schedules",
    "pause": "start no runs until it is resumed",
    "resume": "start runs again",
    "delete": "delete the schedule",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """A command for each action."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, what in _ACTIONS.items():
        of_action = actions.add_parser(action, help=what, description=what)
        if action != "list":
            of_action.add_argument("name", metavar="NAME", help="the use case")
        if action == "set":
            of_action.add_argument("cron", metavar="CRON", help='five fields, in UTC, as in "0 6 * * 1-5"')
        add_stack(of_action)
        of_action.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="show ZenML's own output, and tracebacks"
        )


def call(arguments: argparse.Namespace) -> None:
    """Does the action, and says what came of it.

    Raises:
        InputError: The use case cannot be run as it is now, or has no schedule.
    """
    from rich.console import Console

    stack, console = asked_stack(arguments.stack), Console(highlight=False)
    config = _checked(arguments.name) if arguments.action == "set" else None
    with session_on(arguments.stack, stack, console, arguments.debug):
        from stacks.orchestrators import schedules

        if config:
            from runs.scheduled import schedule

            with schedules.replacing(config.name):
                schedule(config, arguments.cron)
            return console.print(f"{config.name} runs at {arguments.cron} (UTC).", markup=False)
        if arguments.action == "list":
            return console.print(schedules.listed())
        act = {"pause": schedules.pause, "resume": schedules.resume, "delete": schedules.delete}
        return console.print(act[arguments.action](arguments.name), markup=False)


def _checked(name: str) -> UseCase:
    """A use case that can be run as it is now; the data of another day is looked at then."""
    from runs.preflight import check_learners, preflight

    config, _ = preflight(Path(name), [])
    check_learners(Path(name), config)
    return config
