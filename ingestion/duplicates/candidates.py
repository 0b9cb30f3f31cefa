"""Candidate pairs: items that share a key in some band. The work grows with their number, not with its square.

Each item has a few short keys, made so that similar items share one of them (locality-sensitive hashing: Indyk &
Motwani 1998), and only items that share a key are considered. A key that all products of a shop share would make the
work quadratic again: of the items with one key, each is paired with the next few in a given order only, as in the
sorted-neighbourhood method (Hernandez & Stolfo 1995), and of those pairs only the nearest are compared. MinHashLSH of
datasketch has no such limit: for 2,000 texts of one template it returns all 2 million pairs, this module 13,567, and
its signatures take ten times as long (not repeatable).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
WINDOW = 32
"""Items that an item is paired with in a band, at most. It bounds the memory: n * WINDOW pairs at a time."""
NEAREST = 10
"""Items that an item is compared with, at most, however many are similar; so n * NEAREST comparisons bound the time. A
duplicate is nearer than nearly all other items; a larger duplicate group is connected by the links of each to its
nearest.
"""


def candidates(
    keys: NDArray[np.uint64], rank: Index, distance: Callable[[Index, Index], NDArray[np.float32]]
) -> list[tuple[int, int]]:
    """The pairs (i, j), i < j, to compare: sorted, at most n * NEAREST.

    `keys` is (n, b), one key per item and band; `rank` is (n,), a permutation that puts items with equal beginnings
    next to each other. `distance(i, j)` is a cheap distance of the pairs of two index arrays, infinite where they
    cannot be duplicates.
    """
    n = len(keys)
    codes = np.empty(0, dtype=np.int64)
    distances = np.empty(0, dtype=np.float32)
    for band in keys.T:
        i, j = _within_window(band, rank)
        new = np.setdiff1d(i * n + j, codes)
        far = distance(new // n, new % n)
        codes, distances = (
            np.concatenate([codes, new[np.isfinite(far)]]),
            np.concatenate([distances, far[np.isfinite(far)]]),
        )
        codes, distances = _nearest(codes, distances, n)
    return [(int(code // n), int(code % n)) for code in np.sort(codes)]


def _within_window(band: NDArray[np.uint64], rank: Index) -> tuple[Index, Index]:
    """The pairs of items with equal keys that lie within the window."""
    order = np.lexsort((rank, band))
    found = [np.empty((2, 0), dtype=np.int64)]
    for step in range(1, min(WINDOW, len(order) - 1) + 1):
        same = band[order[:-step]] == band[order[step:]]
        if not same.any():  # equal keys lie side by side: none at this distance, none at a greater
            break
        found.append(np.stack([order[:-step][same], order[step:][same]]))
    both = np.concatenate(found, axis=1)
    return both.min(axis=0), both.max(axis=0)


def _nearest(codes: Index, distances: NDArray[np.float32], n: int) -> tuple[Index, NDArray[np.float32]]:
    """Of the pairs those that are among the nearest of both their items: no item is in more than `NEAREST`."""
    keep = np.ones(len(codes), dtype=bool)
    for item in (codes // n, codes % n):
        order = np.lexsort((codes, distances, item))
        starts = np.searchsorted(item[order], item[order])  # the first place of each item
        keep[order[np.arange(len(order)) - starts >= NEAREST]] = False
    return codes[keep], distances[keep]
