"""Which products are one listing: what the exact and near-duplicates tie together counts as one draw."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.task import Work

PLACEHOLDER = 20
"""Copies of one picture above which it is a shop's stand-in for a missing one; variants of a product are fewer."""


def duplicate_groups(product_ids: Sequence[str], duplicates_rows: Iterable[Mapping[str, Any]]) -> NDArray[np.int64]:
    """The family of each product, (n,), 0 to families - 1 by first appearance; a product without copies is its own.

    `duplicates_rows` are rows of `duplicates`, of any kinds: products that any of them tie together, directly or by way
    of others, are one family, also where a product between them is not in `product_ids`. To keep copies in one fold of
    a cross-validation. A picture that more than PLACEHOLDER products share says "no picture", not "the same product",
    and makes no family.
    """
    rows = list(duplicates_rows)
    shared = Counter(row["duplicate_of"] for row in rows if row["kind"] == "image")
    head: dict[str, str] = {}

    def root(key: str) -> str:
        while key in head:
            if head[key] in head:
                head[key] = head[head[key]]
            key = head[key]
        return key

    for row in rows:
        if row["kind"] == "image" and shared[row["duplicate_of"]] > PLACEHOLDER:
            continue
        copy, original = root(row["product_id"]), root(row["duplicate_of"])
        if copy != original:
            head[copy] = original
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(root(key), len(numbers)) for key in product_ids], dtype=np.int64)


def load_duplicate_groups(work: Work, product_ids: Sequence[str]) -> NDArray[np.int64]:
    """The family of each product, (n,): equal for copies, by the part `duplicates`; each its own without that part."""
    rows = work.read("duplicates", "duplicates").to_pylist() if "duplicates" in work.task.parts else []
    return duplicate_groups(product_ids, rows)
