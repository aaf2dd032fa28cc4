"""`python run.py index`: today's images become the gallery of the version in production."""

from __future__ import annotations

import argparse
from pathlib import Path

from commands.options import add_overrides, add_stack
from commands.session import asked_stack, session_on

ABOUT = "Rebuilds the gallery of the version in production from today's images, without training again."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--config", required=True, metavar="FILE", help="configs/NAME.yaml of an image_retrieval")
    add_stack(parser)
    add_overrides(parser)


def call(arguments: argparse.Namespace) -> None:
    """Runs the indexing pipeline.

    Raises:
        InputError: The use case has no gallery, or no version is in production.
        SwitchyardError: The run did not complete, or a gate failed.
    """
    from rich.console import Console

    from runs.preflight import preflight
    from runs.summary import print_summary

    config, source = preflight(Path(arguments.config), arguments.set)
    stack = asked_stack(arguments.stack)
    console = Console(highlight=False)
    with session_on(arguments.stack, stack, console, arguments.debug):
        from runs.launch import index
        from stacks.s3.bucket import require_bucket

        require_bucket()
        outcome = index(config, source, console, debug=arguments.debug)
    print_summary(console, outcome)
