"""`python run.py reproduce VERSION`: a registered version, made again."""

from __future__ import annotations

import argparse

from commands.options import add_use_case, use_case_of
from stacks.setup.session import open_session

ABOUT = "Rebuilds a registered version from its recipe, and says whether its bytes are the same."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("version", metavar="VERSION", help="a version's number, or champion")
    add_use_case(parser)
    parser.add_argument("--here", action="store_true", help="with the code that is here, not the recorded commit")


def call(arguments: argparse.Namespace) -> int:
    """Makes it again; the exit code is 1 if the bytes differ.

    Raises:
        InputError: There is no such version.
        SwitchyardError: Its recipe or its data is gone, or making it again failed.
    """
    with open_session(debug=arguments.debug):
        from runs.versions.reproduce import reproduce

        return reproduce(use_case_of(arguments.config), arguments.version, here=arguments.here)
