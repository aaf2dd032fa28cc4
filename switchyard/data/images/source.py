"""What `data.uri` means when the data is images: the listing, its format and fingerprint, and the images themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from switchyard.config.images import ImageData
from switchyard.data.images import archive, folder, packed
from switchyard.data.images.items import Entry, Item
from switchyard.data.places import s3 as s3_files
from switchyard.data.places import web as web_files
from switchyard.data.places.files import File, format_of
from switchyard.data.places.place import place_of
from switchyard.errors import InputError

ImageSourceFormat = Literal["folder", "archive", "parquet", "csv"]


@dataclass(frozen=True)
class ImageSource:
    """Images that can be read, and what is known of them.

    Attributes:
        uri: As the config gives it.
        format: How they are kept.
        files: The archives or tables; of a folder none.
        entries: The images of a folder or CSV; those of archives and Parquet are found while reading.
        fingerprint: Changes with the content, name or label of an image and with what changes how it is read.
        root: The folder that relative paths start from.
        counted: How many images the tables on this disk say that they have, if somebody has asked them.
        columns: None; a table has some.
    """

    uri: str
    format: ImageSourceFormat
    files: tuple[File, ...]
    entries: tuple[Entry, ...]
    fingerprint: str
    root: Path
    counted: int | None = None
    columns: tuple[str, ...] = ()

    @property
    def rows(self) -> int | None:
        """How many images there are, if the listing tells."""
        return len(self.entries) or self.counted

    def described(self) -> str:
        """Format and size in a few words."""
        return f"{self.format}, {self.rows:,} images" if self.rows is not None else f"{self.format} of images"

    @property
    def shown(self) -> str:
        """What a message calls it."""
        return self.files[0].name if len(self.files) == 1 else self.uri

    @property
    def is_local(self) -> bool:
        """Whether the images are on this machine."""
        return "://" not in self.uri or self.uri.startswith("file://")


def look(data: ImageData, root: Path) -> ImageSource:
    """Find the images of a source.

    Files on this machine are hashed; of a bucket the listing is read, and of a CSV its rows.

    Args:
        data: Where they are.
        root: The folder that relative paths start from.

    Raises:
        InputError: If they are missing, or not what `data.format` says.
    """
    kind = _format(data, root)
    if kind == "folder":
        entries = _folder_entries(data.uri, root)
        return ImageSource(data.uri, kind, (), entries, _fingerprint(data, kind, (), entries), root)
    files = tuple(place_of(data.uri).find(data.uri, kind, root))
    entries = ()
    if kind == "csv":
        entries = tuple(entry for file in files for entry in _csv_entries(file, data))
        if not entries:
            raise InputError(f"{data.uri} lists no image: put a row for each image there.")
    return ImageSource(data.uri, kind, files, entries, _fingerprint(data, kind, files, entries), root)


def items(source: ImageSource, data: ImageData, scratch: Path) -> Iterator[Item]:
    """Every image, in an order that depends on the source alone.

    Args:
        source: What `look` found.
        data: The same section that `look` got.
        scratch: Where an archive or table that is not on this machine is put while it is read, one at a time.

    Raises:
        InputError: The source cannot be read.
    """
    if source.format in ("folder", "csv"):
        yield from folder.read_entries(source.entries)
        return
    for file in source.files:
        with _here(file, scratch) as path:
            if source.format == "archive":
                yield from archive.archive_items(path, file.name)
            else:
                yield from packed.parquet_items(path, file.name, data)


def _format(data: ImageData, root: Path) -> ImageSourceFormat:
    if data.format != "auto":
        return data.format
    bare = data.uri.partition("?")[0].lower() if "://" in data.uri else data.uri.lower()
    if bare.endswith(archive.SUFFIXES):
        return "archive"
    known = format_of(bare)
    if known:
        return known
    if bare.startswith("s3://"):
        names = [file.path.removeprefix(f"{data.uri.rstrip('/')}/") for file in s3_files.below(data.uri)]
    else:
        place = _local_path(data.uri, root)
        if not place.is_dir():
            place_of(data.uri).find(data.uri, "auto", root)  # says so if it is not there
            raise InputError(
                f"{data.uri} has an extension that names no known format (.zip, .tar, .tar.gz, .parquet, .csv): "
                "write folder, archive, parquet or csv at data.format."
            )
        names = [f"{item.name}/" if item.is_dir() else item.name for item in place.iterdir()]
    if any("/" in name for name in names):
        return "folder"
    return next((known for name in names if (known := format_of(name))), "folder")


def _local_path(uri: str, root: Path) -> Path:
    return root / Path(uri.removeprefix("file://")).expanduser()


def _folder_entries(uri: str, root: Path) -> tuple[Entry, ...]:
    if uri.startswith("s3://"):
        return tuple(folder.bucket_entries(uri))
    place = _local_path(uri, root)
    if "://" in uri.removeprefix("file://"):
        raise InputError(f"{uri} cannot be listed as a folder: give an archive or a Parquet file, or a bucket.")
    if not place.is_dir():
        place_of(uri).find(uri, "auto", root)  # says so if it is not there
        raise InputError(f"{uri} is a file, not a folder: correct data.uri or data.format.")
    return tuple(folder.local_entries(place, uri.rstrip("/")))


def _csv_entries(file: File, data: ImageData) -> list[Entry]:
    if data.uri.startswith(("http://", "https://")):
        raise InputError(f"{data.uri} lists paths, which are not followed over the web: use a bucket or an archive.")
    if not data.uri.startswith("s3://"):
        return packed.local_csv_entries(file, data)
    with TemporaryDirectory(prefix="switchyard-csv-") as scratch, _here(file, Path(scratch)) as path:
        return packed.bucket_csv_entries(replace(file, path=str(path)), file.path, data)


@contextmanager
def _here(file: File, scratch: Path) -> Iterator[Path]:
    """The file on this disk; what is fetched for it is gone afterwards."""
    if "://" not in file.path:
        yield Path(file.path)
        return
    fetch: Callable[[str, Path], None] = s3_files.download if file.path.startswith("s3://") else web_files.download
    with TemporaryDirectory(dir=scratch, prefix=".fetched.") as copies:
        copy = Path(copies) / "file"
        fetch(file.path, copy)
        yield copy


def _fingerprint(data: ImageData, kind: ImageSourceFormat, files: tuple[File, ...], entries: tuple[Entry, ...]) -> str:
    reading = {"parquet": [data.image, data.label], "csv": [data.image, data.label, data.separator]}
    facts = {
        "format": kind,
        "reading": [data.max_pixels, *reading.get(kind, [])],
        "files": [[Path(file.path).name, file.size, file.fingerprint] for file in files],
        "entries": [[entry.path, entry.label, entry.fingerprint, entry.problem] for entry in entries],
    }
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()
