"""Precision, recall and stability of each category's matched group, and how separable the category is.

Precision, recall and stability belong to the grouping. Neighbour purity and silhouette belong to the embedding: they
measure how separable a category is from the others, independent of any clustering algorithm.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.grouping import agreement
from ingestion.grouping.agreement import Table
from ingestion.grouping.neighbours import load_neighbours
from ingestion.judging.intervals import DuplicateGroups
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

NEIGHBOURS = 10
"""Few enough to stay local with 50 products per category, enough to average over."""
Errors = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(categories,) standard errors of precision and of recall; NaN where they are not known."""
CategoryCodes = NDArray[np.int64]
"""(n,) category numbers 0, 1, 2, ..., each of which occurs."""


@dataclass(frozen=True)
class Separability:
    """How separable a category is in an embedding; None where a figure is not defined.

    `neighbour_purity` is 0 to 1, `silhouette` -1 to 1.
    """

    neighbour_purity: float | None
    silhouette: float | None


def category_scores(
    table: Table,
    names: list[str],
    matched: dict[int, str],
    separability: Mapping[str, Separability] | None = None,
    stability: Mapping[int, float] | None = None,
    errors: Errors | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows of `category_scores`: the precision and recall of the group that is matched to each category.

    `table[i, j]` counts the products of category `names[i]` in group j; `matched` is the category of a group.
    `separability` is by category, `stability` by group, `errors` in the order of `names`; what is not known is NULL.
    """
    group_of = {name: group for group, name in matched.items()}
    for i, name in enumerate(names):
        group, size = group_of.get(name), int(table[i].sum())
        right = int(table[i, group]) if group is not None else 0
        group_size = int(table[:, group].sum()) if group is not None else 0
        elsewhere = table[i].copy()
        if group is not None:
            elsewhere[group] = 0
        worst = int(elsewhere.argmax())
        precision, recall = right / group_size if group_size else 0.0, right / size
        separable = (separability or {}).get(name, Separability(None, None))
        yield {
            "category": name,
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if right else 0.0,
            "products": size,
            "confused_with": matched.get(worst) if elsewhere[worst] else None,
            "confused_fraction": float(elsewhere[worst] / size),
            "neighbour_purity": separable.neighbour_purity,
            "silhouette": separable.silhouette,
            "stability": (stability or {}).get(group) if group is not None else None,
            "precision_error": _none_if_nan(errors[0][i]) if errors else None,
            "recall_error": _none_if_nan(errors[1][i]) if errors else None,
        }


def matched_fractions(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(categories,) precision and recall of the matched group of each row of a table; 0 where none is matched."""
    rows, columns = agreement.matching(table)
    right = np.zeros(len(table))
    group_size = np.ones(len(table))
    right[rows], group_size[rows] = table[rows, columns], table.sum(0)[columns]
    return right / np.maximum(group_size, 1), right / np.maximum(table.sum(1), 1)


def load_separability(work: Work, method: str | None, category_of: Mapping[str, str | None]) -> dict[str, Separability]:
    """The separability of each category in the vectors of `features:<method>`.

    Neighbours are those of the part `neighbours:<method>`, duplicates those of `duplicates` where it is given. Empty
    without a method, or where fewer than two categories have vectors.
    """
    if method is None:
        return {}
    product_ids, vectors = load(work, f"features:{method}", method)
    has = np.array([category_of.get(i) is not None for i in product_ids], dtype=bool)
    ids = [i for i, counts in zip(product_ids, has, strict=True) if counts]
    names, found = np.unique([str(category_of[i]) for i in ids], return_inverse=True)
    if len(names) < 2:
        return {}
    codes = np.full(len(product_ids), -1)
    codes[has] = found
    purity = np.full(len(names), np.nan)
    if f"neighbours:{method}" in work.task.parts:
        near = load_neighbours(work, method).rows
        purity = neighbour_purity(near, codes, load_duplicate_groups(work, product_ids))
    silhouette = silhouettes(normalised(vectors[has]), found)
    figures = zip(names, purity, silhouette, strict=True)
    return {str(name): Separability(_none_if_nan(p), _none_if_nan(s)) for name, p, s in figures}


def load_stability(work: Work, method: str) -> dict[str, dict[int, float]]:
    """The stability of each group that `clustering:<method>` measured, by grouping, then group."""
    found: dict[str, dict[int, float]] = {}
    for row in work.read(f"clustering:{method}", "cluster_stability").to_pylist():
        if row["stability"] is not None:
            found.setdefault(row["grouping"], {})[row["cluster"]] = row["stability"]
    return found


def neighbour_purity(
    near: NDArray[np.int32], codes: CategoryCodes, duplicate_groups: DuplicateGroups, k: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """The mean fraction of a product's k nearest neighbours by cosine that have its category too.

    (categories,), 0 to 1, NaN where undefined. `near` holds (n, m) nearest rows, nearest first; `codes` (-1: no
    category) and `duplicate_groups` are (n,). Products without a category are no neighbours, nor are those of
    the same duplicate group, since duplicates would make any category look pure. For a category with fewer than k other
    products, as many neighbours are counted as it has, so that 1 can be reached; fewer where `near` has no more.
    """
    _, cell, cell_sizes = np.unique(
        np.stack([codes, duplicate_groups]), axis=1, return_inverse=True, return_counts=True
    )
    others = np.bincount(codes + 1)[codes + 1] - cell_sizes[cell.ravel()]
    counts = (codes[near] >= 0) & (duplicate_groups[near] != duplicate_groups[:, None])
    counts &= np.cumsum(counts, axis=1) <= np.minimum(k, others)[:, None]
    of_own = (counts & (codes[near] == codes[:, None])).sum(1)
    known = (codes >= 0) & counts.any(1)
    sums = np.bincount(codes[known], of_own[known] / counts.sum(1)[known], minlength=int(codes.max()) + 1)
    products = np.bincount(codes[known], minlength=int(codes.max()) + 1)
    return np.asarray(np.divide(sums, products, out=np.full(len(products), np.nan), where=products > 0))


def silhouettes(unit: Matrix, codes: CategoryCodes) -> NDArray[np.float64]:
    """One-vs-rest silhouette of each category by cosine distance: (categories,), -1 to 1; NaN for a single product.

    Rousseeuw's (1987) with two clusters, the category and all other products. The mean distance to a set is one minus
    the cosine to its mean vector, so the value is exact at any n without all pairs.
    """
    categories = range(int(codes.max()) + 1)
    sums = np.array([unit[codes == c].sum(0, dtype=np.float64) for c in categories])
    value = np.full(len(sums), np.nan)
    for c in categories:
        own = unit[codes == c].astype(np.float64)
        if 1 < len(own) < len(codes):
            itself = (own**2).sum(1)  # 1, or 0 for a vector of zeros
            within = 1 - (own @ sums[c] - itself) / (len(own) - 1)
            outside = 1 - own @ (sums.sum(0) - sums[c]) / (len(codes) - len(own))
            value[c] = ((outside - within) / np.maximum(np.maximum(within, outside), 1e-12)).mean()
    return value


def _none_if_nan(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
