"""A gallery that is too large to be searched whole at each request: a FAISS index beside the encoder's graph.

The index is a navigable small-world graph (HNSW; Malkov & Yashunin 2020) over the same cosines. It misses some true
neighbours; `recall` measures how many it finds. Answers have the names and shapes of those in `gallery.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np

from switchyard.errors import InputError
from switchyard.model.gallery import UNKNOWN_LABEL, Gallery

INDEX, LABELS = "gallery.faiss", "gallery.npz"

LINKS = 32
"""Of each image to others. More find more, and take more memory: 4 bytes each, twice."""

EFFORT = 128
"""Candidates kept while linking and while searching."""


@dataclass(frozen=True)
class FaissGallery:
    """A searchable index with the labels of its rows.

    Attributes:
        index: A `faiss.IndexHNSWFlat`.
        numbers: For each row the place of its label in `classes`; int64 of shape (images,).
        classes: All labels, sorted.
    """

    index: Any
    numbers: np.ndarray
    classes: tuple[str, ...]

    @classmethod
    def build(cls, gallery: Gallery) -> Self:
        """Index a gallery; the same gallery gives the same index."""
        import faiss

        index = faiss.IndexHNSWFlat(gallery.embeddings.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = index.hnsw.efSearch = EFFORT
        with _one_thread():
            index.add(np.ascontiguousarray(gallery.embeddings, dtype=np.float32))
        return cls(index, gallery.numbers, gallery.classes)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the files from a folder.

        Raises:
            InputError: A file is not there or damaged.
        """
        import faiss

        with _readable(f"{folder}/"):
            return cls._of(faiss.read_index(str(folder / INDEX)), folder / LABELS)

    @classmethod
    def of_files(cls, files: Mapping[str, bytes]) -> Self:
        """Read what `files` gave.

        Raises:
            InputError: A file is not there or damaged.
        """
        import faiss

        with _readable():
            index = faiss.deserialize_index(np.frombuffer(files[INDEX], dtype=np.uint8))
            return cls._of(index, BytesIO(files[LABELS]))

    @classmethod
    def _of(cls, index: Any, labels: Path | BytesIO) -> Self:  # noqa: ANN401 - faiss has no types
        with np.load(labels, allow_pickle=False) as saved:
            return cls(index, saved["numbers"], tuple(saved["classes"].tolist()))

    def files(self) -> dict[str, bytes]:
        """The companions of an `OnnxModel`, by name: the same bytes for the same gallery."""
        import faiss

        labels = BytesIO()  # not compressed, for that depends on the zlib of the machine
        np.savez(labels, numbers=self.numbers, classes=np.array(self.classes))
        return {INDEX: faiss.serialize_index(self.index).tobytes(), LABELS: labels.getvalue()}

    def __len__(self) -> int:
        """How many images."""
        return len(self.numbers)

    def gallery(self) -> Gallery:
        """What was indexed."""
        embeddings = self.index.reconstruct_n(0, len(self))
        return Gallery(embeddings, np.array(self.classes, dtype=object)[self.numbers])

    def answer(self, embedding: np.ndarray, *, neighbours: int, vote: int, threshold: float) -> dict[str, np.ndarray]:
        """Search.

        Args:
            embedding: What the encoder gives, float32 of shape (N, d).
            neighbours: How many an answer names, k.
            vote: How many of them decide on the label.
            threshold: The lowest cosine to the nearest that is not answered with `unknown`.

        Returns:
            `label` (N,), `neighbours` (N, k), `neighbour_labels` (N, k), `similarity` (N, k) and `embedding`.
        """
        with _one_thread():
            cosines, rows = self.index.search(np.ascontiguousarray(embedding, dtype=np.float32), neighbours)
        labels = np.array([*self.classes, UNKNOWN_LABEL], dtype=object)
        numbers = np.where(rows >= 0, self.numbers[rows], -1)
        chosen = _voted(numbers[:, :vote], cosines[:, :vote], len(self.classes))
        near = cosines[:, 0] >= np.float32(threshold)
        return {
            "label": labels[np.where(near, chosen, -1)],
            "neighbours": rows,
            "neighbour_labels": labels[numbers],
            "similarity": cosines,
            "embedding": embedding,
        }


@contextmanager
def _one_thread() -> Iterator[None]:
    """FAISS in this thread alone: links come out in the same order, and a search of a few rows wakes nobody.

    Its workers spin while they wait for one another, on cores that others may want, and a query takes twice as long.
    """
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


@contextmanager
def _readable(place: str = "") -> Iterator[None]:
    try:
        yield
    except (RuntimeError, OSError, ValueError, KeyError, BadZipFile) as error:
        raise InputError(f"{place}{INDEX} and {LABELS} are no gallery that can be read: index again") from error


def recall(index: FaissGallery, gallery: Gallery, queries: np.ndarray, neighbours: int) -> float:
    """The share of the true nearest neighbours that an index finds.

    Args:
        index: Of the gallery.
        gallery: Searched whole for comparison.
        queries: Embeddings of length one, (N, d).
        neighbours: How many for each query.
    """
    found = index.answer(queries, neighbours=neighbours, vote=1, threshold=-1)["neighbours"]
    hits = 0
    for start in range(0, len(queries), 64):
        cosines = queries[start : start + 64] @ gallery.embeddings.T
        true = np.argpartition(-cosines, neighbours - 1, axis=1)[:, :neighbours]
        hits += sum(len(np.intersect1d(a, b)) for a, b in zip(true, found[start : start + 64], strict=True))
    return hits / (len(queries) * neighbours)


def _voted(numbers: np.ndarray, cosines: np.ndarray, classes: int) -> np.ndarray:
    """Most votes win; of as many, the higher sum of cosines: as in the graph of `gallery.py`."""
    rows, votes = numbers.shape
    total = np.zeros((rows, classes + 1))  # the last for what was not found
    weights = 1 + cosines / (2 * votes + 2)
    np.add.at(total, (np.arange(rows)[:, None], numbers), np.where(numbers >= 0, weights, 0))
    return np.asarray(total[:, :-1].argmax(axis=1))
