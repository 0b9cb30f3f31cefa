"""Duplicate groups: products that exact and near-duplicates connect are one listing and count as one draw."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.task import Work

PLACEHOLDER = 20
"""Duplicates of one image above which it is a shop's stand-in for a missing one; a product has fewer variants."""


def duplicate_groups(product_ids: Sequence[str], duplicates_rows: Iterable[Mapping[str, Any]]) -> NDArray[np.int64]:
    """The duplicate group of each product, (n,), 0 to groups - 1 by first appearance; one without duplicates is alone.

    `duplicates_rows` are rows of `duplicates`, of any modality: products that rows connect, directly or through others,
    are one group, also where a product between them is not in `product_ids`. It keeps duplicates in one fold of a
    cross-validation. An image that more than PLACEHOLDER products have means "no image", not "the same product", and
    makes no group.
    """
    from scipy.cluster.hierarchy import DisjointSet

    rows = list(duplicates_rows)
    frequency = Counter(row["duplicate_of"] for row in rows if row["modality"] == "image")
    groups = DisjointSet(product_ids)
    for row in rows:
        if row["modality"] == "image" and frequency[row["duplicate_of"]] > PLACEHOLDER:
            continue
        duplicate, original = row["product_id"], row["duplicate_of"]
        groups.add(duplicate)
        groups.add(original)
        groups.merge(duplicate, original)
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(groups[key], len(numbers)) for key in product_ids], dtype=np.int64)


def load_duplicate_groups(work: Work, product_ids: Sequence[str]) -> NDArray[np.int64]:
    """The duplicate group of each product, (n,), by the part `duplicates`; each product alone without that part."""
    rows = work.read("duplicates", "duplicates").to_pylist() if "duplicates" in work.task.parts else []
    return duplicate_groups(product_ids, rows)
