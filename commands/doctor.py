"""`python run.py doctor`: is the stack ready?"""

from __future__ import annotations

import argparse

ABOUT = "Checks whether every part of a stack does what a run needs."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--stack", default="local", metavar="NAME", help="stacks/NAME.yaml (default: local)")
    parser.add_argument("--json", action="store_true", help="print JSON, one object per check")


def call(arguments: argparse.Namespace) -> int:
    """Looks at everything; the exit code is 1 if something failed.

    Raises:
        InputError: There is no such stack file, or it is broken.
    """
    from stacks.doctor.command import examine

    return examine(arguments.stack, as_json=arguments.json, debug=arguments.debug)
