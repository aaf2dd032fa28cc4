"""How the files of a source become a lazy frame: the same way for the checks and for ingest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from switchyard.config.sections import Data
from switchyard.data.places.files import Format
from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def scan(
    paths: Sequence[str],
    kind: Format,
    data: Data,
    columns: Sequence[str],
    storage_options: dict[str, str] | None = None,
) -> pl.LazyFrame:
    """The table, lazily: of CSV all columns as strings with `data.nulls` as nulls, of Parquet as they are.

    Rows of a CSV without a single value (blank lines, lines of separators only) are left out: they
    are what spreadsheets and editors leave at the end.

    Args:
        paths: The files, which have the same columns.
        kind: Their format.
        data: For the separator and the nulls of CSV.
        columns: Their names; Polars takes a quote within a name in a CSV's header for two.
        storage_options: What Polars needs to read a bucket.
    """
    import polars as pl

    if kind == "parquet":
        return pl.scan_parquet(list(paths), storage_options=storage_options, glob=False)
    frame = pl.scan_csv(
        list(paths),
        separator=data.separator,
        infer_schema=False,
        new_columns=list(columns),
        null_values=list(data.nulls),
        # An empty field is a null of its own in Polars, whatever null_values says; "" in quotes is not.
        empty_string_is_null="" in data.nulls,
        storage_options=storage_options,
        glob=False,
    )
    return frame.filter(~pl.all_horizontal(pl.all().is_null() | (pl.all() == "")))


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what Polars says of a damaged file into one sentence.

    Args:
        name: The table's file.

    Raises:
        InputError: Naming it, with the first line of what Polars says.
    """
    import polars as pl

    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{name} is gone while it was being read: put it back and run again.") from error
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"{name} cannot be read ({reason}): it is damaged, so copy it again from where it came."
        ) from error
