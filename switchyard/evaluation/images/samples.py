"""Images that a reader should look at: in the worst cells of the confusion matrix, uncertain, and confidently wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.evaluation.images.thumbnail import thumbnail
from switchyard.model.decoding import decode
from switchyard.model.image_inference import rows as rows_of

if TYPE_CHECKING:
    import polars as pl

    from switchyard.evaluation.images.subject import Predictions
    from switchyard.model.decoding import Channels

CELLS, EACH, SHOWN = 6, 5, 10
"""How many cells of the confusion matrix, how many images of each, and how many images of the other kinds."""


def samples(
    predictions: Predictions, images: pl.LazyFrame, channels: Channels, gallery: pl.LazyFrame | None = None
) -> dict[str, Any]:
    """The images, chosen by what was answered.

    Args:
        predictions: The answers.
        images: The table that they are about, row by row.
        channels: 1: thumbnails are grey as the model sees them; 3: in colour.
        gallery: The table whose rows `predictions.nearest` are, to show what an image was taken for.

    Returns:
        `confusions`: the largest cells off the diagonal, each with `true`, `answered`, `count` and `images` (the most
        confident first); `uncertain`: those that count with the smallest margins; `confident_wrong`: those with the
        highest scores of the wrong ones; `unknown`: likewise of those that do not count, if there are any. An image has
        `row`, `path`, `src` (a data URI), `alt`, `true`, `answered`, `score`, `margin`, and `nearest` (`src`, `alt`)
        if there is a gallery.
    """
    cells = [
        (cell, _most(np.flatnonzero(_cell(predictions, *cell)), predictions.score, EACH))
        for cell, _ in _worst(predictions)
    ]
    uncertain = _most(np.flatnonzero(predictions.counted), -predictions.margin, SHOWN)
    wrong = _most(np.flatnonzero(predictions.wrong), predictions.score, SHOWN)
    unknown = _most(np.flatnonzero(~predictions.counted), predictions.score, SHOWN)
    shown = pictures(
        predictions,
        images,
        channels,
        [*uncertain, *wrong, *unknown, *(row for _, some in cells for row in some)],
        gallery,
    )
    counts = dict(_worst(predictions))
    return {
        "confusions": [
            {"true": cell[0], "answered": cell[1], "count": counts[cell], "images": [shown[row] for row in some]}
            for cell, some in cells
        ],
        "uncertain": [shown[row] for row in uncertain],
        "confident_wrong": [shown[row] for row in wrong],
        **({"unknown": [shown[row] for row in unknown]} if unknown else {}),
    }


def pictures(
    predictions: Predictions,
    images: pl.LazyFrame,
    channels: Channels,
    wanted: Iterable[int],
    gallery: pl.LazyFrame | None = None,
) -> dict[int, dict[str, Any]]:
    """What the page shows of some images, by row; see `samples`."""
    numbers = sorted(set(wanted))
    sources = _thumbnails(images, numbers, channels)
    nearest: dict[int, tuple[str, str]] = {}
    if gallery is not None and predictions.nearest is not None:
        nearest = _thumbnails(gallery, predictions.nearest[numbers].tolist(), channels)
    shown = {}
    for row in numbers:
        true, answered = str(predictions.truth[row]), str(predictions.said[row])
        src, path = sources[row]
        shown[row] = {
            "row": row,
            "path": path,
            "src": src,
            "alt": f"image {path} of class {true}, answered {answered} with {predictions.score[row]:.2f}",
            "true": true,
            "answered": answered,
            "score": float(predictions.score[row]),
            "margin": float(predictions.margin[row]) if np.isfinite(predictions.margin[row]) else None,
        }
        if nearest and predictions.nearest is not None:
            thumb, other = nearest[int(predictions.nearest[row])]
            shown[row]["nearest"] = {"src": thumb, "alt": f"its nearest image {other} of class {answered}"}
    return shown


def _worst(predictions: Predictions) -> list[tuple[tuple[str, str], int]]:
    """The cells off the diagonal with the most images, by size and then by name."""
    pairs = zip(
        predictions.truth[predictions.wrong].tolist(), predictions.said[predictions.wrong].tolist(), strict=True
    )
    counted = Counter((str(true), str(said)) for true, said in pairs)
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:CELLS]


def _cell(predictions: Predictions, true: str, answered: str) -> np.ndarray:
    return np.asarray(predictions.wrong & (predictions.truth == true) & (predictions.said == answered))


def _most(rows: np.ndarray, by: np.ndarray, count: int) -> list[int]:
    """The rows with the highest values; of equal ones the first."""
    order = np.argsort(-by[rows], kind="stable")
    return [int(row) for row in rows[order[:count]]]


def _thumbnails(images: pl.LazyFrame, numbers: Sequence[int], channels: Channels) -> dict[int, tuple[str, str]]:
    """Thumbnail and path by row."""
    if not numbers:
        return {}
    found = rows_of(images, numbers)
    columns = (found[name].to_list() for name in ("row", "image", "path"))
    return {row: (thumbnail(decode(image, channels)), path) for row, image, path in zip(*columns, strict=True)}
