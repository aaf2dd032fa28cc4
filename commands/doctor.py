"""`python run.py doctor`: is the stack ready?"""

from __future__ import annotations

import argparse

ABOUT = "Asks every part of a stack whether it does what a run needs."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--stack", default="local", metavar="NAME", help="stacks/NAME.yaml (default: local)")
    parser.add_argument("--json", action="store_true", help="for programs: one object a check")


def call(arguments: argparse.Namespace) -> int:
    """Looks at everything; the exit code is 1 if something failed.

    Raises:
        InputError: There is no such stack file, or it is broken.
    """
    from stacks.doctor.command import examine

    return examine(arguments.stack, as_json=arguments.json, debug=arguments.debug)
