"""The Parquet file of images: its columns, and row groups small enough to be read one at a time.

Everything is compressed with zstd: on JPEGs that neither gains nor costs anything that can be measured beside the
decoding, and a file of small PNGs becomes a fifth smaller.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 1024
GROUP_BYTES = 16 << 20


def image_schema() -> pa.Schema:
    """The columns of the ingested table.

    `brightness` and `contrast` are mean and standard deviation of the grey values, `red`, `green` and `blue` the
    means of the channels (null for a grey image), all as shares of full scale; `phash` is the perceptual hash.
    """
    import pyarrow as pa

    return pa.schema(
        [
            ("image", pa.binary()),
            ("label", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("format", pa.string()),
            ("mode", pa.string()),
            ("hash", pa.string()),
            ("path", pa.string()),
            ("phash", pa.int64()),
            *((name, pa.float32()) for name in ("brightness", "contrast", "red", "green", "blue")),
        ]
    )


class TableFile:
    """Writes rows to one Parquet file; a row group ends at `GROUP_ROWS` rows or `GROUP_BYTES` of images.

    Where row groups end depends on the rows alone, so the same rows give the same bytes.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Opens the file.

        Args:
            path: It is overwritten if it is there.
            schema: With a binary column `image`, or none.
        """
        import pyarrow.parquet as pq

        self.rows = 0
        self._schema = schema
        dictionaries = [name for name in ("label", "format", "mode") if name in schema.names]
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=dictionaries)
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0

    def write(self, row: dict[str, Any]) -> None:
        """Adds a row."""
        self._waiting.append(row)
        self._bytes += len(row.get("image", b""))
        self.rows += 1
        if len(self._waiting) >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            table = pa.Table.from_pylist(self._waiting, schema=self._schema)
            self._writer.write_table(table, row_group_size=len(table))
        self._waiting, self._bytes = [], 0

    def __enter__(self) -> Self:
        """Nothing but itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Closes the file, whole if nothing went wrong."""
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()
