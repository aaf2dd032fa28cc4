"""How well embeddings find images of the same class: the figures of a retrieval's report.

All of it works on embeddings of length one and labels, whoever made them. An *estimate* is a value with its percentile
bootstrap interval over the query images, and `n`, how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from switchyard.errors import InputError
from switchyard.model.gallery import Gallery
from switchyard.statistics.bootstrap import Figure, estimate
from switchyard.statistics.metrics import Ranked, Sample, roc_auc
from switchyard.statistics.proportions import share_of

_BLOCK = 256  # queries that are compared at once
_ROUNDING = 1e-6  # cosines of float32 come out a little different in another order of adding
BINS = 2000
"""Of the histograms that the equal error rate is read from: a cosine is known to a thousandth."""

_REFUSED = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)

SHOWN_BINS = 50
GROUPS = 500
"""Queries are dealt to at most so many groups, and whole groups are resampled for the interval of the error rate."""


def ranking(
    queries: Gallery,
    gallery: Gallery,
    *,
    ks: Sequence[int] = (1, 5, 10),
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """Accuracy of the nearest neighbour, recall@k and mean average precision.

    Args:
        queries: Images whose classes the gallery has.
        gallery: Images among which neighbours are looked for; none of the queries may be in it.
        ks: For recall@k: the share of queries with an image of their class among the k nearest (Jégou et al. 2011).
        resamples: Of the bootstrap.
        confidence: Of the intervals.
        seed: Of the bootstrap.

    Returns:
        By `accuracy`, `recall_at_1`, …, and `map`: the mean over the queries of the average precision, which is the
        mean of the precisions at the ranks of all images of the query's class (Manning et al. 2008, chapter 8.4).

    Raises:
        InputError: There is no query, or one of a class that the gallery has not.
    """
    names, values = measures(queries, gallery, ks)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=resamples)
    draws = counts @ values / len(values)
    return {
        name: _estimate(float(values[:, column].mean()), draws[:, column], confidence, len(values))
        for column, name in enumerate(names)
    }


def measures(queries: Gallery, gallery: Gallery, ks: Sequence[int] = (1, 5, 10)) -> tuple[tuple[str, ...], np.ndarray]:
    """The figures of `ranking` for each query alone: their names, and values of shape (queries, names)."""
    if not len(queries):
        raise InputError("there are no images to search for: enlarge split.test")
    strange = sorted(set(queries.labels.tolist()) - set(gallery.classes))
    if strange:
        raise InputError(f"the gallery has no image of the class {strange[0]!r}, so none can be found")
    found: list[np.ndarray] = []
    for start in range(0, len(queries), _BLOCK):
        cosines = queries.embeddings[start : start + _BLOCK] @ gallery.embeddings.T
        order = np.argsort(-cosines, axis=1, kind="stable")
        right = gallery.labels[order] == queries.labels[start : start + _BLOCK, None]
        first = right.argmax(axis=1)
        precision = np.cumsum(right, axis=1) / np.arange(1, len(gallery) + 1)
        average = (precision * right).sum(axis=1) / right.sum(axis=1)
        found.append(np.stack([right[:, 0], *(first < k for k in ks), average], axis=1).astype(float))
    return ("accuracy", *(f"recall_at_{k}" for k in ks), "map"), np.concatenate(found)


def verification(
    queries: Gallery, gallery: Gallery, *, resamples: int = 200, confidence: float = 0.95, seed: int = 0
) -> dict[str, Any]:
    """Cosines of pairs of one class (genuine) and of two (impostor), and where the errors are equal.

    The equal error rate is the share of impostor pairs at or above a threshold (false matches) where the share of
    genuine pairs below it (false non-matches) is the same: ISO/IEC 19795-1. It is interpolated between edges of bins.

    Args:
        queries: One image of each pair.
        gallery: The other one.
        resamples: Of the bootstrap over queries, not over pairs: those of one query are not independent.
        confidence: Of the interval.
        seed: Of the bootstrap.

    Returns:
        `eer` (an estimate), `threshold` (a cosine), `pairs` with the numbers of both, and `histogram`: edges, and the
        share of genuine and of impostor pairs in each bin.

    Raises:
        InputError: All pairs are of one kind.
    """
    rng = np.random.default_rng(seed)
    groups = min(len(queries), GROUPS)
    group = rng.permutation(len(queries)) % max(groups, 1)
    counted = _counted(queries, gallery, group, groups, BINS)
    totals = counted.sum(axis=1)
    if not totals.sum(axis=1).all():
        raise InputError("all pairs of images are of one class, or none are: errors cannot be told from hits")
    eer, threshold = equal_error(totals[0], totals[1])
    weights = rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    drawn = [weights @ counted[kind] for kind in (0, 1)]
    draws = np.array([equal_error(g, i)[0] for g, i in zip(*drawn, strict=True) if g.any() and i.any()])
    shown = totals.reshape(2, SHOWN_BINS, -1).sum(axis=2) / totals.sum(axis=1, keepdims=True)
    return {
        "eer": _estimate(eer, draws, confidence, len(queries)),
        "threshold": threshold,
        "pairs": {"genuine": int(totals[0].sum()), "impostor": int(totals[1].sum())},
        "histogram": {
            "edges": np.linspace(-1, 1, SHOWN_BINS + 1).round(6).tolist(),
            "genuine": shown[0].tolist(),
            "impostor": shown[1].tolist(),
        },
    }


def histograms(queries: Gallery, gallery: Gallery, bins: int) -> np.ndarray:
    """Genuine and impostor pairs of each query by the bin of their cosine, from -1 to 1; (2, queries, bins)."""
    return _counted(queries, gallery, np.arange(len(queries)), len(queries), bins)


def nearest(embeddings: np.ndarray, gallery: Gallery) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest image of a gallery to each embedding.

    Args:
        embeddings: Of length one, (N, d).
        gallery: At least one image.

    Returns:
        Its row (of equally near ones the first), the cosine to it, and how far the nearest image of another class is
        behind (infinitely, if there is none); each (N,).
    """
    numbers, found = gallery.numbers, []
    for start in range(0, len(embeddings), _BLOCK):
        cosines = embeddings[start : start + _BLOCK] @ gallery.embeddings.T
        row = cosines.argmax(axis=1)
        best = np.take_along_axis(cosines, row[:, None], axis=1)[:, 0]
        others = np.where(numbers == numbers[row][:, None], -np.inf, cosines).max(axis=1)
        found.append((row, best, best - others))
    row, best, margin = (np.concatenate(each) for each in zip(*found, strict=True))
    return row, best.astype(float), margin.astype(float)


