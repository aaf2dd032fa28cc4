"""The file `.env` in the project's root: what a team's cluster is called, and the keys to it.

`load_environment` is called first thing by a command, before ZenML is imported: ZenML reads `ZENML_STORE_URL` and the
like from the environment when its client is made. What the environment already has wins over the file.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

from switchyard.errors import InputError
from switchyard.project import ROOT

FILE = ROOT / ".env"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def load_environment(file: Path = FILE) -> None:
    """Adds what `.env` gives to the environment of this process; without such a file it does nothing.

    Args:
        file: The file, of lines `NAME=value`. An empty value is the same as none.

    Raises:
        InputError: A line is none of `NAME=value`, a comment and empty, or the file cannot be read.
    """
    if file.exists():
        for name, value in read_env_file(file).items():
            os.environ.setdefault(name, value)


def read_env_file(file: Path) -> dict[str, str]:
    """The values of an `.env` file that are not empty, as they stand there: `$` has no meaning.

    Raises:
        InputError: See `load_environment`; the sentence has the line's number and not its text, which may be a key.
    """
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(_text(file))):
        if binding.error or (binding.key is not None and (binding.value is None or not _NAME.fullmatch(binding.key))):
            blank = len(binding.original.string) - len(binding.original.string.lstrip("\r\n"))
            line = binding.original.line + binding.original.string[:blank].count("\n")
            raise InputError(f"{file.name}, line {line}: it must be NAME=value, with quotes closed on the same line")
        if binding.key and binding.value:
            values[binding.key] = binding.value
    return values


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file.name} is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise InputError(
            f"{file.name} cannot be read: {error.strerror}; it must be a file of NAME=value lines"
        ) from None
