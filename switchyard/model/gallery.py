"""The images that an embedding is compared with, and the search among them as ONNX nodes.

A graph with a gallery takes raw pixels and gives

- `label` (N,): that of the nearest image (or the vote of the nearest), or `unknown`;
- `neighbours` (N, k) int64: rows of the gallery, the nearest first; of equally near ones the first row;
- `neighbour_labels` (N, k) and `similarity` (N, k) float32: their labels, and the cosines to them;
- `embedding` (N, d) float32, of length one.

The gallery lies in three constants of the graph; `indexing.py` replaces them. A graph compares with every image at each
request, so a gallery of more images than `largest_exact` is searched by `faiss_gallery.py`, beside the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from switchyard.model.companions import digests

UNKNOWN_LABEL = "unknown"
"""The answer when nothing in the gallery is near enough."""

EMBEDDINGS, NUMBERS, CLASSES = "gallery.embeddings", "gallery.classes_of_rows", "gallery.classes"
BATCH = 256


@dataclass(frozen=True)
class Gallery:
    """Images with a label, as an encoder sees them.

    Attributes:
        embeddings: float32 of length one; (images, d).
        labels: Text; an object array of shape (images,).
    """

    embeddings: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        """How many images."""
        return len(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """All labels, sorted."""
        return tuple(sorted(set(self.labels.tolist())))

    @property
    def numbers(self) -> np.ndarray:
        """For each row the place of its label in `classes`."""
        places = {label: number for number, label in enumerate(self.classes)}
        return np.array([places[label] for label in self.labels.tolist()], dtype=np.int64)


def described(images: int, companions: Mapping[str, bytes]) -> dict[str, Any]:
    """What the metadata says of a gallery: its size, how it is searched, and any files beside the graph.

    Args:
        images: How many there are.
        companions: The index; empty for a gallery in the graph.
    """
    beside = {"files": digests(companions)} if companions else {}
    return {"images": images, "search": "hnsw" if companions else "exact", **beside}
