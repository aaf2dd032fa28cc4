"""What `data.uri` means: the files, their format, columns and fingerprint.

`inspect` is called before a pipeline is submitted, so that every error of the input is found
before anything is written; its fingerprint is part of the cache key of the ingest step.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from switchyard.config.sections import Contract, Data, Features, Task
from switchyard.data.formats import csv_layout, parquet_layout
from switchyard.data.formats.reading import readable, scan
from switchyard.data.places import s3_access
from switchyard.data.places.files import File, Format, check_content, chosen_format
from switchyard.data.places.place import LOCAL, Place, place_of
from switchyard.data.tables.column_roles import check_columns
from switchyard.data.tables.value_checks import check_values
from switchyard.errors import InputError

__all__ = ["File", "Source", "fingerprint_now", "inspect", "look", "sniffed_separator"]


@dataclass(frozen=True)
class Source:
    """A table that can be read, and what is known of it.

    Attributes:
        uri: As the config gives it.
        format: csv or parquet.
        files: In the order in which they are read.
        columns: The same in every file.
        rows: Their number, if the look at the source counted them.
        root: The folder that relative paths start from.
        fingerprint: Changes with the content or name of a file and with what changes how it is read.
    """

    uri: str
    format: Format
    files: tuple[File, ...]
    columns: tuple[str, ...]
    rows: int | None
    fingerprint: str
    root: Path

    @property
    def shown(self) -> str:
        """What a message calls the table: its one file, or else the URI."""
        return self.files[0].name if len(self.files) == 1 else self.uri

    @property
    def is_local(self) -> bool:
        """Whether the files are on this machine."""
        return place_of(self.uri) is LOCAL

    def described(self) -> str:
        """Format and size in a few words."""
        rows = f"{self.rows:,} rows, " if self.rows is not None else ""
        return f"{self.format}, {rows}{len(self.columns)} columns"

    @property
    def storage_options(self) -> dict[str, str]:
        """What Polars needs to read the files; asked for anew each time, so that no key is ever recorded."""
        if not self.uri.startswith("s3://"):
            return {}
        return s3_access.current().storage_options(self.uri.removeprefix("s3://").partition("/")[0])


def inspect(data: Data, contract: Contract, task: Task, root: Path, features: Features | None = None) -> Source:
    """Find the source of a use case and everything that is wrong with it.

    Local files are read (a hash, the fields of each row, one pass over the values); of remote ones only
    the listing and the header, and the values are checked when they have been ingested.

    Args:
        data: Where the table is and what its columns are for.
        contract: For the columns that it must have.
        task: For what the target must be.
        root: The folder that relative paths start from.
        features: For the columns that are used or excluded.

    Raises:
        InputError: For the first thing that is wrong.
    """
    used = features or Features()
    source = look(data, root, contract)
    check_columns(source.shown, source.columns, data, contract, used)
    if not source.is_local:
        return source
    if source.format == "csv":
        for file in source.files:
            csv_layout.check_utf8(file)
            csv_layout.check_fields(file, data, len(source.columns))
    frame = scan([file.path for file in source.files], source.format, data, source.columns)
    with explained(source):
        return replace(source, rows=check_values(source.shown, frame, data, contract, task, used))


@contextmanager
def explained(source: Source) -> Iterator[None]:
    """Turn whatever Polars says while it reads a local source into one sentence.

    Raises:
        InputError: Naming the file, and for CSV the line where the quotes go wrong.
    """
    quotes = csv_layout.quotes_explained(source.files) if source.format == "csv" and source.is_local else nullcontext()
    with readable(source.shown), quotes:
        yield


def look(data: Data, root: Path, contract: Contract | None = None) -> Source:
    """Find the files of a source, their format and their columns, without reading the rows.

    Args:
        data: Where the table is.
        root: The folder that relative paths start from.
        contract: Columns that it should have; tells a wrong separator from a table of one column.

    Raises:
        InputError: If it is missing, unreadable, or not a table.
    """
    place = place_of(data.uri)
    files = tuple(place.find(data.uri, data.format, root))
    kind = chosen_format([_bare(file) for file in files], data.format)
    columns, rows = _layout(files, kind, data, contract, place)
    return Source(data.uri, kind, files, columns, rows, _fingerprint(files, kind, data), root)


def sniffed_separator(data: Data, root: Path) -> str:
    """The separator that splits the header of a CSV into the most fields; `data.separator` for Parquet.

    Raises:
        InputError: If the source is missing, unreadable, or not a table.
    """
    place = place_of(data.uri)
    files = place.find(data.uri, data.format, root)
    if chosen_format([_bare(file) for file in files], data.format) == "parquet":
        return data.separator
    head = place.read(files[0].path, 0, csv_layout.HEAD_BYTES) if files[0].size else b""
    check_content(files[0], "csv", head, b"")
    return csv_layout.likely_separator(files[0], head)


def fingerprint_now(source: Source, data: Data) -> str:
    """The fingerprint of the source as it is at this moment.

    Args:
        source: What `inspect` found.
        data: The same section that `inspect` got.

    Raises:
        InputError: If it cannot be read any more.
    """
    files = tuple(place_of(data.uri).find(data.uri, data.format, source.root))
    return _fingerprint(files, source.format, data)


def _bare(file: File) -> str:
    """A file's name without the query of a web address."""
    return file.name.partition("?")[0] if "://" in file.name else file.name


def _layout(
    files: Sequence[File], kind: Format, data: Data, contract: Contract | None, place: Place
) -> tuple[tuple[str, ...], int | None]:
    """The columns that all files share, and the rows if the files say."""
    layouts = []
    for file in files:
        head = place.read(file.path, 0, csv_layout.HEAD_BYTES if kind == "csv" else 16) if file.size else b""
        check_content(file, kind, head, place.read(file.path, -4, 4) if kind == "parquet" and head else b"")
        if kind == "csv":
            layouts.append((dict.fromkeys(csv_layout.header(file, head, data, contract), "String"), 0))
        else:
            layouts.append(parquet_layout.footer(file, place.read))
        _check_same(files[0], layouts[0][0], file, layouts[-1][0])
    rows = sum(count for _, count in layouts) if kind == "parquet" else None
    return tuple(layouts[0][0]), rows


def _check_same(first: File, expected: dict[str, str], file: File, found: dict[str, str]) -> None:
    if list(found.items()) == list(expected.items()):
        return
    for one, other, missing in (
        (file, first, [c for c in expected if c not in found]),
        (first, file, [c for c in found if c not in expected]),
    ):
        if missing:
            raise InputError(
                f"{one.name} has no column {missing[0]!r}, but {other.name} has: "
                "all files of data.uri need the same columns."
            )
    for column in found:
        if found[column] != expected[column]:
            raise InputError(
                f"{file.name} has {found[column]} in the column {column!r}, but {first.name} has {expected[column]}: "
                "all files of data.uri need the same types."
            )
    raise InputError(
        f"{file.name} has its columns in another order than {first.name}: all files of data.uri need the same header."
    )


def _fingerprint(files: Sequence[File], kind: Format, data: Data) -> str:
    folder = os.path.commonpath([Path(file.path).parent for file in files])
    facts = {
        "format": kind,
        "reading": [data.separator, sorted(data.nulls)] if kind == "csv" else [],
        "files": [[file.path.removeprefix(folder), file.size, file.fingerprint] for file in files],
    }
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()
