"""Columns, types and rows of a Parquet file, from its footer alone."""

from __future__ import annotations

import io
from collections.abc import Callable

from switchyard.data.places.files import File
from switchyard.errors import InputError

Read = Callable[[str, int, int], bytes]


def footer(file: File, read: Read) -> tuple[dict[str, str], int]:
    """The columns with their types, and the number of rows, of a Parquet file anywhere.

    Args:
        file: The file; `check_content` has passed it.
        read: Gives some of its bytes: path, start (negative: from the end), length.

    Raises:
        InputError: If the footer is damaged, or there are no rows.
    """
    import polars as pl

    length = int.from_bytes(read(file.path, -8, 4), "little")
    if length > file.size - 12:
        raise _damaged(file)
    # A footer behind four magic bytes is a Parquet file to a reader that only wants its schema.
    small = b"PAR1" + read(file.path, -8 - length, length + 8)
    try:
        schema = pl.read_parquet_schema(io.BytesIO(small))
        rows = pl.scan_parquet(io.BytesIO(small)).select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(file) from error
    if not rows:
        raise InputError(f"{file.name} has columns but no rows: put the rows there, or correct data.uri.")
    return {name: str(dtype) for name, dtype in schema.items()}, int(rows)


def _damaged(file: File) -> InputError:
    return InputError(
        f"{file.name} is a damaged Parquet file (its footer cannot be read): copy it again from where it came."
    )
