"""A table on disk or in a bucket: the artifact that travels between steps."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Dataset:
    """Named Parquet files in one folder, scanned lazily.

    Attributes:
        root: The folder, local or `s3://`, without a trailing slash.
        parts: The names of the tables in it: `("raw",)` after ingest,
            `("train", "validation", "test")` after preprocess. A part is `root/NAME.parquet`.
        storage_options: What Polars needs to read `root` if it is remote.
        opener: How the store that `root` is in opens a file of it, given path and mode; None of a local one.
        owner: Whatever keeps `root` alive, a `TemporaryDirectory` say; held, never read.
    """

    root: str
    parts: tuple[str, ...]
    storage_options: dict[str, str] = field(default_factory=dict, repr=False)
    opener: Callable[[str, str], IO[Any]] | None = field(default=None, repr=False, compare=False)
    owner: object = field(default=None, repr=False, compare=False)

    def path(self, part: str) -> str:
        """The place of one part's file."""
        if part not in self.parts:
            raise KeyError(f"{self.root} has no part {part!r}, only {', '.join(self.parts)}")
        return f"{self.root}/{part}.parquet"

    def scan(self, part: str) -> pl.LazyFrame:
        """One part as a lazy frame; nothing is read until it is collected."""
        import polars as pl

        return pl.scan_parquet(self.path(part), storage_options=self.storage_options or None)

    def fetched(self, folder: Path, parts: Sequence[str]) -> Dataset:
        """The same parts, byte for byte, on this disk, for whoever cannot read a bucket; a local dataset is itself.

        Args:
            folder: Where copies go.
            parts: Which are wanted.
        """
        if "://" not in self.root:
            return self
        if self.opener is None:
            raise ValueError(f"{self.root} is not on this disk, and nothing says how to open it")
        for part in parts:
            with self.opener(self.path(part), "rb") as source, (folder / f"{part}.parquet").open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 22)
        return Dataset(str(folder), tuple(parts))


def require_unchanged(uri: str, found: str, expected: str) -> None:
    """Refuse a source that is not what it was when the run was started.

    Raises:
        SwitchyardError: The fingerprints differ, and one was expected.
    """
    if expected and found != expected:
        raise SwitchyardError(f"{uri} has changed since the run was started; run again to use it as it is now")
