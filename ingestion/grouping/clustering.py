"""Grouping the products, without ever seeing a category: this step is given vectors and a number of groups.

Every space (see spaces.py) is grouped by k-means, some by Ward too, once per seed; the manifold is drawn anew
for each seed, so that its own chance shows in the spread. A seed's consensus joins its k-means groups of the spaces.
The 2-D map is grouped because the field does so; neither the consensus nor the verdict rests on it.
"""

import warnings
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from ingestion.grouping.consensus import consensus
from ingestion.grouping.partitions import Grouping, tag, write, write_stability
from ingestion.grouping.projection import manifolds
from ingestion.grouping.resampling import Labels, Rows, resample
from ingestion.grouping.spaces import centred, smoothed
from ingestion.task import Work
from ingestion.vectors import Matrix, load, neighbours, normalised

STARTS = 10
"""k-means starts per seed; the best by inertia counts (n_init of scikit-learn before 1.4; Celebi et al. 2013)."""
WARD_SAMPLE = 10_000
"""Ward holds all pairs: above this many products it groups a seeded sample, and the rest go to the nearest centre."""
SILHOUETTE_SAMPLE = 5_000
"""The silhouette compares all pairs: above this many products it is measured on a seeded sample."""
MEMBERS = ("centred", "smoothed", "manifold")
"""The spaces whose k-means groups a consensus joins: one that keeps the distances, one of neighbourhoods, one between.
On 29 embeddings of six catalogues other than the one that is reported, this was as good in the mean as with `full` too
(ARI .68; k-means in the embedding .66, on the manifold .64) and better on the ten hardest (.51 for .49; .42 and .48).
The map is left out, as it shows groups where there are none."""
WARD = ("full", "manifold", "map")
CONSENSUS: Grouping = ("consensus", "ensemble")


def step(work: Work, *, method: str, k: int, seeds: int, dimensions: int, n_neighbours: int) -> None:
    """Write `partitions`, `partition_scores`, `resampled_partitions` and `cluster_stability` of one method."""
    product_ids, vectors = load(work, f"features:{method}", method)
    k = min(k, len(product_ids))
    if k < 2:
        return
    found: dict[Grouping, dict[int, Labels]] = defaultdict(dict)
    again: dict[Grouping, list[tuple[Rows, Labels]]] = defaultdict(list)
    unit, drawn_map = normalised(vectors), _map(work, method)
    for seed, spaces in enumerate(members_of(unit, dimensions, n_neighbours, range(seeds))):
        if drawn_map is not None:
            spaces["map"] = drawn_map
        ward_in = spaces if not seed else ("manifold",)  # Ward has no seed of its own
        for grouping, labels in grouped(spaces, k, seed, ward_in).items():
            found[grouping][seed] = labels
            write(work, "partitions", method, grouping, seed, product_ids, labels)
            if grouping[1] in spaces and np.isfinite(value := silhouette(spaces[grouping[1]], labels)):
                row = {"seed": seed, "metric": "silhouette", "value": value}
                work.write("partition_scores", [{**tag(method, grouping), **row}])
        rows = resample(product_ids, seed)
        if len(rows) > k:
            # all is made anew from the products drawn, but for the map: its spread is `map_scores`'
            part = next(members_of(unit[rows], dimensions, n_neighbours, [seed]))
            if drawn_map is not None:
                part["map"] = drawn_map[rows]
            for grouping, labels in grouped(part, k, seed, part).items():
                again[grouping].append((rows, labels))
                if grouping[0] == "kmeans" and grouping[1] in MEMBERS:
                    drawn = [product_ids[row] for row in rows]
                    write(work, "resampled_partitions", method, grouping, seed, drawn, labels)
        work.progress(seed + 1, seeds)
    write_stability(work, method, found, again)


def grouped(spaces: Mapping[str, Matrix], k: int, seed: int, ward_in: Container[str] = ()) -> dict[Grouping, Labels]:
    """The groups of one seed: k-means in each space, Ward in some, and the consensus of the k-means groups."""
    found: dict[Grouping, Labels] = {}
    for name, points in spaces.items():
        found["kmeans", name] = kmeans(points, k, seed)
        if name in WARD and name in ward_in:
            found["ward", name] = ward(points, k, seed)
    members = [found["kmeans", name] for name in MEMBERS]
    found[CONSENSUS] = consensus(members, [1.0] * len(members), k, seed)
    return found


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
        return silhouette(points[chosen], labels[chosen])  # of the sample all may be in one group
    return float(silhouette_score(points, labels))


def members_of(unit: Matrix, dimensions: int, n_neighbours: int, seeds: Iterable[int]) -> Iterator[dict[str, Matrix]]:
    """For each seed the points of (n, d) unit rows in the embedding itself and in the spaces of MEMBERS."""
    near = neighbours(unit, n_neighbours)
    fixed = {"full": unit, "centred": centred(unit), "smoothed": smoothed(unit, near[0])}
    for points in manifolds(unit, dimensions, n_neighbours, seeds):
        yield {**fixed, "manifold": points}


def _map(work: Work, method: str) -> Matrix | None:
    rows = work.read(f"projection:{method}", "projections")
    rows = rows.filter(pa.compute.equal(rows["reducer"], "tsne"))
    if not rows.num_rows:
        return None
    return np.column_stack([rows["x"].to_numpy(), rows["y"].to_numpy()])
