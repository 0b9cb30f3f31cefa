"""Grouping the products, without ever seeing a category: this step is given vectors and a number of groups.

Spaces: the full embedding, a UMAP manifold of 10 dimensions (one per seed, so that its own chance shows in the
spread), and the 2-D t-SNE map (shown because the field uses it; the verdict does not rest on it).
"""

import warnings
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.projection import manifold
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

Labels = NDArray[np.int32]
STARTS = 10
"""k-means starts per seed; the best by inertia counts (n_init of scikit-learn before 1.4; Celebi et al. 2013)."""
WARD_SAMPLE = 10_000
"""Ward holds all pairs: above this many products it groups a seeded sample, and the rest go to the nearest centre."""
SILHOUETTE_SAMPLE = 5_000
"""The silhouette compares all pairs: above this many products it is measured on a seeded sample."""


def step(work: Work) -> None:
    """Write `partitions` and `partition_scores` of one method."""
    parameters, method = work.task.parameters, work.task.parameters["method"]
    product_ids, vectors = load(work, f"features:{method}", method)
    k, seeds = min(parameters["k"], len(product_ids)), parameters["seeds"]
    if k < 2:
        return
    ids = pa.array(product_ids)
    done = 0
    for space, seed, points in _spaces(work, normalised(vectors)):
        for algorithm, group in ALGORITHMS.items():
            if algorithm == "ward" and space != "manifold" and seed:
                continue  # Ward has no seed of its own: only a space that changes with the seed changes it
            labels = group(points, k, seed)
            tag = {"method": method, "algorithm": algorithm, "space": space, "seed": seed}
            work.write("partitions", _rows(tag, ids, labels))
            value = silhouette(points, labels)
            if np.isfinite(value):
                work.write("partition_scores", [{**tag, "metric": "silhouette", "value": value}])
        done += 1
        work.progress(done, 3 * seeds)


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
    from sklearn.neighbors import NearestCentroid

    n = len(points)
    if n <= WARD_SAMPLE:
        return AgglomerativeClustering(k, linkage="ward").fit_predict(points).astype(np.int32)  # type: ignore[no-any-return]
    chosen = np.random.default_rng(seed).choice(n, WARD_SAMPLE, replace=False)
    labels = AgglomerativeClustering(k, linkage="ward").fit_predict(points[chosen])
    return NearestCentroid().fit(points[chosen], labels).predict(points).astype(np.int32)  # type: ignore[no-any-return]


def silhouette(points: Matrix, labels: Labels) -> float:
    """Mean silhouette of (n, d) points (Rousseeuw 1987), -1 to 1; NaN where it is not defined."""
    from sklearn.metrics import silhouette_score

    groups = len(np.unique(labels))
    if not 2 <= groups < len(labels):
        return float("nan")
    sample = SILHOUETTE_SAMPLE if len(labels) > SILHOUETTE_SAMPLE else None
    return float(silhouette_score(points, labels, sample_size=sample, random_state=0))


ALGORITHMS = {"kmeans": kmeans, "ward": ward}


def _spaces(work: Work, vectors: Matrix) -> Iterator[tuple[str, int, Matrix]]:
    parameters = work.task.parameters
    for seed in range(parameters["seeds"]):
        yield "full", seed, vectors
    for seed in range(parameters["seeds"]):
        yield "manifold", seed, manifold(vectors, parameters["dimensions"], parameters["neighbours"], seed)
    points = _map(work)
    if points is not None:
        for seed in range(parameters["seeds"]):
            yield "map", seed, points


def _map(work: Work) -> Matrix | None:
    rows = work.read(f"projection:{work.task.parameters['method']}", "projections")
    rows = rows.filter(pa.compute.equal(rows["reducer"], "tsne"))
    if not rows.num_rows:
        return None
    return np.column_stack([rows["x"].to_numpy(), rows["y"].to_numpy()])


def _rows(tag: dict[str, object], ids: pa.Array, labels: Labels) -> pa.Table:
    columns = {name: pa.repeat(value, len(ids)) for name, value in tag.items()}
    return pa.table({**columns, "product_id": ids, "cluster": labels})
