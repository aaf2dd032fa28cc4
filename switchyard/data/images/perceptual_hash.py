"""A hash that images which look the same share, all but a few bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

BITS = 64
_SIDE, _KEPT = 32, 8
# The first eight rows of the discrete cosine transform (type II) of 32 values.
_COSINES = np.cos(np.pi / _SIDE * np.outer(np.arange(_KEPT), np.arange(_SIDE) + 0.5))


def perceptual_hash(grey: Image.Image) -> int:
    """The pHash of an image: which of its 64 lowest frequencies are stronger than their median.

    The bits are those of the package ImageHash (`phash`), row by row, the first one the highest. It is not a
    dependency, as it would bring PyWavelets along for hashes that are not used here.

    Source: N. Krawetz, Looks Like It, The Hacker Factor Blog, 2011.

    Args:
        grey: In mode L.

    Returns:
        64 bits as a signed integer, which is what Parquet and Polars sort and store without a cast.
    """
    from PIL import Image

    small = np.asarray(grey.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), np.float64)
    # Rounded, so that frequencies that are zero but for rounding errors give the same bits everywhere.
    low = np.round(_COSINES @ small @ _COSINES.T, 6)
    return int(np.packbits(low > np.median(low)).view(">i8")[0])
