"""The commands of `python run.py`, a file each: how it is asked, and whom it calls.

A file is named like its command and has `ABOUT`, what the command does in one sentence; `add_options`, which tells a
parser what it takes; and `call`, which does it. It is imported only when its command is called, and ZenML not before
that. The other files hold what several commands share.
"""

from __future__ import annotations

import argparse
from importlib import import_module

COMMANDS = (
    "run",
    "init",
    "index",
    "stop",
    "schedule",
    "doctor",
    "image",
    "runtime",
    "release",
    "rollback",
    "retire",
    "history",
    "compare",
    "show",
    "reproduce",
)
"""In the order of the help; `run` is what `python run.py` does without a command."""


class _RunParser(argparse.ArgumentParser):
    """The parser of a run, whose help names the other commands and the keys of a config."""

    def format_help(self) -> str:
        from switchyard.config.descriptions import described_keys
        from switchyard.config.sections import Config

        keys = "".join(f"  {key:<14}{words}\n" for key, words in described_keys(Config).items())
        others = ", ".join(COMMANDS[1:])
        return (
            f"{super().format_help()}\n"
            f"keys of a config (docs/config.md describes all of them, and those below each):\n{keys}"
            f"\nother commands, each with --help: {others}\n"
        )


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of a command; it sets `call` to the function that does it and `command` to its name."""
    module = import_module(f"{__name__}.{name}")
    program = "python run.py" if name == "run" else f"python run.py {name}"
    kind = _RunParser if name == "run" else argparse.ArgumentParser
    parser = kind(prog=program, description=module.ABOUT)
    module.add_options(parser)
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(call=module.call, command=name)
    return parser
