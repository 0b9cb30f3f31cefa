"""Grouping the products without reading any category: these steps read vectors and a number of groups.

The declared grouping is k-means on the manifold of the graph of neighbours (manifold.py): of one method, or of several
methods together, whose graphs are added. For comparison a method is also grouped by k-means in its embedding and on its
2-D map, as is common in the field, and by Ward's method on the manifold. A part of the products is grouped again for
each resample, to measure how stable the groups are and how much a score varies with the products drawn.
"""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from ingestion.grouping import partitions
from ingestion.grouping.manifold import graph, joined, manifold, part, weights
from ingestion.grouping.neighbours import load_neighbours
from ingestion.grouping.partitions import Grouping
from ingestion.grouping.resampling import Labels, Rows, resample
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

STARTS = 10
"""k-means starts per seed; the best by inertia counts (n_init of scikit-learn before 1.4; Celebi et al. 2013)."""
WARD_SAMPLE = 2_500
"""Ward compares all pairs: above this many products it groups a seeded sample, the rest by the nearest mean."""
SILHOUETTE_SAMPLE = 2_000
"""The silhouette compares all pairs: above this many products it is measured on a seeded sample."""

Spaces = Callable[[Rows | None], Mapping[str, Matrix]]
"""The points to group in each space: of all products for None, else of those rows."""


def step(work: Work, *, method: str, k: int, seeds: int, resamples: int) -> None:
    """Write the groups of one method in its embedding, on its manifold and on its t-SNE map, where that was drawn.

    The tables `partitions`, `partition_scores`, `resampled_partitions` and `cluster_stability`.
    """
    product_ids, vectors = load(work, f"features:{method}", method)
    unit, drawn, near = normalised(vectors), _map(work, method), graph(load_neighbours(work, method))

    def spaces(rows: Rows | None) -> Mapping[str, Matrix]:
        chosen = slice(None) if rows is None else rows
        found = {"full": unit[chosen], "manifold": manifold(near if rows is None else part(near, rows), k)}
        return found if drawn is None else {**found, "map": drawn[chosen]}

    _group(work, method, product_ids, spaces, k, seeds, resamples)


def joint(
    work: Work, *, method: str, modality: str, methods: Mapping[str, str], k: int, seeds: int, resamples: int
) -> None:
    """Write the groups of several methods together, on the manifold of their joint graph, and the row of `models`.

    `methods` are those that are joined, each with its modality. Every product that one of them could read is placed.
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
    whole = joined(parts, product_ids)
    _group(
        work,
        method,
        product_ids,
        lambda rows: {"manifold": manifold(whole if rows is None else part(whole, rows), k)},
        k,
        seeds,
        resamples,
    )
    row = {"method": method, "modality": modality, "model": f"joint graph of {', '.join(have)}"}
    row |= {"source": "fitted on this catalogue", "licence": "none needed", "status": "ran"}
    work.write("models", [{**row, "products": len(product_ids), "parameters": json.dumps({"methods": list(have)})}])


def _group(work: Work, method: str, product_ids: list[str], spaces: Spaces, k: int, seeds: int, resamples: int) -> None:
    """Group all products once for each seed and, with the first seed, those of each resample."""
    k = min(k, len(product_ids))
    if k < 2:
        return
    points, found, again = (
        spaces(None),
        dict[Grouping, dict[int, Labels]](),
        dict[Grouping, list[tuple[Rows, Labels]]](),
    )
    for seed in range(seeds):
        for grouping, labels in _grouped(points, k, seed):
            found.setdefault(grouping, {})[seed] = labels
            again.setdefault(grouping, [])
            partitions.write(work, "partitions", method, grouping, seed, product_ids, labels)
            if np.isfinite(value := silhouette(points[grouping[1]], labels)):
                row = {"seed": seed, "metric": "silhouette", "value": value}
                work.write("partition_scores", [{**partitions.tag(method, grouping), **row}])
        work.progress(seed + 1, seeds + resamples)
    for number in range(resamples):
        rows = resample(product_ids, number)
        if len(rows) > k:
            drawn = [product_ids[row] for row in rows]
            for grouping, labels in _grouped(spaces(rows), k, 0):
                again[grouping].append((rows, labels))
                partitions.write(work, "resampled_partitions", method, grouping, number, drawn, labels)
        work.progress(seeds + number + 1, seeds + resamples)
    partitions.write_stability(work, method, found, again)


def _grouped(spaces: Mapping[str, Matrix], k: int, seed: int) -> Iterator[tuple[Grouping, Labels]]:
    """k-means in every space and, with the first seed, Ward on the manifold: it has no seed of its own."""
    for name, points in spaces.items():
        yield ("kmeans", name), kmeans(points, k, seed)
    if seed == 0:
        yield ("ward", "manifold"), ward(spaces["manifold"], k, seed)


def kmeans(points: Matrix, k: int, seed: int) -> Labels:
    """The best of ten k-means runs on (n, d) points: (n,) group numbers, 0 to k - 1."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different points than groups
        labels = KMeans(k, n_init=STARTS, random_state=seed).fit_predict(points)
    return labels.astype(np.int32)  # type: ignore[no-any-return]


def ward(points: Matrix, k: int, seed: int) -> Labels:
    """Ward's hierarchical clustering of (n, d) points cut at k groups: (n,) group numbers, 0 to k - 1."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import pairwise_distances_argmin

    n = len(points)
    if n <= k:
        return np.arange(n, dtype=np.int32)
    if n <= WARD_SAMPLE:
        return AgglomerativeClustering(k, linkage="ward").fit_predict(points).astype(np.int32)  # type: ignore[no-any-return]
    chosen = np.random.default_rng(seed).choice(n, WARD_SAMPLE, replace=False)
    labels = AgglomerativeClustering(k, linkage="ward").fit_predict(points[chosen])
    centres = np.array([points[chosen[labels == group]].mean(axis=0) for group in range(k)])
    return pairwise_distances_argmin(points, centres).astype(np.int32)  # type: ignore[no-any-return]


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


def _map(work: Work, method: str) -> Matrix | None:
    if f"projection:{method}" not in work.task.parts:
        return None
    rows = work.read(f"projection:{method}", "projections")
    rows = rows.filter(pa.compute.equal(rows["reducer"], "tsne"))
    if not rows.num_rows:
        return None
    return np.column_stack([rows["x"].to_numpy(), rows["y"].to_numpy()])
