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


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of a command; it sets `call` to the function that does it and `command` to its name."""
    module = import_module(f"{__name__}.{name}")
    others = f"Other commands, each with --help: {', '.join(COMMANDS[1:])}" if name == "run" else ""
    program = "python run.py" if name == "run" else f"python run.py {name}"
    parser = argparse.ArgumentParser(prog=program, description=module.ABOUT, epilog=others)
    module.add_options(parser)
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(call=module.call, command=name)
    return parser
