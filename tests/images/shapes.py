"""A table of small images that a tiny network learns in a second: noisy bars and discs."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

SIZE = (14, 14)
KINDS = ("disc", "flat", "tall", "ring")
TINY = {"width": 4, "epochs": 6, "batch_size": 16, "learning_rate": 0.02, "rotate": 5}


def draw(kind: str, rng: np.random.Generator, size: tuple[int, int] = SIZE, channels: int = 1) -> np.ndarray:
    """One image, uint8 of shape (*size, channels)."""
    down, across = np.mgrid[0 : size[0], 0 : size[1]]
    down, across = (down + 0.5) / size[0] - rng.uniform(0.4, 0.6), (across + 0.5) / size[1] - rng.uniform(0.4, 0.6)
    distance = np.hypot(down, across)
    inside = {
        "disc": distance < 0.25,
        "flat": (abs(down) < 0.12) & (abs(across) < 0.4),
        "tall": (abs(across) < 0.12) & (abs(down) < 0.4),
        "ring": (distance > 0.25) & (distance < 0.4),
    }[kind]
    values = inside * rng.uniform(150, 220) + rng.uniform(0, 30, size)
    return np.repeat(values.astype(np.uint8)[:, :, None], channels, axis=2)


def png(pixels: np.ndarray) -> bytes:
    """Encoded."""
    content = BytesIO()
    Image.fromarray(pixels.squeeze()).save(content, "PNG")
    return content.getvalue()


def write(
    path: Path,
    rows: int,
    seed: int,
    kinds: tuple[str, ...] = KINDS[:3],
    group: int = 32,
    size: tuple[int, int] = SIZE,
    channels: int = 1,
    damaged: int | None = None,
) -> Path:
    """A Parquet file as ingest writes it; the row `damaged` is cut short."""
    rng = np.random.default_rng(seed)
    labels = [kinds[number % len(kinds)] for number in range(rows)]
    images = [png(draw(label, rng, size, channels)) for label in labels]
    if damaged is not None:
        images[damaged] = images[damaged][:40]
    mode = "L" if channels == 1 else "RGB"
    columns = {
        "image": pa.array(images, pa.binary()),
        "label": labels,
        "width": [size[1]] * rows,
        "height": [size[0]] * rows,
        "format": ["PNG"] * rows,
        "mode": [mode] * rows,
        "hash": [hashlib.sha256(image).hexdigest() for image in images],
        "path": [f"{label}/{number}.png" for number, label in enumerate(labels)],
    }
    pq.write_table(pa.table(columns), path, row_group_size=group)
    return path


def fit(tables: Path, kind: str = "cnn", **params):
    """Train a candidate on the tables of a folder as the step does; see `sets`."""
    from switchyard.training.images.candidates import train_candidate

    given = {
        name: params.pop(name)
        for name in ("seed", "size", "channels", "folder", "on_epoch", "use_case")
        if name in params
    }
    options = {"seed": 3, "size": SIZE, "channels": 1, "threads": 1} | given
    paths = {name: tables / f"{name}.parquet" for name in ("training", "validation")}
    return train_candidate("it", kind, TINY | params, **paths, **options)


def sets(folder: Path) -> Path:
    """`training.parquet` (150 images), `validation.parquet` and `test.parquet` (60 each) in a folder."""
    for seed, (name, rows) in enumerate({"training": 150, "validation": 60, "test": 60}.items()):
        write(folder / f"{name}.parquet", rows, seed)
    return folder
