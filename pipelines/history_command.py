"""`python run.py history`: its options, and what it prints."""

from __future__ import annotations

import argparse
import json
from contextlib import AbstractContextManager
from pathlib import Path

from switchyard.releases.moment import parse


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("--config", default="titanic", metavar="FILE", help="configs/NAME.yaml (default: titanic)")
    parser.add_argument(
        "--at", metavar="TIME", help="what was in production then, as in 2026-11-22T10:00Z (default: all of it)"
    )
    parser.add_argument("--json", action="store_true", help="for programs: one object")
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")


def show(arguments: argparse.Namespace, session: AbstractContextManager[None]) -> None:
    """Prints what the runs know.

    Args:
        arguments: Parsed.
        session: Opens ZenML.

    Raises:
        InputError: The time is none, or there is no such config.
    """
    from rich.console import Console

    from pipelines.preflight import read_config

    moment = parse(arguments.at) if arguments.at else None
    config = read_config(Path(arguments.config))
    with session:
        from pipelines.history import history, print_history

        told = history(config.name, moment)
    if arguments.json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print_history(Console(highlight=False), told)
