"""Small pictures inside a page: data URIs, the same bytes for the same pixels."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np

SIDE = 72
"""The longer side in pixels at most; smaller images stay as they are."""


def thumbnail(image: np.ndarray, side: int = SIDE) -> str:
    """An image as a data URI.

    Args:
        image: uint8 of shape (H, W, C) with 1 or 3 channels.
        side: The longer side at most.
    """
    from PIL import Image

    picture = Image.fromarray(image.squeeze(axis=2) if image.shape[2] == 1 else image)
    picture.thumbnail((side, side), Image.Resampling.BOX)
    # Photographs are a fifth as large as JPEG; a small drawing is larger, and loses its edges.
    kind = "JPEG" if picture.mode == "RGB" and max(picture.size) > 40 else "PNG"
    return _data_uri(picture, kind)


def overlay(image: np.ndarray, heat: np.ndarray, side: int = 112) -> str:
    """An image in grey under a heat map: orange where the score falls when it is covered, blue where it rises.

    Args:
        image: uint8 of shape (H, W, C).
        heat: Of shape (H, W), any scale.
        side: The longer side, to which small images are enlarged.
    """
    from PIL import Image

    grey = image.astype(float).mean(axis=2, keepdims=True).repeat(3, axis=2)
    strength = heat / max(float(np.abs(heat).max()), 1e-12)
    colour = np.where(strength[..., None] > 0, [255.0, 128.0, 0.0], [40.0, 120.0, 255.0])
    opaque = 0.75 * np.abs(strength)[..., None]
    blended = (grey * 0.85 * (1 - opaque) + colour * opaque).round().clip(0, 255).astype(np.uint8)
    height, width = heat.shape
    scale = side / max(height, width)
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    picture = Image.fromarray(blended).resize((max(1, round(width * scale)), max(1, round(height * scale))), how)
    return _data_uri(picture, "JPEG" if scale < 1 else "PNG")


def _data_uri(picture: object, kind: str) -> str:
    stream = BytesIO()
    picture.save(stream, kind, **({"quality": 80} if kind == "JPEG" else {"optimize": True}))  # type: ignore[attr-defined]
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"
