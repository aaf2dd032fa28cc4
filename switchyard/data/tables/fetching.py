"""Copies of remote files on this disk, for as long as they are read.

CSV is checked field by field before it is read, which takes a local file; a web server may know
no ranges. Only Parquet in a bucket is read in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from switchyard.config.sections import Data
from switchyard.data.formats import csv_layout
from switchyard.data.places import s3 as s3_files
from switchyard.data.places import web as web_files
from switchyard.data.places.files import File
from switchyard.data.tables.source import Source


@contextmanager
def readable_paths(source: Source, data: Data, folder: Path) -> Iterator[list[str]]:
    """Paths of the source's files that Polars can scan, in the same order.

    Args:
        source: Local, in a bucket or on the web.
        data: For the separator, if remote CSV must be checked.
        folder: Where copies are put; they are gone afterwards.

    Raises:
        InputError: If a file cannot be fetched, is not UTF-8 or has ragged rows.
    """
    if source.is_local or (source.uri.startswith("s3://") and source.format == "parquet"):
        yield [file.path for file in source.files]
        return
    fetch = s3_files.download if source.uri.startswith("s3://") else web_files.download
    with TemporaryDirectory(dir=folder, prefix=".fetched.") as copies:
        paths = [Path(copies) / str(number) for number in range(len(source.files))]
        for file, path in zip(source.files, paths, strict=True):
            fetch(file.path, path)
            if source.format == "csv":
                _check(replace(file, path=str(path)), data, len(source.columns))
        yield [str(path) for path in paths]


def _check(copy: File, data: Data, columns: int) -> None:
    csv_layout.check_utf8(copy)
    csv_layout.check_fields(copy, data, columns)
