"""Writes the parts of a split in one streaming pass, so that a part is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

# Fixed, because what Polars would choose depends on the number of threads, and so would the bytes.
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sink(frame, parts, temporary)
        for name, path in zip(names, temporary, strict=True):
            path.replace(folder / f"{name}.parquet")
    except OSError as error:
        raise SwitchyardError(
            f"{folder}: the split cannot be written ({error.strerror or error}); "
            f"free some space there, or allow writing to it"
        ) from error
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)


def _sink(frame: pl.LazyFrame, parts: np.ndarray, paths: Sequence[Path]) -> None:
    import polars as pl

    part = "part"
    while part in frame.collect_schema():
        part += "_"
    dealt = pl.concat([frame, pl.LazyFrame({part: parts})], how="horizontal")
    sinks = [
        dealt.filter(pl.col(part) == index)
        .drop(part)
        .sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP, lazy=True)
        for index, path in enumerate(paths)
    ]
    pl.collect_all(sinks, engine="streaming")
