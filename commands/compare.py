"""`python run.py compare A B`: two registered versions on the same data."""

from __future__ import annotations

import argparse
from pathlib import Path

from commands.options import add_use_case
from stacks.setup.session import open_session

ABOUT = "Compares two registered versions of a use case on the same data."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    for each in ("a", "b"):
        parser.add_argument(each, metavar=each.upper(), help="a version's number, or champion")
    add_use_case(parser)
    parser.add_argument(
        "--data", metavar="URI", help="compare on all of this source, instead of the config's test rows or images"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def call(arguments: argparse.Namespace) -> int:
    """Prints the figures of both and whether they differ.

    Raises:
        InputError: There is no such version, or the data cannot be used.
        SwitchyardError: The ONNX file of a version is gone.
    """
    with open_session(debug=arguments.debug):
        from runs.versions.compare import compare

        return compare(Path(arguments.config), arguments.a, arguments.b, uri=arguments.data, as_json=arguments.json)
