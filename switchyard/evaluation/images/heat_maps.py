"""What a few answers rest on, as heat maps: the section `saliency`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.evaluation.images.saliency import occlusion
from switchyard.evaluation.images.thumbnail import overlay, thumbnail
from switchyard.model.image_inference import pixels, rows, shape_of

if TYPE_CHECKING:
    import polars as pl

    from switchyard.evaluation.images.subject import Predictions, Subject

EACH = 2
"""Images of each kind: confidently wrong, uncertain, confidently right."""


def saliency(subject: Subject, predictions: Predictions, images: pl.LazyFrame) -> dict[str, Any]:
    """Heat maps by occlusion, on the ONNX model.

    Args:
        subject: The model.
        predictions: Its answers.
        images: The table that they are about.

    Returns:
        `images`, each with `row`, `path`, `true`, `answered`, `score`, `kind` (why it is shown), `fall` (the largest
        fall of the score when a square is covered), `src` and `overlay` (data URIs) and their `alt` texts.
    """
    chosen = _chosen(predictions)
    found = rows(images, list(chosen))
    decoded = dict(zip(found["row"].to_list(), pixels(found, shape_of(subject.model)), strict=True))
    paths = dict(zip(found["row"].to_list(), found["path"].to_list(), strict=True))
    shown = []
    for row, kind in chosen.items():
        image, true, answered = decoded[row], str(predictions.truth[row]), str(predictions.said[row])
        heat = occlusion(subject.reason(predictions, row), image)
        fall = float(heat.max())
        where = _where(heat)
        shown.append(
            {
                "row": row,
                "path": paths[row],
                "true": true,
                "answered": answered,
                "score": float(predictions.score[row]),
                "kind": kind,
                "fall": fall,
                "src": thumbnail(image),
                "alt": f"image {paths[row]} of class {true}, answered {answered}",
                "overlay": overlay(image, heat),
                "overlay_alt": f"heat map: covering the {where} lowers the score by {fall:.2f}",
            }
        )
    return {"images": shown}


def _chosen(predictions: Predictions) -> dict[int, str]:
    """Rows and why, each once."""
    right = predictions.counted & ~predictions.wrong
    kinds = {
        "confidently wrong": (predictions.wrong, predictions.score),
        "uncertain": (predictions.counted, -predictions.margin),
        "confidently right": (right, predictions.score),
    }
    chosen: dict[int, str] = {}
    for kind, (mask, by) in kinds.items():
        candidates = np.flatnonzero(mask)
        ranked = candidates[np.argsort(-by[candidates], kind="stable")]
        fresh = [int(row) for row in ranked if int(row) not in chosen]
        if kind == "confidently right":  # of several classes, rather than twice the same
            firsts = {str(predictions.said[row]): row for row in reversed(fresh)}
            fresh = [row for row in fresh if firsts[str(predictions.said[row])] == row]
        chosen |= dict.fromkeys(fresh[:EACH], kind)
    return chosen


def _where(heat: np.ndarray) -> str:
    """Where the hottest pixel lies, in thirds: `upper left`."""
    down, across = np.unravel_index(int(heat.argmax()), heat.shape)
    rows_, columns = ("upper", "middle", "lower"), ("left", "centre", "right")
    vertical, horizontal = rows_[3 * int(down) // heat.shape[0]], columns[3 * int(across) // heat.shape[1]]
    return "centre" if (vertical, horizontal) == ("middle", "centre") else f"{vertical} {horizontal}"
