"""Which images look the same, by their perceptual hashes; the contract counts them, the split keeps them together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from switchyard.data.images.perceptual_hash import BITS

_BLOCK = 1 << 12


def near_pairs(hashes: np.ndarray, distance: int) -> np.ndarray:
    """All pairs of different hashes that differ in at most `distance` bits.

    Two such hashes agree in at least one of `distance + 1` pieces (the pigeonhole principle), so only those that
    share a piece are compared. Source: M. Norouzi et al., Fast Search in Hamming Space with Multi-Index
    Hashing, CVPR 2012.

    Args:
        hashes: int64, each once, shape (n,).
        distance: Bits, 0 to 16.

    Returns:
        int64 of shape (pairs, 2): places in `hashes`, the smaller one first, sorted.
    """
    bits = np.asarray(hashes, np.int64).view(np.uint64)
    cuts = np.linspace(0, BITS, distance + 2).astype(int)
    found = [np.empty((0, 2), np.int64)]
    if distance:  # without, only equal hashes are near, and there are none
        for low, high in pairwise(cuts.tolist()):
            piece = (bits >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
            order = np.argsort(piece, kind="stable")
            starts = np.flatnonzero(np.diff(piece[order])) + 1
            found += [_within(bits, members, distance) for members in np.split(order, starts) if len(members) > 1]
    return np.unique(np.concatenate(found), axis=0)


def clusters(hashes: np.ndarray, distance: int) -> np.ndarray:
    """The cluster of each image: those that are near each other, directly or by others in between.

    Args:
        hashes: int64, shape (n,).
        distance: Bits, 0 to 16.

    Returns:
        int64 of shape (n,): numbers from 0 in the order of first appearance.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    different, place = np.unique(hashes, return_inverse=True)
    pairs = near_pairs(different, distance)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(different), len(different)))
    _, components = connected_components(links, directed=False)
    return in_order_of_appearance(components[place])


def in_order_of_appearance(values: np.ndarray) -> np.ndarray:
    """Numbers from 0 for each value, in the order in which they first appear."""
    _, first, codes = np.unique(values, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes].astype(np.int64)


def _within(bits: np.ndarray, members: np.ndarray, distance: int) -> np.ndarray:
    """The near pairs among some hashes, block by block so that many of them fit in memory."""
    members = np.sort(members)
    found = []
    for start in range(0, len(members), _BLOCK):
        for other in range(start, len(members), _BLOCK):
            one, two = members[start : start + _BLOCK], members[other : other + _BLOCK]
            near = np.bitwise_count(bits[one][:, None] ^ bits[two][None, :]) <= distance
            if start == other:
                near = np.triu(near, 1)
            a, b = np.nonzero(near)
            found.append(np.stack([one[a], two[b]], axis=1))
    return np.concatenate(found).astype(np.int64)
