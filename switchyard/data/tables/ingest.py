"""From the source to one Parquet file, streamed: what the ingest step does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.config.sections import Data
from switchyard.data.disk_full import disk_full_named
from switchyard.data.formats.reading import readable, scan
from switchyard.data.tables.fetching import readable_paths
from switchyard.data.tables.source import Source, fingerprint_now
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Ingested:
    """What was written.

    Attributes:
        rows: Of the table.
        columns: Their names.
        bytes: The size of the Parquet file.
        fingerprint: Of the source, the same before and after reading it.
    """

    rows: int
    columns: tuple[str, ...]
    bytes: int
    fingerprint: str


def ingest(source: Source, data: Data, destination: Path) -> Ingested:
    """Stream a source to `destination/raw.parquet` (zstd), never holding the table in memory.

    Args:
        source: What `inspect` found.
        data: The same section that `inspect` got.
        destination: The folder; it is made if it is not there.

    Raises:
        InputError: If the source cannot be read any more.
        SwitchyardError: If it changed meanwhile, or the disk is full.
    """
    final = destination / "raw.parquet"
    partial = destination / f".raw.{os.getpid()}.partial"
    with disk_full_named(destination):
        destination.mkdir(parents=True, exist_ok=True)
    try:
        with readable(source.shown), disk_full_named(destination), readable_paths(source, data, destination) as paths:
            _write(scan(paths, source.format, data, source.columns, source.storage_options or None), partial)
            _check_unchanged(source, data)
            rows = _rows(partial)
            partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)
    return Ingested(rows, source.columns, final.stat().st_size, source.fingerprint)


def _write(frame: pl.LazyFrame, path: Path) -> None:
    frame.sink_parquet(path, compression="zstd", engine="streaming")


def _rows(path: Path) -> int:
    import polars as pl

    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _check_unchanged(source: Source, data: Data) -> None:
    if fingerprint_now(source, data) != source.fingerprint:
        raise SwitchyardError(f"{source.uri} changed while it was read: run again when nothing writes to it any more.")
