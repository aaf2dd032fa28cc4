"""How images are assigned to training, validation and test: those that look the same go the same way.

Blocks are assigned as for tables (`switchyard.data.parts`), so a seed means the same split on any machine; here a block
is a cluster of images that look alike, within its class.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.images import ImageSplit
from switchyard.data.dataset import Dataset
from switchyard.data.disk_full import disk_full_named
from switchyard.data.images.near_duplicates import clusters, in_order_of_appearance
from switchyard.data.images.table_file import TableFile, image_schema
from switchyard.data.parts import PARTS, TEST, TRAIN, assign_blocks, random_order
from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from switchyard.data.training_rows import TrainingRows

_BATCH = 256  # rows in memory while the parts are written


def split(
    images: pl.LazyFrame, config: ImageSplit, seed: int, destination: Path, learned: TrainingRows | None = None
) -> Dataset:
    """Write `train.parquet`, `validation.parquet` and `test.parquet` into `destination`.

    Images keep their order within a part, and are copied as they are.

    Args:
        images: The ingested table.
        config: The method and the shares.
        seed: What decides the order.
        destination: An existing folder, or one to be made.
        learned: Images that are training images in any case, whatever the seed says.

    Raises:
        InputError: The images cannot be split so; the sentence names the key or the class.
        SwitchyardError: The disk is full.
    """
    facts = images.select("label", "hash", "phash").collect(engine="streaming")
    parts = assign(facts, config, seed, learned.contains(facts.lazy()) if learned else None)
    destination.mkdir(parents=True, exist_ok=True)
    partial = [destination / f".{name}.{os.getpid()}.partial" for name in PARTS]
    try:
        with disk_full_named(destination):
            _write(images, parts, partial)
            for name, path in zip(PARTS, partial, strict=True):
                path.replace(destination / f"{name}.parquet")
    finally:
        for path in partial:
            path.unlink(missing_ok=True)
    return Dataset(str(destination), PARTS)


def assign(facts: pl.DataFrame, config: ImageSplit, seed: int, learned: np.ndarray | None = None) -> np.ndarray:
    """The part of every image, in the table's order: 0 training, 1 validation, 2 test.

    Args:
        facts: The columns `label`, `hash` and `phash`.
        config: The method and the shares; images of `unseen` classes, and what looks like them, are all test images.
        seed: What decides the order.
        learned: Which images are training images in any case, and so is what looks like them.

    Returns:
        uint8 of shape (images,).
    """
    labels = facts["label"].to_numpy()
    classes, codes = np.unique(labels.astype(str), return_inverse=True)
    _require_unseen(classes, config)
    if config.keep_together is None:
        together = in_order_of_appearance(facts["hash"].rank("dense").to_numpy())
    else:
        together = clusters(facts["phash"].to_numpy(), config.keep_together)
    sizes = np.bincount(together)
    _require_small(sizes, config)

    unseen = np.isin(codes, np.flatnonzero(np.isin(classes, config.unseen)))
    held_out = np.bincount(together, weights=unseen) > 0
    assigned = np.full(len(sizes), TEST, np.uint8)
    shuffled = random_order(len(sizes), seed)
    shuffled = shuffled[~held_out[shuffled]]
    kinds = _most_frequent(together, codes, len(classes)) if config.method == "stratified" else np.zeros_like(sizes)
    for kind in np.unique(kinds[shuffled]):
        members = shuffled[kinds[shuffled] == kind]
        assigned[members] = assign_blocks(np.arange(len(members)), sizes[members], config)
    parts: np.ndarray = assigned[together]
    _require_classes(classes, codes, together, parts, config)
    if learned is not None:
        parts[~held_out[together] & (np.bincount(together, weights=learned) > 0)[together]] = TRAIN
    return parts


def _most_frequent(together: np.ndarray, codes: np.ndarray, classes: int) -> np.ndarray:
    """The class of most images of each cluster; of several, the first."""
    pairs, counts = np.unique(together * classes + codes, return_counts=True)
    order = np.lexsort((pairs, -counts, pairs // classes))
    _, first = np.unique(pairs[order] // classes, return_index=True)
    frequent: np.ndarray = pairs[order][first] % classes
    return frequent


def _write(images: pl.LazyFrame, parts: np.ndarray, paths: list[Path]) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(TableFile(path, image_schema())) for path in paths]
        rows = (
            row
            for batch in images.select(image_schema().names).collect_batches(chunk_size=_BATCH, maintain_order=True)
            for row in batch.iter_rows(named=True)
        )
        for part, row in zip(parts.tolist(), rows, strict=True):
            files[part].write(row)


def _require_unseen(classes: np.ndarray, config: ImageSplit) -> None:
    for name in config.unseen:
        if name not in classes:
            raise InputError(f"split.unseen: there is no class {name!r}; the classes are {', '.join(classes[:20])}")


def _require_small(sizes: np.ndarray, config: ImageSplit) -> None:
    images, largest = int(sizes.sum()), int(sizes.max())
    smallest = min(config.validation, config.test, 1 - config.validation - config.test)
    if largest > max(1, smallest * images):
        raise InputError(
            f"split.keep_together: {largest:,} of {images:,} images look the same, directly or by others in between, "
            f"and stay together, which is more than the smallest part ({smallest:.0%}) holds; "
            f"use a smaller number of bits, or null to keep only identical files together"
        )


def _require_classes(
    classes: np.ndarray, codes: np.ndarray, together: np.ndarray, parts: np.ndarray, config: ImageSplit
) -> None:
    for part, name in enumerate(PARTS):
        counts = np.bincount(codes[parts == part], minlength=len(classes))
        for code in np.flatnonzero(counts == 0).tolist():
            if classes[code] in config.unseen:
                continue
            images = int((codes == code).sum())
            groups = len(np.unique(together[codes == code]))
            alike = f", {groups:,} of which look different" if groups < images else ""
            raise InputError(
                f"split.method: {config.method} leaves no image of the class {str(classes[code])!r} for {name} "
                f"(it has {images:,} image{'s' * (images != 1)} in all{alike}); "
                f"add images of this class, or remove it from the data"
            )
