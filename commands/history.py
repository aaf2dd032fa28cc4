"""`python run.py history`: what was in production when, why, and who put it there."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from commands.options import add_config
from stacks.setup.session import open_session
from switchyard.releases.moment import parse

ABOUT = "Shows what was in production when, why, and who put it there, from the runs."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_config(parser)
    parser.add_argument(
        "--at", metavar="TIME", help="show only what was in production at this time, as in 2026-11-22T10:00Z"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one object")


def call(arguments: argparse.Namespace) -> None:
    """Prints the history.

    Raises:
        InputError: The time cannot be read, or there is no such config.
    """
    from rich.console import Console

    from runs.preflight import read_config

    moment = parse(arguments.at) if arguments.at else None
    config = read_config(Path(arguments.config))
    with open_session(debug=arguments.debug):
        from runs.history import history, print_history

        told = history(config.name, moment)
    if arguments.json:
        print(json.dumps(told.to_json(), indent=2, ensure_ascii=False))
    else:
        print_history(Console(highlight=False), told)
