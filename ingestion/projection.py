"""The 2-D maps of an embedding, and the manifold of some more dimensions that is clustered.

PCA shows what is linear; t-SNE (openTSNE) and UMAP show neighbourhoods. A map is for eyes: pure noise goes from a
silhouette of .02 to .34 after t-SNE, so the verdict rests on the embedding or on the manifold.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ingestion.task import Work
from ingestion.vectors import Matrix, load, neighbours, normalised

SAMPLE = 5_000
"""Trustworthiness compares all pairs: above this many products it is measured on a seeded sample."""


def step(work: Work) -> None:
    """Write `projections` and `projection_scores` of one method."""
    parameters, method = work.task.parameters, work.task.parameters["method"]
    product_ids, vectors = load(work, f"features:{method}", method)
    vectors = normalised(vectors)
    for done, reducer in enumerate(parameters["reducers"]):
        points = REDUCERS[reducer](vectors, parameters)
        work.write(
            "projections",
            [
                {"method": method, "reducer": reducer, "product_id": i, "x": float(x), "y": float(y)}
                for i, (x, y) in zip(product_ids, points, strict=True)
            ],
        )
        value = trustworthiness(vectors, points)
        if np.isfinite(value):
            row = {"method": method, "reducer": reducer, "metric": "trustworthiness", "value": value}
            work.write("projection_scores", [row])
        work.progress(done + 1, len(parameters["reducers"]))


def pca(vectors: Matrix, parameters: dict[str, Any]) -> Matrix:
    """The first two principal components of (n, d) vectors: (n, 2), centred; zeros where nothing differs."""
    from sklearn.decomposition import PCA

    if min(vectors.shape) < 2 or not np.ptp(vectors, axis=0).any():
        return np.zeros((len(vectors), 2), dtype=np.float32)
    return PCA(2, svd_solver="full").fit_transform(vectors).astype(np.float32)  # type: ignore[no-any-return]


def tsne(vectors: Matrix, parameters: dict[str, Any]) -> Matrix:
    """The t-SNE map of (n, d) unit vectors by cosine: (n, 2).

    PCA start, learning rate n / exaggeration and a fixed seed, after Kobak & Berens 2019 and Belkina et al. 2019.
    The perplexity is lowered where n is too small for it.
    """
    first = pca(vectors, parameters)
    if len(vectors) < 5 or not first.any():  # too few, or nothing that differs
        return first
    import openTSNE
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    perplexity = min(parameters["perplexity"], (len(vectors) - 1) / 3.01)
    indices, distances = neighbours(vectors, int(3 * perplexity) + 1)
    affinities = openTSNE.affinity.PerplexityBasedNN(
        perplexity=perplexity, knn_index=PrecomputedNeighbors(indices[:, 1:], distances[:, 1:]), n_jobs=1
    )
    start = openTSNE.initialization.rescale(first.astype(np.float64))
    embedding = openTSNE.TSNEEmbedding(
        start, affinities, learning_rate="auto", n_jobs=1, random_state=parameters.get("seed", 0)
    )
    embedding = embedding.optimize(250, exaggeration=12, momentum=0.5)
    return np.asarray(embedding.optimize(500, momentum=0.8), dtype=np.float32)


def umap(vectors: Matrix, parameters: dict[str, Any]) -> Matrix:
    """The UMAP map of (n, d) unit vectors by cosine: (n, 2), with the package's min_dist for maps."""
    return _umap(vectors, 2, parameters["neighbours"], 0.1, parameters.get("seed", 0))


def manifold(vectors: Matrix, dimensions: int, n_neighbours: int, seed: int) -> Matrix:
    """A UMAP manifold of (n, d) unit vectors for clustering: (n, dimensions).

    min_dist 0 packs what belongs together (UMAP documentation, "Using UMAP for clustering"). Repeats exactly for
    an equal seed.
    """
    return _umap(vectors, dimensions, n_neighbours, 0.0, seed)


def _umap(vectors: Matrix, dimensions: int, n_neighbours: int, min_dist: float, seed: int) -> Matrix:
    n = len(vectors)
    # The start needs more products than dimensions, and some spread.
    if n < dimensions + 4 or not np.ptp(vectors, axis=0).any():
        padded = np.zeros((n, dimensions), dtype=np.float32)
        padded[:, :2] = pca(vectors, {})
        return padded
    with _without("tensorflow"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the missing tensorflow
        from umap import UMAP
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what `precomputed_knn` cannot do later
        indices, distances = neighbours(vectors, min(n_neighbours, n - 1))
        reducer = UMAP(
            n_components=dimensions,
            n_neighbors=indices.shape[1],
            min_dist=min_dist,
            # The spectral start throws islands that share no neighbour far apart, in no order; PCA keeps what is
            # broadly alike together (Kobak & Linderman 2021, "Initialization is critical ...").
            init="pca" if vectors.shape[1] >= dimensions else "spectral",
            metric="cosine",
            random_state=seed,
            n_jobs=1,
            precomputed_knn=(indices, distances, None),
            force_approximation_algorithm=True,  # it would ignore the neighbours given below 4,096 products
        )
        return np.asarray(reducer.fit_transform(vectors), dtype=np.float32)


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Import as if the package were not there: umap would load tensorflow, for seconds, for nothing."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


def trustworthiness(vectors: Matrix, points: Matrix, n_neighbours: int = 10) -> float:
    """How far the map's neighbours are the embedding's too: 0 to 1 (Venna & Kaski 2001), by cosine; NaN below 8."""
    from sklearn.manifold import trustworthiness as measure

    if len(vectors) < 8:
        return float("nan")
    if len(vectors) > SAMPLE:
        chosen = np.random.default_rng(0).choice(len(vectors), SAMPLE, replace=False)
        vectors, points = vectors[chosen], points[chosen]
    k = min(n_neighbours, len(vectors) // 2 - 1)
    return float(measure(vectors, points, n_neighbors=k, metric="cosine"))


REDUCERS = {"pca": pca, "tsne": tsne, "umap": umap}
