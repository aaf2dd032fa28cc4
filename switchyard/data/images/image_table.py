"""A table of encoded images, as ingest writes it: Parquet whose row groups are read one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from switchyard.errors import InputError
from switchyard.model.decoding import Channels, UnreadableImageError, decode

if TYPE_CHECKING:
    import pyarrow.parquet as pq

UNKNOWN = -1
"""The class number of a label that is not among the classes."""


@dataclass(frozen=True)
class ImageTable:
    """Which images there are; their pixels stay in the file.

    Attributes:
        path: The Parquet file.
        labels: Of all rows, as text; an object array of shape (rows,).
        group_rows: How many rows each row group has.
        fingerprint: Of the images and labels, in their order.
    """

    path: Path
    labels: np.ndarray = field(repr=False)
    group_rows: tuple[int, ...] = field(repr=False)
    fingerprint: str

    @classmethod
    def open(cls, path: str | Path) -> ImageTable:
        """Read what is small.

        Raises:
            InputError: The file is no table of images, or has no row.
        """
        file = _parquet(path)
        try:
            missing = {"image", "label", "hash", "path"} - set(file.schema_arrow.names)
            if missing:
                raise InputError(f"{path} has no column {min(missing)!r}: name a table of images that ingest wrote")
            if not file.metadata.num_rows:
                raise InputError(f"{path} has no images")
            small = file.read(["label", "hash"])
            groups = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        finally:
            file.close()
        labels, hashes = (small[name].to_pylist() for name in ("label", "hash"))
        digest = hashlib.sha256("\n".join(f"{h} {label}" for h, label in zip(hashes, labels, strict=True)).encode())
        return cls(Path(path), np.array(labels, dtype=object), tuple(groups), digest.hexdigest())

    def __len__(self) -> int:
        """How many images."""
        return len(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """All labels, sorted."""
        return tuple(sorted(set(self.labels.tolist())))

    def numbers(self, classes: Sequence[str]) -> np.ndarray:
        """The class number of each row, `UNKNOWN` for a label that is none of the classes."""
        places = {label: number for number, label in enumerate(classes)}
        return np.array([places.get(label, UNKNOWN) for label in self.labels], dtype=np.int64)

    def read(self, groups: Sequence[int]) -> dict[int, tuple[bytes, str]]:
        """Encoded bytes and path of every row of some row groups, by the row's number."""
        starts = np.cumsum([0, *self.group_rows])
        file = _parquet(self.path)
        try:
            rows = {}
            for group in groups:
                part = file.read_row_group(group, ["image", "path"], use_threads=False)
                pairs = zip(part["image"].to_pylist(), part["path"].to_pylist(), strict=True)
                rows.update({int(starts[group]) + number: pair for number, pair in enumerate(pairs)})
        finally:
            file.close()
        return rows

    def decoded(self, encoded: tuple[bytes, str], channels: Channels, size: tuple[int, int]) -> np.ndarray:
        """The pixels of one row that `read` gave, uint8 of shape (*size, channels).

        Raises:
            InputError: The image cannot be read.
        """
        content, name = encoded
        try:
            return decode(content, channels, size)
        except UnreadableImageError as error:
            raise InputError(f"{self.path}: the image {name} {error}; ingest again to have it checked") from error

    def batches(
        self, size: int, channels: Channels, shape: tuple[int, int], selected: np.ndarray | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All images from first to last, without a shuffle, a worker or torch: for evaluation.

        Args:
            size: Images of a batch.
            channels: 1 for grey, 3 for RGB.
            shape: Height and width to resize to.
            selected: Whether a row is used; all of them if it is None.

        Yields:
            Row numbers (n,) and their pixels, uint8 of shape (n, *shape, channels).
        """
        for group, rows in enumerate(self.group_rows):
            start = sum(self.group_rows[:group])
            wanted = np.arange(start, start + rows)
            wanted = wanted if selected is None else wanted[selected[wanted]]
            encoded = self.read([group]) if len(wanted) else {}
            for part in range(0, len(wanted), size):
                numbers = wanted[part : part + size]
                yield numbers, np.stack([self.decoded(encoded[row], channels, shape) for row in numbers.tolist()])


def _parquet(path: str | Path) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not Path(path).is_file():
        raise InputError(f"{path} is not a file: name a table of images that ingest wrote")
    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} is not a Parquet file: name a table of images that ingest wrote") from error
