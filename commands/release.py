"""`python run.py release`: a registered version goes into production."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from commands.production import add_common_options, change_production, version_number

if TYPE_CHECKING:
    from rich.console import Console

    from switchyard.config.sections import UseCase
    from switchyard.releases.result import ReleaseResult

ABOUT = "Puts a registered version into production."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--version", type=version_number, required=True, metavar="N", help="the version to release")
    parser.add_argument("--force", action="store_true", help="release it even if its gates failed")
    add_common_options(parser)


def call(arguments: argparse.Namespace) -> None:
    """Releases it, and prints what came of it.

    Raises:
        InputError: No reason was given, there is no such version, or it may not be released.
        SwitchyardError: The run did not complete.
    """

    def start(config: UseCase, reason: str, console: Console) -> ReleaseResult | None:
        from runs.release import start_release

        return start_release(config, arguments.version, reason, arguments.force, console, arguments.debug)

    change_production(arguments, start)
