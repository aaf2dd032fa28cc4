"""`python run.py rollback`: the previous champion comes back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from commands.production import add_common_options, change_production, version_number

if TYPE_CHECKING:
    from rich.console import Console

    from switchyard.config.sections import UseCase
    from switchyard.releases.result import ReleaseResult

ABOUT = "Puts the previous champion back into production, or the version that is named."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--version", type=version_number, metavar="N", help="default: the previous champion")
    add_common_options(parser)


def call(arguments: argparse.Namespace) -> None:
    """Rolls back, and prints what came of it.

    Raises:
        InputError: No reason was given, or there is nothing to roll back to.
        SwitchyardError: The run did not complete.
    """

    def start(config: UseCase, reason: str, console: Console) -> ReleaseResult | None:
        from runs.release import start_rollback

        return start_rollback(config, arguments.version, reason, console, arguments.debug)

    change_production(arguments, start)
