"""How stable a partition is between seeds, and between resamples of the products."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement

Labels = NDArray[np.int32]
"""(n,) cluster numbers."""
Rows = NDArray[np.int64]
RESAMPLE_FRACTION = 1 - np.exp(-1)
"""Fraction of the products in a resample: as many different ones as a bootstrap sample holds, for which Hennig (2007)
gives his thresholds. No product is drawn twice, as one that appears twice would form a small cluster of its own."""


def representative(groups: Mapping[int, Labels]) -> int:
    """The seed whose (n,) partition agrees most with those of the other seeds, by mean ARI; the lowest such seed."""
    seeds = sorted(groups)
    total = dict.fromkeys(seeds, 0.0)
    for at, one in enumerate(seeds):
        for other in seeds[at + 1 :]:
            value = agreement.ari(agreement.contingency(groups[one], groups[other]))
            total[one] += value
            total[other] += value
    return max(seeds, key=lambda seed: (round(total[seed], 12), -seed))


def resample(product_ids: Sequence[str], seed: int) -> Rows:
    """The sorted rows of the products in that resample, about RESAMPLE_FRACTION of them.

    Whether a product is drawn depends on its id and the seed alone, so all methods draw the same products.
    """
    limit = RESAMPLE_FRACTION * 2**64
    drawn = (hashlib.blake2b(f"{seed}\0{i}".encode(), digest_size=8).digest() for i in product_ids)
    return np.flatnonzero([int.from_bytes(number, "big") < limit for number in drawn])


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
