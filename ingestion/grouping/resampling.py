"""How stable a partition is when the products are resampled and grouped again."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement

Labels = NDArray[np.int32]
"""(n,) cluster numbers."""
Rows = NDArray[np.int64]
RESAMPLE_FRACTION = 1 - np.exp(-1)
"""Fraction of the products in a resample: as many different ones as a bootstrap sample holds, for which Hennig (2007)
gives his thresholds. No product is drawn twice, as one that appears twice would form a small cluster of its own."""


def resample(draws: Sequence[str], number: int) -> Rows:
    """The sorted rows of the products in that resample, about RESAMPLE_FRACTION of them.

    `draws` holds for each product the id that it is drawn by: its own, or one for a whole duplicate group. Whether it
    is drawn depends on that and the number alone, so all methods draw the same products.
    """
    limit = RESAMPLE_FRACTION * 2**64
    drawn = (hashlib.blake2b(f"{number}\0{i}".encode(), digest_size=8).digest() for i in draws)
    return np.flatnonzero([int.from_bytes(hashed, "big") < limit for hashed in drawn])


def stability(groups: Labels, resamples: Sequence[tuple[Rows, Labels]]) -> Iterator[dict[str, float | int]]:
    """Rows of `cluster_stability` for (n,) groups, given the rows and groups of each resample.

    A group's stability, 0 to 1, is the Jaccard similarity with the most similar group of a resample, over the products
    drawn, averaged over the resamples (Hennig 2007: above .75 stable, below .6 not). A group of which no product was
    ever drawn has no row.
    """
    found: dict[int, list[float]] = {int(group): [] for group in np.unique(groups)}
    for rows, resampled in resamples:
        table = agreement.contingency(groups[rows], resampled)
        union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
        best = (table / np.maximum(union, 1)).max(axis=1)
        for drawn in np.flatnonzero(table.sum(axis=1)).tolist():
            found[drawn].append(float(best[drawn]))
    for group, values in found.items():
        if values:
            yield {"cluster": group, "stability": float(np.mean(values)), "resamples": len(values)}


def found_again(groups: Labels, resamples: Sequence[tuple[Rows, Labels]]) -> NDArray[np.float64]:
    """(n,) fractions, 0 to 1, of the resamples with a product that put it in its group of (n,) `groups` again.

    The groups of a resample are matched one to one to those of all products, so that most products fit (Hungarian). NaN
    for a product that no resample drew.
    """
    drawn, again = np.zeros(len(groups)), np.zeros(len(groups))
    for rows, resampled in resamples:
        table = agreement.contingency(groups[rows], resampled)
        group_of = np.full(table.shape[1], -1)
        own, others = agreement.matching(table)
        group_of[others] = own
        drawn[rows] += 1
        again[rows] += group_of[resampled] == groups[rows]
    return np.asarray(np.divide(again, drawn, out=np.full(len(groups), np.nan), where=drawn > 0))
