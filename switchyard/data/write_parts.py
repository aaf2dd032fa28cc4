"""Writes the parts of a split in one streaming pass, so that a part is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.data.disk_full import disk_full_named
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

# Fixed, so that the bytes do not hang on how Polars cuts its work.
ROW_GROUP = 131_072


def write_parts(frame: pl.LazyFrame, parts: np.ndarray, names: Sequence[str], folder: Path) -> None:
    """Write the rows of part `i` to `folder/NAMES[i].parquet` (zstd), in the source's order.

    Args:
        frame: The table.
        parts: The part of every row, shape (rows,).
        names: The names of the parts.
        folder: Made if it is not there.

    Raises:
        SwitchyardError: The folder cannot be written, or the disk is full; nothing of the split is left.
    """
    temporary = [folder / f".{name}.{os.getpid()}.tmp" for name in names]
    _make(folder, temporary)
    try:
        with disk_full_named(folder):
            _sink(frame, parts, temporary)
            for name, path in zip(names, temporary, strict=True):
                path.replace(folder / f"{name}.parquet")
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)


def _make(folder: Path, files: Sequence[Path]) -> None:
    """The folder and empty files in it, so that a folder that cannot be written is known before the work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in files:
            path.touch()
    except OSError as error:
        raise SwitchyardError(
            f"{folder}: the split cannot be written there ({error.strerror}); "
            f"allow writing to this folder, or choose another one"
        ) from error


def _sink(frame: pl.LazyFrame, parts: np.ndarray, paths: Sequence[Path]) -> None:
    import polars as pl

    part = "part"
    while part in frame.collect_schema():
        part += "_"
    assigned = pl.concat([frame, pl.LazyFrame({part: parts})], how="horizontal")
    sinks = [
        assigned.filter(pl.col(part) == index)
        .drop(part)
        .sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP, lazy=True)
        for index, path in enumerate(paths)
    ]
    pl.collect_all(sinks, engine="streaming")
