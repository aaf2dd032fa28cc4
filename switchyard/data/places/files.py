"""What a file of a source is, and which format its name and first bytes promise.

Used by the three places a source can be in: `local_files`, `s3_files` and `web_files`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from switchyard.errors import InputError

Format = Literal["csv", "parquet"]
Name = TypeVar("Name")

_CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_PARQUET = (".parquet", ".parq", ".pq")
_FOREIGN = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\x89PNG": "a picture",
    b"%PDF": "a PDF",
    b"SQLite format 3": "a SQLite database",
}


@dataclass(frozen=True)
class File:
    """One file of a source.

    Attributes:
        path: Where it is: an absolute path or a URL.
        name: The same as the user would write it; for messages.
        size: Bytes, or -1 if the server does not say.
        fingerprint: Changes when the content does.
    """

    path: str
    name: str
    size: int
    fingerprint: str


def format_of(name: str) -> Format | None:
    """The format that a file's name promises, if it promises one."""
    lower = name.lower()
    if lower.endswith(_CSV):
        return "csv"
    return "parquet" if lower.endswith(_PARQUET) else None


def is_hidden(name: str) -> bool:
    """Whether a file in a folder is no data: `.crc`, `_SUCCESS` and the like."""
    return name.startswith((".", "_"))


def tables_of(folder: str, names: Sequence[tuple[str, Name]], wanted: str) -> list[Name]:
    """Those files of a folder that are tables of the wanted format.

    Args:
        folder: The folder as the user writes it, for the message.
        names: Each file's name and whatever stands for it.
        wanted: `data.format`: csv, parquet or auto.

    Raises:
        InputError: If there is none, or with auto if there are both.
    """
    known = [(format_of(name), item) for name, item in names if not is_hidden(name.rsplit("/", 1)[-1])]
    found = {kind for kind, _ in known if kind is not None}
    if wanted == "auto" and len(found) == 2:
        raise InputError(
            f"{folder} holds CSV and Parquet files: say in data.format which to read, or give a glob in data.uri."
        )
    chosen = found if wanted == "auto" else {wanted}
    tables = [item for kind, item in known if kind in chosen]
    if not tables:
        sought = "CSV or Parquet" if wanted == "auto" else wanted
        held = f"only {', '.join(sorted(name for name, _ in names)[:3])}" if names else "it is empty"
        raise InputError(f"{folder} holds no {sought} file ({held}): point data.uri at the table's file or folder.")
    return tables


def check_content(file: File, kind: Format, head: bytes, tail: bytes) -> None:
    """Refuse a file whose first and last bytes show that it is not of its format.

    Args:
        file: The file.
        kind: What it is to be read as.
        head: Its first bytes, at least 16 if it has them.
        tail: Its last four bytes.

    Raises:
        InputError: If it is empty, cut short, or something else.
    """
    if not head:
        raise InputError(f"{file.name} is empty (0 bytes): put the table there, or correct data.uri.")
    if kind == "parquet":
        _check_parquet(file, head, tail)
        return
    if head.startswith(b"PAR1"):
        raise InputError(f"{file.name} is a Parquet file, not CSV: write `parquet` (or `auto`) at data.format.")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise InputError(f"{file.name} is {what}, not CSV: save the table as CSV or Parquet.")
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise InputError(f"{file.name} is a web page, not CSV: give the address of the file itself in data.uri.")


def _check_parquet(file: File, head: bytes, tail: bytes) -> None:
    if not head.startswith(b"PAR1"):
        start = head[:8].decode("ascii", "replace")
        raise InputError(
            f"{file.name} is no Parquet file (it starts with {start!r} instead of 'PAR1'): "
            "correct data.uri, or write `csv` at data.format if it is CSV."
        )
    if tail != b"PAR1" or file.size < 12:
        raise InputError(
            f"{file.name} is cut short: its {file.size:,} bytes do not end as "
            "a Parquet file does, so copy it again from where it came."
        )


def chosen_format(file_names: Sequence[str], wanted: str) -> Format:
    """The one format of all files, from `data.format` or else from their names.

    Raises:
        InputError: If a name promises none, or they promise different ones.
    """
    if wanted != "auto":
        return "csv" if wanted == "csv" else "parquet"
    unknown = [name for name in file_names if format_of(name) is None]
    if unknown:
        raise InputError(
            f"{unknown[0]} has an extension that names no known format (.csv, .tsv, .txt, .csv.gz or .parquet): "
            "write `csv` or `parquet` at data.format."
        )
    kinds: dict[Format | None, str] = {format_of(name): name for name in file_names}
    if len(kinds) > 1:
        raise InputError(
            f"data.uri names CSV and Parquet files at once ({', '.join(kinds.values())}): give a glob of one kind."
        )
    return "parquet" if "parquet" in kinds else "csv"


def instead(column: str, columns: Sequence[str]) -> str:
    """The rest of a sentence about a column that is absent: what was meant, or what there is."""
    by_lower = {known.strip().lower(): known for known in columns}
    close = difflib.get_close_matches(column.strip().lower(), list(by_lower), n=1)
    if close:
        return f" (did you mean {by_lower[close[0]]!r}?): correct the name in the config or in the file"
    shown = ", ".join(repr(known) for known in columns[:12]) + (", …" if len(columns) > 12 else "")
    return f": it has {shown}, so correct the name in the config or in the file"
