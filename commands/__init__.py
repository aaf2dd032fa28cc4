"""The commands of `python run.py`, a file each: how it is asked, and whom it calls.

A file has `ABOUT`, the name of each of its commands with what it does; `add_options`, which tells a parser what the
command takes; and `call`, which does it. It is imported only when its command is called, and ZenML not before that.
"""

from __future__ import annotations

import argparse
from importlib import import_module

FILES = {
    "run": "run",
    "init": "init",
    "index": "index",
    "stop": "stop",
    "schedule": "schedule",
    "doctor": "doctor",
    "image": "image",
    "runtime": "runtime",
    "release": "release",
    "rollback": "release",
    "retire": "release",
    "history": "history",
    "compare": "versions",
    "show": "versions",
    "reproduce": "versions",
}
"""By the name of a command, the file that has it; `run` is what `python run.py` does without one."""


class _RunParser(argparse.ArgumentParser):
    """The parser of a run, whose help names the other commands and the keys of a config."""

    def format_help(self) -> str:
        from switchyard.config.descriptions import described_keys
        from switchyard.config.sections import Config

        keys = "".join(f"  {key:<14}{words}\n" for key, words in described_keys(Config).items())
        others = ", ".join(each for each in FILES if each != "run")
        return (
            f"{super().format_help()}\n"
            f"keys of a config (docs/config.md describes all of them, and those below each):\n{keys}"
            f"\nother commands, each with --help: {others}\n"
        )


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of a command, which sets `call` to what does it and `name` to the command's."""
    module = import_module(f"{__name__}.{FILES[name]}")
    program = "python run.py" if name == "run" else f"python run.py {name}"
    kind = _RunParser if name == "run" else argparse.ArgumentParser
    parser = kind(prog=program, description=module.ABOUT[name])
    module.add_options(parser, name)
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(call=module.call, command=name)
    return parser
