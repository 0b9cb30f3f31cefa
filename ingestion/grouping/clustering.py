"""Grouping the products without reading any category: these steps read vectors, graphs and a number of groups.

The declared grouping is k-means on the manifold of the graph of neighbours (manifold.py): of one method, or of several
methods together, whose graphs are added. It is made for as many groups as there are categories and, as a reader without
categories would have it, for the estimated number. For comparison a method is also grouped in its embedding, as is
common in the field. A part of the products is grouped again for each resample: how stable the groups are, how sure the
place of each product is, and how much a score varies with the products drawn, is measured by that.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.features.frozen import THIS
from ingestion.grouping import partitions
from ingestion.grouping.group_count import load_estimate, median_estimate
from ingestion.grouping.manifold import DIMENSIONS, Graph, graph, joined, manifold, part, weights
from ingestion.grouping.neighbours import load_neighbours
from ingestion.grouping.resampling import Labels, Rows, resample
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

STARTS = 100
"""k-means starts on the manifold, of which the one with the least sum of squares counts. Ten, scikit-learn's earlier
default, leave the result to the seed; with a hundred the ARI of five labelled catalogues differs between seeds by .001
to .008 in the mean where the vectors are those of pretrained networks (benchmarks/README.md)."""
FEW_STARTS = 10
"""Starts in the embedding, as is common in the field, and of a resample, where chance widens the interval."""
SILHOUETTE_SAMPLE = 2_000
"""The silhouette compares all pairs: above this many products it is measured on a seeded sample."""


@dataclass(frozen=True)
class Way:
    """One grouping: `points(rows)` are those of all products for None, else of these rows; `k` is 2 or more."""

    points: Callable[[Rows | None], Matrix]
    k: int
    starts: int


def step(work: Work, *, method: str, k: int | None, resamples: int, seed: int) -> None:
    """Write the groups of one method on its manifold and in its embedding.

    The tables `partitions`, `partition_scores`, `resampled_partitions` and `cluster_stability`. Without `k` there are
    as many groups as estimated, at least two.
    """
    product_ids, vectors = load(work, f"features:{method}", method)
    unit, estimate = normalised(vectors), load_estimate(work, method)
    ways = _on_manifold(graph(load_neighbours(work, method)), k, estimate.k if estimate else None)
    if "manifold" in ways:
        ways["embedding"] = Way(lambda rows: unit if rows is None else unit[rows], ways["manifold"].k, FEW_STARTS)
    _group(work, method, product_ids, _draws(work, product_ids), ways, resamples, seed)


def joint(
    work: Work,
    *,
    method: str,
    modality: str,
    methods: Mapping[str, str],
    k: int | None,
    resamples: int,
    seed: int,
    categories: int | None,
) -> None:
    """Write the groups of several methods together, on the manifold of their joint graph, and the row of `models`.

    `methods` are those that are joined, each with its modality. Every product that one of them could read is placed.
    The estimated number of groups is the median of theirs; `categories`, how many there are, is written beside it.
    Nothing is written where a modality of `modality` has no method with vectors.
    """
    have = {name: its for name, its in methods.items() if f"neighbours:{name}" in work.task.parts}
    if not set(modality.split("+")) <= set(have.values()):
        return
    weight_of, parts = weights(have), []
    for name in have:
        found = load_neighbours(work, name)
        parts.append((weight_of[name], found.product_ids, graph(found)))
    product_ids = list(dict.fromkeys(product_id for _, ids, _ in parts for product_id in ids))
    estimate = median_estimate([one for name in have if (one := load_estimate(work, name))])
    if estimate:
        work.write("k_estimates", [{"method": method, **estimate.row(), "categories": categories}])
    ways = _on_manifold(joined(parts, product_ids), k, estimate.k if estimate else None)
    _group(work, method, product_ids, _draws(work, product_ids), ways, resamples, seed)
    row = {"method": method, "modality": modality, "model": f"joint graph of {', '.join(have)}"}
    row |= {"source": "fitted on this catalogue", "licence": "none needed", "status": "ran", "fitted": THIS}
    work.write("models", [{**row, "products": len(product_ids), "parameters": json.dumps({"methods": list(have)})}])


def kmeans(points: Matrix, k: int, seed: int, starts: int = FEW_STARTS) -> Labels:
    """The k-means groups of (n, d) points with the least sum of squares of `starts`: (n,) numbers 0 to k - 1."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different points than groups
        labels = KMeans(k, n_init=starts, random_state=seed).fit_predict(points)
    return labels.astype(np.int32)  # type: ignore[no-any-return]


