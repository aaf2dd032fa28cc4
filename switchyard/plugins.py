"""Modules outside the program that add a kind of data: those that the environment names.

`SWITCHYARD_KINDS=my_texts,other.module python run.py …` imports them before a kind is looked up; importing one
registers it (see `switchyard.tasks.registry`). Steps that run in pods find it the same way, if the variable is set and
the module installed there.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module

from switchyard.errors import InputError

VARIABLE = "SWITCHYARD_KINDS"


def import_plugins() -> None:
    """Imports what the environment names, once.

    Raises:
        InputError: A module cannot be imported.
    """
    _import(os.environ.get(VARIABLE, ""))


@cache
def _import(names: str) -> None:
    for name in filter(None, (each.strip() for each in names.split(","))):
        try:
            import_module(name)
        except ImportError as error:
            raise InputError(f"{VARIABLE} names {name}, which cannot be imported: {error}") from error