def search_recall(embeddings: np.ndarray, gallery: Gallery, found: np.ndarray) -> float:
    """The share of the true nearest neighbours that a search has found.

    Args:
        embeddings: Of length one, (N, d).
        gallery: What was searched.
        found: Rows of the gallery, (N, k); below 0: nothing was found. One as near as the k-th counts as found.
    """
    hits, count = 0, found.shape[1]
    for start in range(0, len(embeddings), _BLOCK):
        cosines = embeddings[start : start + _BLOCK] @ gallery.embeddings.T
        least = np.partition(cosines, -count, axis=1)[:, -count, None]
        rows = found[start : start + _BLOCK]
        hits += int(((np.take_along_axis(cosines, rows.clip(0), axis=1) >= least - _ROUNDING) & (rows >= 0)).sum())
    return hits / found.size


@dataclass(frozen=True)
class Answered:
    """What a gallery answers for N images.

    Attributes:
        similarity: Cosine to the nearest image of the gallery, (N,).
        labels: The true classes, (N,).
        said: The nearest image's label, or the vote's, whatever the similarity; (N,).
    """

    similarity: np.ndarray
    labels: np.ndarray
    said: np.ndarray


def open_set(
    answered: Answered,
    known: Sequence[str],
    *,
    threshold: float,
    confidence: float = 0.95,
    resamples: int = 0,
    seed: int = 0,
) -> dict[str, Any]:
    """What is refused at a threshold: images of classes that the gallery lacks should be, the others should not.

    Args:
        answered: The answers.
        known: The classes of the gallery.
        threshold: The lowest cosine that is not refused.
        confidence: Of the intervals, which are Wilson's (1927).
        resamples: Of the bootstrap that `auroc` has its interval from.
        seed: Of the bootstrap.

    Returns:
        Estimates: `unknown_refused` (of images of other classes), `known_refused` and `known_right` (of images of known
        classes; right is accepted with the right label), and `threshold`; `auroc`: how well the cosine tells the two
        apart, whatever the threshold (the area under the ROC curve); `curve`: what other thresholds would refuse, rows
        of `threshold`, `unknown_refused` and `known_refused`. An estimate without images has no value.
    """
    similarity = answered.similarity
    is_known, refused = np.isin(answered.labels, list(known)), similarity < np.float32(threshold)
    right = ~refused & (answered.said == answered.labels)
    return {
        "threshold": threshold,
        "unknown_refused": share_of(refused[~is_known], confidence).as_dict(),
        "known_refused": share_of(refused[is_known], confidence).as_dict(),
        "known_right": share_of(right[is_known], confidence).as_dict(),
        "auroc": _told_apart(similarity, is_known, resamples, confidence, seed),
        "curve": _refused(similarity, is_known),
    }