def silhouette(points: Matrix, labels: Labels) -> float:
    """Mean silhouette of (n, d) points (Rousseeuw 1987), -1 to 1; NaN where it is not defined."""
    from sklearn.metrics import silhouette_score

    groups = len(np.unique(labels))
    if not 2 <= groups < len(labels):
        return float("nan")
    if len(labels) > SILHOUETTE_SAMPLE:
        chosen = np.random.RandomState(0).permutation(len(labels))[:SILHOUETTE_SAMPLE]
        return silhouette(points[chosen], labels[chosen])  # the sample may lie in one group
    return float(silhouette_score(points, labels))


def _draws(work: Work, product_ids: list[str]) -> list[str]:
    """What a resample draws by: each product's id, or that of the first of its duplicate group, drawn as one."""
    first: dict[int, str] = {}
    groups = load_duplicate_groups(work, product_ids).tolist()
    return [first.setdefault(group, product_id) for group, product_id in zip(groups, product_ids, strict=True)]


def _on_manifold(whole: Graph, k: int | None, estimate: int | None) -> dict[str, Way]:
    """The groupings on the manifold of a graph: into k groups, or the estimated number, and into that number beside."""
    n = whole.shape[0]
    counts = {"manifold": k or max(2, estimate or 2)}
    if k and estimate and estimate > 1:
        counts["estimated_k"] = estimate
    counts = {grouping: min(number, n) for grouping, number in counts.items() if min(number, n) > 1}

    @lru_cache(maxsize=len(counts))
    def laid_out(rows: bytes | None, dimensions: int) -> Matrix:
        return manifold(whole if rows is None else part(whole, np.frombuffer(rows, np.int64)), dimensions)

    @cache
    def points(dimensions: int) -> Callable[[Rows | None], Matrix]:
        return lambda rows: laid_out(None if rows is None else rows.tobytes(), dimensions)

    return {grouping: Way(points(max(DIMENSIONS, k)), k, STARTS) for grouping, k in counts.items()}


def _group(
    work: Work,
    method: str,
    product_ids: list[str],
    draws: Sequence[str],
    ways: Mapping[str, Way],
    resamples: int,
    seed: int,
) -> None:
    """Group all products, and those of each resample, in every way; write what came of it.

    Two equal ways, as the estimated number is that of the categories, are grouped once.
    """
    labels_of: dict[Way, Labels] = {}
    for way in ways.values():
        if way not in labels_of:
            labels_of[way] = kmeans(way.points(None), way.k, seed, way.starts)
    for name, way in ways.items():
        if np.isfinite(value := silhouette(way.points(None), labels_of[way])):
            row = {"method": method, "grouping": name, "metric": "silhouette", "value": value}
            work.write("partition_scores", [row])
    work.progress(1, 1 + resamples)
    again: dict[Way, list[tuple[Rows, Labels]]] = {way: [] for way in labels_of}
    for number in range(resamples):
        rows = resample(draws, number)
        drawn = [product_ids[row] for row in rows]
        for way, found in again.items():
            if len(rows) > way.k:
                found.append((rows, kmeans(way.points(rows), way.k, seed, FEW_STARTS)))
                for name in (name for name, its in ways.items() if its == way):
                    partitions.write_resampled(work, method, name, number, drawn, found[-1][1])
        work.progress(2 + number, 1 + resamples)
    for name, way in ways.items():
        partitions.write(work, method, name, product_ids, labels_of[way], again[way])
