"""From a source of images to one Parquet file, image by image: what the ingest step does for image tasks."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.images import ImageData
from switchyard.data.disk_full import disk_full_named
from switchyard.data.images.items import Item
from switchyard.data.images.perceptual_hash import perceptual_hash
from switchyard.data.images.source import ImageSource, items, look
from switchyard.data.images.table_file import TableFile, image_schema
from switchyard.errors import InputError, SwitchyardError
from switchyard.model.decoding import UnreadableImageError, pixels, read_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PARTS = ("raw", "unreadable")
_AT_A_TIME = 32  # decoded images in memory


@dataclass(frozen=True)
class IngestedImages:
    """What was written.

    Attributes:
        rows: Images that can be read.
        unreadable: Files that cannot, each with its reason in `unreadable.parquet`.
        bytes: The size of the table.
        fingerprint: Of the source, the same before and after reading it.
    """

    rows: int
    unreadable: int
    bytes: int
    fingerprint: str


def ingest(source: ImageSource, data: ImageData, destination: Path) -> IngestedImages:
    """Stream the images to `destination/raw.parquet`, and what cannot be read to `destination/unreadable.parquet`.

    Each image is decoded once, to know that it can be, and for its size, perceptual hash and brightness.

    Args:
        source: What `look` found.
        data: The same section that `look` got.
        destination: The folder; it is made if it is not there.

    Raises:
        InputError: If the source cannot be read, or no image of it.
        SwitchyardError: If it changed meanwhile, or the disk is full.
    """
    with disk_full_named(destination):
        destination.mkdir(parents=True, exist_ok=True)
        partial = {part: destination / f".{part}.{os.getpid()}.partial" for part in PARTS}
        try:
            rows, unreadable, first = _write(source, data, partial, destination)
            if not rows:
                raise InputError(f"{source.shown} holds no image that can be read: {first or 'it is empty'}.")
            if look(data, source.root).fingerprint != source.fingerprint:
                raise SwitchyardError(
                    f"{source.uri} changed while it was read: run again when nothing writes to it any more."
                )
            for part, path in partial.items():
                path.replace(destination / f"{part}.parquet")
        finally:
            for path in partial.values():
                path.unlink(missing_ok=True)
    size = (destination / "raw.parquet").stat().st_size
    return IngestedImages(rows, unreadable, size, source.fingerprint)


def _write(source: ImageSource, data: ImageData, paths: dict[str, Path], scratch: Path) -> tuple[int, int, str]:
    import pyarrow as pa

    reasons = pa.schema([("path", pa.string()), ("reason", pa.string())])
    first = ""
    with (
        TableFile(paths["raw"], image_schema()) as readable,
        TableFile(paths["unreadable"], reasons) as unreadable,
    ):
        for row, path, reason in _examined(items(source, data, scratch), data.max_pixels):
            if row is not None:
                readable.write(row)
            else:
                first = first or f"{path} {reason}"
                unreadable.write({"path": path, "reason": reason})
    return readable.rows, unreadable.rows, first


def _examined(found: Iterable[Item], max_pixels: int) -> Iterator[tuple[dict[str, Any] | None, str, str]]:
    """Each image's row, or its path and the reason why it has none, in the source's order."""
    remaining = iter(found)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes without holding the interpreter
        while batch := list(islice(remaining, _AT_A_TIME)):
            yield from pool.map(lambda item: _row(item, max_pixels), batch)


def _row(item: Item, max_pixels: int) -> tuple[dict[str, Any] | None, str, str]:
    if item.content is None:
        return None, item.path, item.problem
    try:
        return examine(item.content, max_pixels) | {"label": item.label, "path": item.path}, item.path, ""
    except UnreadableImageError as error:
        return None, item.path, str(error)


def examine(content: bytes, max_pixels: int) -> dict[str, Any]:
    """What the ingested table says of an image, all but its label and path.

    Raises:
        UnreadableImageError: It cannot be decoded.
    """
    from PIL import Image

    picture = read_picture(content, max_pixels)
    colours = Image.fromarray(pixels(picture, 3))
    grey = colours.convert("L")
    brightness, contrast = _moments(grey.histogram())
    histogram = colours.histogram()
    is_grey = picture.mode in ("1", "L", "LA", "I") or picture.mode.startswith("I;")
    channels = (None if is_grey else _moments(histogram[at : at + 256])[0] for at in (0, 256, 512))
    return {
        "image": content,
        "width": colours.width,
        "height": colours.height,
        "format": picture.format,
        "mode": picture.mode,
        "hash": hashlib.sha256(content).hexdigest(),
        "phash": perceptual_hash(grey),
        "brightness": brightness,
        "contrast": contrast,
        **dict(zip(("red", "green", "blue"), channels, strict=True)),
    }


def _moments(histogram: list[int]) -> tuple[float, float]:
    """Mean and standard deviation of 8-bit values, as shares of full scale, from how often each occurs."""
    counts, levels = np.asarray(histogram, np.float64), np.arange(256) / 255
    mean = counts @ levels / counts.sum()
    return float(mean), float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))
