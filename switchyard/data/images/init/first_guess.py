"""A first use case from a look at all images: what `init` decides, and what it has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchyard.config.images import ImageContract, ImageSplit
from switchyard.data.images.contract import check
from switchyard.data.images.split import assign
from switchyard.errors import InputError

if TYPE_CHECKING:
    import polars as pl

_GREY = {"1", "L", "LA", "I", "I;16", "I;16B"}
_LARGEST = 128  # pixels a side that a small network still trains on without a GPU in reasonable time


@dataclass(frozen=True)
class ImageGuess:
    """What the config will say.

    Attributes:
        images: How many can be read.
        unreadable: The files that cannot, with their reasons.
        classes: Each class with its number of images.
        formats: The formats that occur.
        modes: The modes that occur.
        widths: The least and the greatest width.
        heights: The least and the greatest height.
        duplicates: Images that repeat another one byte for byte.
        conflicts: Images that stand in several classes.
        keep_together: The split's; the largest number of bits at which no cluster is too large, or None.
        size: Height and width for the network.
        channels: 1 if all images are grey, otherwise 3.
    """

    images: int
    unreadable: dict[str, str]
    classes: dict[str, int]
    formats: tuple[str, ...]
    modes: tuple[str, ...]
    widths: tuple[int, int]
    heights: tuple[int, int]
    duplicates: int
    conflicts: int
    keep_together: int | None
    size: tuple[int, int]
    channels: int


def guess(images: pl.LazyFrame, unreadable: pl.LazyFrame) -> ImageGuess:
    """Decide on everything from the ingested images.

    Raises:
        InputError: There are not two classes to tell apart.
    """
    report = check(images, unreadable, ImageContract(max_duplicates=0), "")
    classes = report.classes or {}
    if len(classes) < 2:
        raise InputError(
            f"All {report.rows:,} images are of the class {next(iter(classes))!r}: "
            "give one folder for each class, two or more of them."
        )
    facts = images.select("label", "hash", "phash", "width", "height", "format", "mode").collect()
    counts = {finding.rule: finding.count for finding in report.checks}
    modes = tuple(sorted(facts["mode"].unique()))
    width, height = facts["width"], facts["height"]
    return ImageGuess(
        report.rows,
        dict(unreadable.collect().iter_rows()),
        classes,
        tuple(sorted(facts["format"].unique())),
        modes,
        (int(width.to_numpy().min()), int(width.to_numpy().max())),
        (int(height.to_numpy().min()), int(height.to_numpy().max())),
        counts["max_duplicates"],
        counts["max_conflicts"],
        _keep_together(facts),
        (_side(height), _side(width)),
        1 if set(modes) <= _GREY else 3,
    )


def _keep_together(facts: pl.DataFrame) -> int | None:
    """At most two bits, fewer where that would link too many images, as it does with simple drawings."""
    for bits in (2, 1, 0):
        try:
            assign(facts, ImageSplit(keep_together=bits), 0)
        except InputError as error:
            if "keep_together" in str(error):
                continue
        return bits
    return None


def _side(sizes: pl.Series) -> int:
    """The median, in steps of 8 if it is not the same for all images, and not too large for a small network."""
    values = sizes.sort()
    median = int(values[len(values) // 2])
    if values[0] != values[-1]:
        median = max(8, round(median / 8) * 8)
    return min(median, _LARGEST)
