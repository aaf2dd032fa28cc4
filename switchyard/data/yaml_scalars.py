"""Values as YAML text that reads back as the same value, whatever is in them."""

from __future__ import annotations

import re

from switchyard.config.sections import Scalar

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*", re.ASCII)
# What some YAML reader takes for a boolean, a null or a number when it stands without quotes.
_WORDS = {"yes", "no", "true", "false", "on", "off", "y", "n", "null", "none", "nan", "inf"}


def text(value: str) -> str:
    """A string, quoted unless no reader could take it for anything else."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS and not value.endswith((".", "-")):
        return value
    return '"' + "".join(map(_escaped, value)) + '"'


def scalar(value: Scalar) -> str:
    """A string, number or boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return repr(value) if "e" not in repr(value) or "." in repr(value) else repr(value).replace("e", ".0e")


def sequence(values: tuple[Scalar, ...] | list[Scalar]) -> str:
    """A list on one line."""
    return "[" + ", ".join(map(scalar, values)) + "]"


def comment(words: str) -> str:
    """Words that cannot end the comment which they stand in."""
    return "".join(letter if letter.isprintable() else " " for letter in words)


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() and letter != "\ufeff" else f"\\U{ord(letter):08X}"
