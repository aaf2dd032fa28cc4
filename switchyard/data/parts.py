"""The parts of a split, and how blocks of rows are assigned to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from switchyard.config.images import ImageSplit
    from switchyard.config.sections import Split

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)


def random_order(count: int, seed: int) -> np.ndarray:
    """A permutation of 0 … count - 1, the same for a seed for ever."""
    return np.argsort(np.random.PCG64(seed).random_raw(count), kind="stable")


def assign_blocks(order: np.ndarray, sizes: np.ndarray, config: Split | ImageSplit) -> np.ndarray:
    """The part of each block when blocks are assigned in `order` and weigh `sizes` rows.

    A block goes where its middle row falls; with three blocks or more, no part stays empty.
    """
    ordered = sizes[order]
    middles = np.cumsum(ordered) - ordered / 2
    rows, blocks = int(ordered.sum()), len(ordered)
    first = int(np.searchsorted(middles, rows - rows * (config.validation + config.test)))
    second = int(np.searchsorted(middles, rows - rows * config.test))
    if blocks >= len(PARTS):
        first = min(max(first, 1), blocks - 2)
        second = min(max(second, first + 1), blocks - 1)
    parts = np.full(blocks, TRAIN, np.uint8)
    parts[order[first:second]] = VALIDATION
    parts[order[second:]] = TEST
    return parts
