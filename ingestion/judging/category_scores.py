"""What each category finds in a grouping: its matched group, and how well it stands apart from the others.

Precision, recall and stability belong to the grouping. Neighbour purity and silhouette belong to the embedding: they
say how far a category can be told apart at all, whatever the algorithm makes of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.grouping import agreement
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

NEIGHBOURS = 10
"""A shelf's worth of neighbours: few enough to stay local at 50 products a category, enough to average."""
ASKED = 10_000
"""Above this many products the neighbours of a seeded, equal draw from each category stand for all of them."""
LEAST_ASKED = 30
"""Products asked of each category at the least, however many categories there are."""
PAIRS = 20_000_000
"""Similarities held at a time (80 MB), so that no n x n is."""


@dataclass(frozen=True)
class Apart:
    """How far a category stands apart in an embedding; None where it is not defined."""

    neighbour_purity: float | None
    silhouette: float | None


def category_scores(
    table: agreement.Table,
    names: list[str],
    matched: dict[int, str],
    apart: Mapping[str, Apart] | None = None,
    stability: Mapping[int, float] | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows of `category_scores`: what each category finds in the group that is matched to it.

    `table[i, j]` counts category `names[i]` in group j; `matched` names the category of a group; `apart` is by
    category and `stability` by group, both NULL in the rows where they are not known.
    """
    group_of = {name: group for group, name in matched.items()}
    for i, name in enumerate(names):
        group, size = group_of.get(name), int(table[i].sum())
        right = int(table[i, group]) if group is not None else 0
        held = int(table[:, group].sum()) if group is not None else 0
        elsewhere = table[i].copy()
        if group is not None:
            elsewhere[group] = 0
        worst = int(elsewhere.argmax())
        precision, recall = right / held if held else 0.0, right / size
        stands = (apart or {}).get(name, Apart(None, None))
        yield {
            "category": name,
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if right else 0.0,
            "products": size,
            "confused_with": matched.get(worst) if elsewhere[worst] else None,
            "confused_fraction": float(elsewhere[worst] / size),
            "neighbour_purity": stands.neighbour_purity,
            "silhouette": stands.silhouette,
            "stability": (stability or {}).get(group) if group is not None else None,
        }


def standing(work: Work, method: str | None, category_of: Mapping[str, str | None]) -> dict[str, Apart]:
    """How far each category stands apart in the vectors of `features:<method>`, by category.

    Empty without a method, or where fewer than two categories have vectors. Copies are known from the
    part `duplicates` where it is at hand.
    """
    if method is None:
        return {}
    product_ids, vectors = load(work, f"features:{method}", method)
    has = np.array([category_of.get(i) is not None for i in product_ids], dtype=bool)
    ids = [i for i, counts in zip(product_ids, has, strict=True) if counts]
    names, codes = np.unique([str(category_of[i]) for i in ids], return_inverse=True)
    if len(names) < 2:
        return {}
    unit = normalised(vectors[has])
    purity, silhouette = neighbour_purity(unit, codes, load_duplicate_groups(work, ids)), silhouettes(unit, codes)
    return {str(name): Apart(_defined(p), _defined(s)) for name, p, s in zip(names, purity, silhouette, strict=True)}


def stabilities(work: Work, method: str) -> dict[tuple[str, str], dict[int, float]]:
    """The stability of each group that `clustering:<method>` measured, by (algorithm, space), then group."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for row in work.read(f"clustering:{method}", "cluster_stability").to_pylist():
        if row["stability"] is not None:
            found.setdefault((row["algorithm"], row["space"]), {})[row["cluster"]] = row["stability"]
    return found


def neighbour_purity(
    unit: Matrix, codes: NDArray[np.int64], kin: NDArray[np.int64], k: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """Mean share of a category's nearest neighbours by cosine that are of it too: (categories,), NaN if undefined.

    `unit` holds (n, d) unit vectors, `codes` their categories 0, 1, ..., `kin` equal numbers for copies: a
    product's own family is left out of its neighbours, or copies would make any category look pure. Of a category
    with fewer others than k, as many neighbours are looked at as it has others, so that 1 can be reached.
    """
    asked = _draw(codes)
    value = np.full(len(codes), np.nan)
    _, clan, relatives = np.unique(np.stack([codes, kin]), axis=1, return_inverse=True, return_counts=True)
    others = np.bincount(codes)[codes] - relatives[clan.ravel()]
    order = np.argsort(kin, kind="stable")
    start = np.searchsorted(kin[order], np.arange(kin.max() + 2))
    block = max(1, PAIRS // len(codes))
    for at in range(0, len(asked), block):
        rows = asked[at : at + block]
        similar = unit[rows] @ unit.T
        for i, row in enumerate(rows):
            family = kin[row]
            similar[i, order[start[family] : start[family + 1]]] = -np.inf
            look = min(k, int(others[row]))
            if look:
                value[row] = (codes[_nearest(similar[i], look)] == codes[row]).mean()
    return _mean_by(codes, value)


def silhouettes(unit: Matrix, codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """One-vs-rest silhouette of each category by cosine distance: (categories,), -1 to 1; NaN for a lone product.

    Rousseeuw's (1987) with two clusters, the category and all else: the mean distance to a set is one minus the
    cosine to its mean vector, so it is exact at any n without all pairs.
    """
    categories = range(int(codes.max()) + 1)
    sums = np.array([unit[codes == c].sum(0, dtype=np.float64) for c in categories])
    value = np.full(len(sums), np.nan)
    for c in categories:
        mine = unit[codes == c].astype(np.float64)
        if 1 < len(mine) < len(codes):
            itself = (mine**2).sum(1)  # 1, or 0 for a vector of zeros
            within = 1 - (mine @ sums[c] - itself) / (len(mine) - 1)
            beyond = 1 - mine @ (sums.sum(0) - sums[c]) / (len(codes) - len(mine))
            value[c] = ((beyond - within) / np.maximum(np.maximum(within, beyond), 1e-12)).mean()
    return value


def _draw(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(codes) <= ASKED:
        return np.arange(len(codes))
    cap = max(LEAST_ASKED, ASKED // (int(codes.max()) + 1))
    shuffled = np.random.default_rng(0).permutation(len(codes))
    by_category = shuffled[np.argsort(codes[shuffled], kind="stable")]
    sizes = np.bincount(codes)
    place = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(by_category[place < cap])


def _nearest(similar: Matrix, k: int) -> NDArray[np.int64]:
    """The k most similar places; at equal similarity the earlier, so that two processes agree."""
    candidates = np.flatnonzero(similar >= np.partition(similar, -k)[-k])
    order = np.argsort(-similar[candidates], kind="stable")
    return np.asarray(candidates[order[:k]])


def _mean_by(codes: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(value)
    counts = np.bincount(codes[known], minlength=int(codes.max()) + 1)
    sums = np.bincount(codes[known], value[known], minlength=int(codes.max()) + 1)
    return np.asarray(np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0))


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
