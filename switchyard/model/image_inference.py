"""What models say of a table of encoded images: decoded once, batch by batch, whoever and however many they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.errors import InputError
from switchyard.model.decoding import UnreadableImageError, decode

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel

BATCH = 128
Outputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Inference:
    """The answers of one model to the images of one table.

    Attributes:
        labels: The true classes, text; an object array of shape (images,).
        outputs: All outputs of the graph by name, (images, ...).
    """

    labels: np.ndarray = field(repr=False)
    outputs: Mapping[str, np.ndarray] = field(repr=False)

    def __len__(self) -> int:
        """How many images."""
        return len(self.labels)

    def where(self, chosen: np.ndarray) -> Inference:
        """Some of the images, by a mask or by their numbers."""
        return Inference(self.labels[chosen], {name: values[chosen] for name, values in self.outputs.items()})


def ask(models: Sequence[OnnxModel], images: pl.LazyFrame) -> list[Inference]:
    """Runs each model on all images, of which a batch at a time is in memory.

    Args:
        models: With one input `image` (N, H, W, C); each sees the images in its own size.
        images: An ingested table, of which `image`, `label` and `path` are read.

    Raises:
        InputError: There is no image, or one cannot be decoded.
    """
    labels: list[str] = []
    parts: list[list[Outputs]] = [[] for _ in models]
    for frame in _batches(images.select("image", "label", "path")):
        labels += frame["label"].to_list()
        seen: dict[tuple[int, ...], np.ndarray] = {}
        for model, said in zip(models, parts, strict=True):
            shape = shape_of(model)
            if shape not in seen:
                seen[shape] = pixels(frame, shape)
            said.append(run(model, seen[shape]))
    if not labels:
        raise InputError("there are no images to measure the model on: enlarge split.validation and split.test")
    truth = np.array(labels, dtype=object)
    return [
        Inference(truth, {name: np.concatenate([part[name] for part in said]) for name in said[0]}) for said in parts
    ]


def ask_pixels(model: OnnxModel, images: np.ndarray, labels: np.ndarray) -> Inference:
    """Runs a model on pixels (N, H, W, C) that are in memory."""
    said = [run(model, images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
    return Inference(labels, {name: np.concatenate([part[name] for part in said]) for name in said[0]})


def run(model: OnnxModel, batch: np.ndarray) -> Outputs:
    """All outputs of the graph by name, for pixels (n, H, W, C)."""
    names = [output.name for output in model.session.get_outputs()]
    return dict(zip(names, model.session.run(names, {"image": batch}), strict=True))


def shape_of(model: OnnxModel) -> tuple[int, int, int]:
    """Height, width and channels that a model was trained on."""
    _, height, width, channels = model.metadata["inputs"][0]["shape"]
    return height, width, channels


def pixels(frame: pl.DataFrame, shape: tuple[int, int, int]) -> np.ndarray:
    """The images of a frame, uint8 of shape (rows, *shape).

    Raises:
        InputError: One cannot be decoded; the sentence names it.
    """
    height, width, channels = shape
    pairs = zip(frame["image"].to_list(), frame["path"].to_list(), strict=True)
    return np.stack([_decoded(content, path, channels, (height, width)) for content, path in pairs])


def rows(images: pl.LazyFrame, numbers: Sequence[int]) -> pl.DataFrame:
    """The images with these numbers, rising, in the order of the table; each once, with its number as `row`."""
    return _wanted(images, numbers).collect(engine="streaming").sort("row")


def batches_of(images: pl.LazyFrame, numbers: Sequence[int]) -> Iterator[pl.DataFrame]:
    """The same, `BATCH` at a time (the last fewer), without the others in memory: for many images."""
    import polars as pl

    waiting = None
    for part in _wanted(images, numbers).collect_batches(chunk_size=BATCH, maintain_order=True):
        waiting = part if waiting is None else pl.concat([waiting, part])
        while waiting.height >= BATCH:
            yield waiting[:BATCH]
            waiting = waiting[BATCH:]
    if waiting is not None and waiting.height:
        yield waiting


def _wanted(images: pl.LazyFrame, numbers: Sequence[int]) -> pl.LazyFrame:
    import polars as pl

    numbered = images.select("image", "label", "path").with_row_index("row")
    return numbered.filter(pl.col("row").is_in(sorted(set(map(int, numbers)))))


def _batches(images: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    for part in images.collect_batches(chunk_size=BATCH, maintain_order=True):
        yield from part.iter_slices(BATCH)


def _decoded(content: bytes, path: str, channels: Any, size: tuple[int, int] | None) -> np.ndarray:  # noqa: ANN401
    try:
        return decode(content, channels, size)
    except UnreadableImageError as error:
        raise InputError(f"the image {path} {error}; ingest again to have it checked") from error
