"""A table on disk or in a bucket: the artifact that travels between steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
        owner: Whatever keeps `root` alive, a `TemporaryDirectory` say; held, never read.
    """

    root: str
    parts: tuple[str, ...]
    storage_options: dict[str, str] = field(default_factory=dict, repr=False)
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
