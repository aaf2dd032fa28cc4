"""`python run.py retire`: a use case goes out of production."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from commands.production import add_common_options, change_production

if TYPE_CHECKING:
    from rich.console import Console

    from switchyard.config.sections import UseCase
    from switchyard.releases.result import ReleaseResult

ABOUT = "Takes a use case out of production: its endpoint stops."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_common_options(parser)


def call(arguments: argparse.Namespace) -> None:
    """Retires it, and prints what came of it.

    Raises:
        InputError: No reason was given, or no version is in production.
        SwitchyardError: The run did not complete.
    """

    def start(config: UseCase, reason: str, console: Console) -> ReleaseResult:
        from runs.release import start_retirement

        return start_retirement(config, reason, console, arguments.debug)

    change_production(arguments, start)
