"""Candidate pairs: items that share a key in some band. The work grows with their number, not with its square.

Each item has a few short keys, made so that similar items share one of them (locality-sensitive hashing: Indyk &
Motwani 1998), and only items that share a key are considered. A key that all products of a shop share would make the
work quadratic again: of the items with one key, each is paired with the next few in a given order only, as in the
sorted-neighbourhood method (Hernandez & Stolfo 1995), and of those pairs only the nearest are compared. MinHashLSH of
datasketch has no such limit: for 2,000 texts of one template it returns all 2 million pairs, and its signatures take
ten times as long (not repeatable).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
WINDOW = 32
"""Items that an item is paired with in a band, at most: n * WINDOW pairs bound the time, n at a time the memory."""
NEAREST = 10
"""Items that an item is compared with, at most, however many are similar; so n * NEAREST comparisons bound the time. A
duplicate is nearer than nearly all other items; a larger duplicate group is connected by the links of each to its
nearest.
"""


def candidates(
    keys: NDArray[np.unsignedinteger[Any]], rank: Index, distance: Callable[[Index, Index], NDArray[np.float32]]
) -> Index:
    """The pairs (i, j), i < j, to compare: (p, 2), sorted, p at most n * NEAREST.

    `keys` is (n, b), one key per item and band; `rank` is (n,), a permutation that puts items with equal beginnings
    next to each other. `distance(i, j)` is a cheap distance of the pairs of two index arrays, of n pairs at most,
    infinite where they cannot be duplicates.
    """
    n = len(keys)
    by_rank = np.argsort(rank)
    codes, distances = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    for band in keys.T:
        found = [(codes, distances)]
        for i, j in _within_window(band, by_rank):
            far = distance(i, j)
            near = np.isfinite(far)
            found.append((i[near] * n + j[near], far[near]))
        if any(len(some) for some, _ in found[1:]):
            codes, first = np.unique(np.concatenate([some for some, _ in found]), return_index=True)
            distances = np.concatenate([some for _, some in found])[first]
            codes, distances = _nearest(codes, distances, n)
    return np.stack([codes // n, codes % n], axis=1)


def _within_window(band: NDArray[np.unsignedinteger[Any]], by_rank: Index) -> Iterator[tuple[Index, Index]]:
    """The pairs of items with equal keys that lie within the window: those of each distance in turn."""
    order = by_rank[np.argsort(band[by_rank], kind="stable")]
    own = band[order]
    first = np.arange(len(order))
    for step in range(1, min(WINDOW, len(order) - 1) + 1):
        # equal keys lie side by side: a pair at this distance has one at the last
        first = first[first < len(order) - step]
        first = first[own[first] == own[first + step]]
        if not len(first):
            return
        one, other = order[first], order[first + step]
        yield np.minimum(one, other), np.maximum(one, other)


def _nearest(codes: Index, distances: NDArray[np.float32], n: int) -> tuple[Index, NDArray[np.float32]]:
    """Of the pairs those that are among the nearest of both their items: no item is in more than `NEAREST`."""
    keep = np.ones(len(codes), dtype=bool)
    for item in (codes // n, codes % n):
        order = np.lexsort((codes, distances, item))
        starts = np.searchsorted(item[order], item[order])  # the first place of each item
        keep[order[np.arange(len(order)) - starts >= NEAREST]] = False
    return codes[keep], distances[keep]
