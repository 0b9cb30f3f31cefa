"""Whether a grouping comes back: between seeds, and when only a part of the products is grouped."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement

Labels = NDArray[np.int32]
Rows = NDArray[np.int64]
SHARE = 1 - np.exp(-1)
"""Share of the products in a resample: as many different ones as a bootstrap holds, for which Hennig (2007) gives his
thresholds, but none twice: a product that is there twice makes a small group of its own."""


def representative(groups: Mapping[int, Labels]) -> int:
    """The seed whose groups agree most with those of the other seeds, by mean ARI; the lowest such seed."""
    seeds = sorted(groups)
    total = dict.fromkeys(seeds, 0.0)
    for at, one in enumerate(seeds):
        for other in seeds[at + 1 :]:
            value = agreement.ari(agreement.contingency(groups[one], groups[other]))
            total[one] += value
            total[other] += value
    return max(seeds, key=lambda seed: (round(total[seed], 12), -seed))


def resample(product_ids: Sequence[str], seed: int) -> Rows:
    """The rows of the products in that resample. A product is in or out by its id, so all methods draw the same."""
    limit = SHARE * 2**64
    drawn = (hashlib.blake2b(f"{seed}\0{i}".encode(), digest_size=8).digest() for i in product_ids)
    return np.flatnonzero([int.from_bytes(number, "big") < limit for number in drawn])


def stability(groups: Labels, resamples: Sequence[tuple[Rows, Labels]]) -> Iterator[dict[str, float | int]]:
    """Rows of `cluster_stability` for (n,) groups, given each resample's rows and their groups.

    A group's stability is its Jaccard similarity with the resample's group that is nearest to it, over the products
    drawn, in the mean over the resamples (Hennig 2007: above .75 stable, below .6 not).
    """
    found: dict[int, list[float]] = {int(group): [] for group in np.unique(groups)}
    for rows, again in resamples:
        table = agreement.contingency(groups[rows], again)
        union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
        best = (table / np.maximum(union, 1)).max(axis=1)
        for drawn in np.flatnonzero(table.sum(axis=1)).tolist():
            found[drawn].append(float(best[drawn]))
    for group, values in found.items():
        if values:
            yield {"cluster": group, "stability": float(np.mean(values)), "resamples": len(values)}
