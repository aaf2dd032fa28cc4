"""The commands `compare`, `show` and `reproduce`: their options, and which function answers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from switchyard.errors import InputError

ABOUT = {
    "compare": "Holds two registered versions of a use case against each other, on the same data.",
    "show": "Opens the report of a registered version, and prints its model card.",
    "reproduce": "Makes a registered version again from what is on record, and says whether the bytes are the same.",
}


def add_options(command: str, parser: argparse.ArgumentParser) -> None:
    """The options of one of the commands."""
    names = ("a", "b") if command == "compare" else ("version",)
    for name in names:
        parser.add_argument(name, metavar=name.upper(), help="a version's number, or champion")
    parser.add_argument("--config", default="titanic", metavar="NAME", help="the use case (default: titanic)")
    if command == "compare":
        parser.add_argument(
            "--data", metavar="URI", help="everything in this source, instead of the config's test rows or images"
        )
        parser.add_argument("--json", action="store_true", help="for programs")
    elif command == "show":
        parser.add_argument("--card", action="store_true", help="the card and nothing else, as Markdown")
        parser.add_argument("--no-open", action="store_true", help="do not open the report in a browser")
    else:
        parser.add_argument("--here", action="store_true", help="with the code there is, not the recorded commit")


def answer(command: str, arguments: argparse.Namespace) -> int:
    """Does what a command says; ZenML is open.

    Returns:
        The exit code.
    """
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "compare": _compare,
        "show": _show,
        "reproduce": _reproduce,
    }
    return commands[command](arguments)


def _compare(arguments: argparse.Namespace) -> int:
    from pipelines.versions.compare import compare

    return compare(Path(arguments.config), arguments.a, arguments.b, uri=arguments.data, as_json=arguments.json)


def _show(arguments: argparse.Namespace) -> int:
    from pipelines.versions.show import show

    return show(_use_case(arguments.config), arguments.version, only_card=arguments.card, browse=not arguments.no_open)


def _reproduce(arguments: argparse.Namespace) -> int:
    from pipelines.versions.reproduce import reproduce

    return reproduce(_use_case(arguments.config), arguments.version, here=arguments.here)


def _use_case(config: str) -> str:
    """The name in the config; a use case whose file is gone has versions all the same."""
    from pipelines.preflight import config_file
    from switchyard import config as configs

    file = config_file(Path(config))
    if file.is_file():
        return configs.load(file).name
    if Path(config).suffix or "/" in config:
        raise InputError(f"{file} is not a file: name a use case, or its file")
    return config
