"""A full disk, as Python or Polars tells of it, in one sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from switchyard.errors import SwitchyardError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def disk_full_named(folder: Path | str) -> Iterator[None]:
    """Turn errors of a full disk into one that names the folder; others pass.

    Args:
        folder: Where the block writes, on a disk or in a bucket.

    Raises:
        SwitchyardError: There is no room.
    """
    import polars as pl

    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        for code in NO_ROOM:
            if getattr(error, "errno", None) == code or os.strerror(code) in str(error):
                raise SwitchyardError(
                    f"{folder}: the disk is full ({os.strerror(code)}); free some space there and run again"
                ) from error
        raise
