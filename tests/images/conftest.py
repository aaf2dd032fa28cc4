"""Images that tests make themselves, each different from the others."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from switchyard.config.images import ImageData
from switchyard.data.images.ingest import ingest
from switchyard.data.images.source import look
from tests.s3.bucket import bucket, s3_server

__all__ = ["bucket", "s3_server"]


def picture(seed: int, size: tuple[int, int] = (24, 16), mode: str = "RGB") -> Image.Image:
    """A smooth random pattern, so that perceptual hashes of different seeds are far apart."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def pets(tmp_path):
    """A folder of two classes with six images each."""
    for number in range(6):
        put(tmp_path / "pets" / "cats" / f"{number}.png", encoded(picture(number)))
        put(tmp_path / "pets" / "dogs" / f"{number}.jpg", encoded(picture(100 + number), "JPEG"))
    return tmp_path / "pets"


@pytest.fixture
def ingested(tmp_path):
    """Ingests a URI; returns the table, path to reason of what is unreadable, and the summary."""
    import polars as pl

    def run(uri: str, **data):
        section = ImageData(uri=uri, **data)
        source = look(section, tmp_path)
        summary = ingest(source, section, tmp_path / "ingested")
        table = pl.read_parquet(tmp_path / "ingested" / "raw.parquet")
        refused = pl.read_parquet(tmp_path / "ingested" / "unreadable.parquet")
        return table, dict(refused.iter_rows()), summary

    return run
