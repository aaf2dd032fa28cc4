"""`python run.py compare | show | reproduce`: what is known of registered versions."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from stacks.setup.session import open_session
from switchyard.errors import InputError

ABOUT = {
    "compare": "Compares two registered versions of a use case on the same data.",
    "show": "Opens the report of a registered version, and prints its model card.",
    "reproduce": "Rebuilds a registered version from what is on record, and says whether its bytes are the same.",
}


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """What one of the three takes."""
    for each in ("a", "b") if name == "compare" else ("version",):
        parser.add_argument(each, metavar=each.upper(), help="a version's number, or champion")
    parser.add_argument("--config", default="titanic", metavar="NAME", help="the use case (default: titanic)")
    if name == "compare":
        parser.add_argument(
            "--data", metavar="URI", help="compare on all of this source, instead of the config's test rows or images"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
    elif name == "show":
        parser.add_argument("--card", action="store_true", help="print only the model card, as Markdown")
        parser.add_argument("--no-open", action="store_true", help="do not open the report in a browser")
    else:
        parser.add_argument("--here", action="store_true", help="use the current code instead of the recorded commit")


def call(arguments: argparse.Namespace) -> int:
    """Answers; the exit code says how it came out.

    Raises:
        InputError: There is no such version.
    """
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "compare": _compare,
        "show": _show,
        "reproduce": _reproduce,
    }
    with open_session(debug=arguments.debug):
        return commands[arguments.command](arguments)


def _compare(arguments: argparse.Namespace) -> int:
    from runs.versions.compare import compare

    return compare(Path(arguments.config), arguments.a, arguments.b, uri=arguments.data, as_json=arguments.json)


def _show(arguments: argparse.Namespace) -> int:
    from runs.versions.show import show

    return show(_use_case(arguments.config), arguments.version, only_card=arguments.card, browse=not arguments.no_open)


def _reproduce(arguments: argparse.Namespace) -> int:
    from runs.versions.reproduce import reproduce

    return reproduce(_use_case(arguments.config), arguments.version, here=arguments.here)


def _use_case(config: str) -> str:
    """The name in the config; a use case whose file is gone has versions all the same."""
    from runs.preflight import config_file
    from switchyard.config.loading import load

    file = config_file(Path(config))
    if file.is_file():
        return load(file).name
    if Path(config).suffix or "/" in config:
        raise InputError(f"{file} is not a file: give the name of a use case, or its file")
    return config