def _told_apart(similarity: np.ndarray, is_known: np.ndarray, resamples: int, confidence: float, seed: int) -> Figure:
    sample = Sample(np.ones((len(is_known), 1)), ((similarity.astype(float), is_known),), _area)
    return estimate(sample, resamples=resamples, confidence=confidence, seed=seed)["auroc"].as_dict()


def _area(_: np.ndarray, ranked: list[Ranked]) -> dict[str, np.ndarray]:
    return {"auroc": roc_auc(*ranked[0])}


def _refused(similarity: np.ndarray, is_known: np.ndarray) -> list[dict[str, float | None]]:
    """At thresholds that refuse so many per cent of the images of known classes."""
    known, unknown = similarity[is_known], similarity[~is_known]
    if not len(known):
        return []
    thresholds = sorted({round(float(np.quantile(known, share)), 4) for share in _REFUSED})
    return [
        {
            "threshold": each,
            "unknown_refused": float((unknown < np.float32(each)).mean()) if len(unknown) else None,
            "known_refused": float((known < np.float32(each)).mean()),
        }
        for each in thresholds
    ]


def embedding_map(gallery: Gallery, *, seed: int, at_most: int = 2000) -> dict[str, Any]:
    """Embeddings on a plane, near ones near each other: t-SNE (van der Maaten & Hinton 2008) of their cosine distances.

    Args:
        gallery: The images.
        seed: Of the choice of images.
        at_most: How many are drawn.

    Returns:
        `rows` (of the gallery, rising), `x`, `y` and `labels`: lists of one length.

    Raises:
        InputError: There are fewer than five images.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if len(gallery) < 5:
        raise InputError(f"{len(gallery)} images are too few for a map: at least five are needed")
    chosen = np.random.default_rng(seed).permutation(len(gallery))[:at_most]
    rows = np.sort(chosen)
    perplexity = min(30.0, (len(rows) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, metric="cosine", init="random", random_state=seed, n_jobs=1)
    with threadpool_limits(1):  # several threads add up forces in any order
        plane = tsne.fit_transform(gallery.embeddings[rows].astype(np.float64))
    return {
        "rows": rows.tolist(),
        "x": plane[:, 0].round(3).tolist(),
        "y": plane[:, 1].round(3).tolist(),
        "labels": gallery.labels[rows].tolist(),
    }


def _counted(queries: Gallery, gallery: Gallery, group: np.ndarray, groups: int, bins: int) -> np.ndarray:
    """Genuine and impostor pairs by the group of their query and the bin of their cosine, (2, groups, bins)."""
    counted = np.zeros((2, groups, bins))
    for start in range(0, len(queries), _BLOCK):
        cosines = queries.embeddings[start : start + _BLOCK] @ gallery.embeddings.T
        place = np.clip(((cosines + 1) / 2 * bins).astype(np.int64), 0, bins - 1)
        genuine = gallery.labels == queries.labels[start : start + _BLOCK, None]
        cell = group[start : start + _BLOCK, None] * bins + place
        for kind, chosen in enumerate((genuine, ~genuine)):
            counted[kind] += np.bincount(cell[chosen], minlength=groups * bins).reshape(groups, bins)
    return counted


def equal_error(genuine: np.ndarray, impostor: np.ndarray) -> tuple[float, float]:
    """The rate and the cosine at which both errors are equal, from the counts in bins."""
    missed = np.concatenate([[0], np.cumsum(genuine)]) / genuine.sum()  # below each edge
    matched = 1 - np.concatenate([[0], np.cumsum(impostor)]) / impostor.sum()  # at or above each edge
    difference = missed - matched  # rises from -1 to 1
    after = int(np.argmax(difference >= 0))
    before = after - 1
    part = -difference[before] / (difference[after] - difference[before])
    rate = missed[before] + part * (missed[after] - missed[before])
    return float(rate), float(-1 + 2 * (before + part) / len(genuine))


def _estimate(value: float, draws: np.ndarray, confidence: float, n: int) -> dict[str, Any]:
    if not len(draws):
        return {"value": value, "low": None, "high": None, "n": n}
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return {"value": value, "low": float(low), "high": float(high), "n": n}
