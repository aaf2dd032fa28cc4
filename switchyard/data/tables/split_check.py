"""Whether the rows can be split as `split` asks, found out before anything is submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.config.sections import Config
from switchyard.data.casting import cast
from switchyard.data.formats.reading import scan
from switchyard.data.tables.source import Source
from switchyard.data.tables.split import assign
from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def check_split(source: Source, config: Config) -> None:
    """Split the rows of a local source once, as preprocess will; only the columns that decide are read.

    Values that break the contract are left to the validate step, which reports all of them with their rows.

    Raises:
        InputError: A part gets no rows, or none of some class.
    """
    if not source.is_local:
        return
    data = config.data
    deciding = sorted({name for name in (data.target, data.group, data.time) if name})
    table = scan([file.path for file in source.files], source.format, data, source.columns)
    frame = cast(table, config.contract).select(deciding).collect(engine="streaming")
    if _breaks_contract(frame, config):
        return
    try:
        assign(frame.lazy(), config.split, data, config.task, config.seed)
    except InputError as error:
        raise InputError(f"{source.shown}: {error}") from None


def _breaks_contract(frame: pl.DataFrame, config: Config) -> bool:
    columns = config.contract.columns
    for series in frame:
        allowed = columns[series.name].allowed
        if series.null_count() or (allowed is not None and not set(series.unique()) <= set(allowed)):
            return True
    return False
