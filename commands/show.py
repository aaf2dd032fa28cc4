"""`python run.py show VERSION`: the report and the model card of a registered version."""

from __future__ import annotations

import argparse

from commands.options import add_use_case, use_case_of
from stacks.setup.session import open_session

ABOUT = "Opens the report of a registered version, and prints its model card."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("version", metavar="VERSION", help="a version's number, or champion")
    add_use_case(parser)
    parser.add_argument("--card", action="store_true", help="print only the card, as Markdown")
    parser.add_argument("--no-open", action="store_true", help="do not open the report in a browser")


def call(arguments: argparse.Namespace) -> int:
    """Prints the card, and opens the report.

    Raises:
        InputError: There is no such version.
        SwitchyardError: It has no card.
    """
    with open_session(debug=arguments.debug):
        from runs.versions.show import show

        use_case = use_case_of(arguments.config)
        return show(use_case, arguments.version, only_card=arguments.card, browse=not arguments.no_open)
