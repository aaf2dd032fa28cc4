"""`python run.py stop`: nothing listens any more."""

from __future__ import annotations

import argparse

from stacks.setup.session import open_session

ABOUT = "Stops the endpoint of a use case."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("name", nargs="?", default="titanic", help="the use case (default: titanic)")


def call(arguments: argparse.Namespace) -> None:
    """Stops it, and says so."""
    with open_session(debug=arguments.debug):
        from stacks.deployers.endpoints import stop_endpoint

        print(stop_endpoint(arguments.name))
