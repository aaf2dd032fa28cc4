"""Images in tables: Parquet that holds their bytes, and CSV that holds their paths."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from switchyard.config.images import ImageData
from switchyard.config.sections import Data
from switchyard.data.formats import csv_layout
from switchyard.data.formats.reading import readable, scan
from switchyard.data.images.items import MAX_BYTES, Entry, Item, shown
from switchyard.data.places import local as local_files
from switchyard.data.places import s3 as s3_files
from switchyard.data.places.files import File, instead
from switchyard.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH = 64  # rows in memory at a time


def parquet_items(path: Path, name: str, data: ImageData) -> Iterator[Item]:
    """Every row of a Parquet file on this disk, in order.

    The image column holds bytes, or the structure of bytes and path that Hugging Face's `datasets` writes; its
    class labels that are numbers get their names from the file's metadata. A text column `path` says where an image
    came from; without it, file and row do.

    Raises:
        InputError: The file cannot be read, or lacks a column.
    """
    import pyarrow as pa

    with _opened(path, name) as file:
        check_parquet(file.schema_arrow, name, data)
        columns = [data.image, data.label, *(["path"] if _has_paths(file.schema_arrow, data) else [])]
        classes = _class_names(file.schema_arrow, data.label)
        row = 0
        try:
            for batch in file.iter_batches(_BATCH, columns=columns):
                for values in batch.to_pylist():
                    row += 1
                    yield _parquet_item(values, f"{name} row {row}", data, classes)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(f"{name} is damaged ({reason}): copy it again from where it came.") from error


def count_parquet(path: Path, name: str, data: ImageData) -> int:
    """The rows of a Parquet file on this disk, whose columns are looked at.

    Raises:
        InputError: The file cannot be read, or lacks a column.
    """
    with _opened(path, name) as file:
        check_parquet(file.schema_arrow, name, data)
        return int(file.metadata.num_rows)


def check_parquet(schema: pa.Schema, name: str, data: ImageData) -> None:
    """Refuse a Parquet file without images or labels.

    Raises:
        InputError: Naming the file and the column.
    """
    import pyarrow as pa

    _require_columns(schema.names, name, data)
    kind = schema.field(data.image).type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)):
        raise InputError(
            f"{name} has {kind} in the column {data.image!r}, where bytes of images are wanted: "
            "name another column in data.image."
        )


def csv_rows(file: File, name: str, data: ImageData) -> list[tuple[str, str]]:
    """Path and label of each row of a CSV on this disk, empty where there is none.

    Raises:
        InputError: It is no CSV, or lacks a column.
    """
    reading = Data(uri=data.uri, separator=data.separator, target=data.label)
    csv_layout.check_utf8(file)
    columns = csv_layout.header(file, local_files.read(file.path, 0, csv_layout.HEAD_BYTES), reading)
    _require_columns(columns, name, data)
    csv_layout.check_fields(file, reading, len(columns))
    with readable(name):
        frame = scan([file.path], "csv", reading, columns).select(data.image, data.label).collect()
    return [(path or "", label or "") for path, label in frame.iter_rows()]


def local_csv_entries(file: File, data: ImageData) -> list[Entry]:
    """The images that a CSV on this machine lists: relative to its folder, or absolute."""
    folder = Path(file.path).parent
    entries = []
    for row, (path, label) in enumerate(csv_rows(file, file.name, data), start=1):
        place = folder / path
        problem = _row_problem(path, label, file.name, row)
        if not problem and not place.is_file():
            problem = f"is not there (row {row} of {file.name})"
        fingerprint = ""
        if not problem:
            try:
                fingerprint = local_files.file_at(place, folder).fingerprint
            except (InputError, OSError):
                problem = "cannot be read by this user"
        entries.append(Entry(shown(path or f"{file.name} row {row}"), shown(label), str(place), fingerprint, problem))
    return entries


def bucket_csv_entries(copy: File, uri: str, data: ImageData) -> list[Entry]:
    """The images that a CSV in a bucket lists, which must be in its folder or below.

    Args:
        copy: The CSV, fetched; its name is that of the object.
        uri: Where it was fetched from.
        data: For the columns and the separator.
    """
    folder = uri.rpartition("/")[0]
    objects = {file.path: file for file in s3_files.below(folder)}
    entries = []
    for row, (path, label) in enumerate(csv_rows(copy, copy.name, data), start=1):
        location = path if path.startswith("s3://") else f"{folder}/{PurePosixPath(path)}"
        found = objects.get(location)
        problem = _row_problem(path, label, copy.name, row)
        if not problem and found is None:
            problem = f"is not there, in the folder of the CSV or below (row {row} of {copy.name})"
        if found is not None and found.size > MAX_BYTES:
            problem = problem or f"has {found.size:,} bytes, and at most {MAX_BYTES:,} are read"
        fingerprint = found.fingerprint if found else ""
        entries.append(Entry(shown(path or f"{copy.name} row {row}"), shown(label), location, fingerprint, problem))
    return entries


def _row_problem(path: str, label: str, name: str, row: int) -> str:
    if not path:
        return "has no path"
    return "" if label else f"has no label (row {row} of {name})"


def _opened(path: Path, name: str) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{name} cannot be read as Parquet ({reason}): copy it again, or correct data.uri.") from error


def _require_columns(columns: Sequence[str], name: str, data: ImageData) -> None:
    for key, column in (("data.image", data.image), ("data.label", data.label)):
        if column not in columns:
            raise InputError(f"{name} has no column {column!r}, which {key} names{instead(column, columns)}.")


def _has_paths(schema: pa.Schema, data: ImageData) -> bool:
    import pyarrow as pa

    if "path" not in schema.names or "path" in (data.image, data.label):
        return False
    kind = schema.field("path").type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _class_names(schema: pa.Schema, label: str) -> Sequence[str] | None:
    """The names of a `ClassLabel`, which `datasets` keeps in the schema's metadata under `huggingface`."""
    try:
        told = json.loads((schema.metadata or {})[b"huggingface"])
        names = told["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return [str(name) for name in names] if isinstance(names, list) else None


def _parquet_item(values: dict[str, Any], place: str, data: ImageData, classes: Sequence[str] | None) -> Item:
    image, label = values[data.image], values[data.label]
    path = values.get("path")
    if isinstance(image, dict):
        path, image = path or image.get("path"), image["bytes"]
    path = shown(path) if isinstance(path, str) and path else place
    if label is None:
        return Item(path, "", None, f"has no label ({place})")
    if isinstance(label, int) and classes and 0 <= label < len(classes):
        label = classes[label]
    if not image:
        return Item(path, str(label), None, f"has no bytes ({place})")
    problem = f"has {len(image):,} bytes, and at most {MAX_BYTES:,} are read" if len(image) > MAX_BYTES else ""
    return Item(path, shown(str(label)), None if problem else image, problem)
