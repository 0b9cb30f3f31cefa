"""The 2-D maps of an embedding, and the manifold of some more dimensions that is clustered.

PCA shows what is linear; t-SNE (openTSNE) and UMAP show neighbourhoods. A map is for eyes: pure noise goes from a
silhouette of .02 to .34 after t-SNE, so the verdict rests on the embedding or on the manifold.
"""

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ingestion.grouping import tsne as tsne_
from ingestion.task import Work
from ingestion.vectors import Matrix, load, neighbours, normalised

EPOCHS = 200
"""UMAP's own number for large data; for up to 10,000 products it takes 500. On 19 embeddings of five catalogues, none
of them Flipkart, ten seeds' median ARI is the same after 200 (.002 higher on average, .017 at most either way), the
spread over seeds 1.14 times as wide (a standard deviation of .013 for .011), the time two fifths."""
SAMPLE = 5_000
"""Trustworthiness compares all pairs: above this many products it is measured on a seeded sample."""


def step(work: Work, *, method: str, reducers: Sequence[str], perplexity: float, n_neighbours: int) -> None:
    """Write `projections` and `projection_scores` of one method."""
    draw: dict[str, Callable[[], Matrix]] = {
        "pca": lambda: pca(vectors),
        "tsne": lambda: tsne(vectors, perplexity),
        "umap": lambda: umap(vectors, n_neighbours),
    }
    product_ids, vectors = load(work, f"features:{method}", method)
    vectors = normalised(vectors)
    for done, reducer in enumerate(reducers):
        points = draw[reducer]()
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
        work.progress(done + 1, len(reducers))


def pca(vectors: Matrix) -> Matrix:
    """The first two principal components of (n, d) vectors: (n, 2), centred; zeros where nothing differs."""
    from sklearn.decomposition import PCA

    if min(vectors.shape) < 2 or not np.ptp(vectors, axis=0).any():
        return np.zeros((len(vectors), 2), dtype=np.float32)
    return PCA(2, svd_solver="full").fit_transform(vectors).astype(np.float32)  # type: ignore[no-any-return]


def tsne(vectors: Matrix, perplexity: float, seed: int = 0) -> Matrix:
    """The t-SNE map of (n, d) unit vectors by cosine: (n, 2), from a PCA start (Kobak & Berens 2019).

    The perplexity is lowered where n is too small for it.
    """
    first = pca(vectors)
    if len(vectors) < tsne_.LEAST or not first.any():  # too few, or nothing that differs
        return first
    ((_, affinity),) = tsne_.affinities(vectors, [perplexity])
    start = first.astype(np.float64) * (tsne_.START / first[:, 0].std())
    return tsne_.layout(start, affinity, seed)


def umap(vectors: Matrix, n_neighbours: int, seed: int = 0) -> Matrix:
    """The UMAP map of (n, d) unit vectors by cosine: (n, 2), with the package's min_dist and epochs for maps."""
    return next(_umap(vectors, 2, n_neighbours, 0.1, None, [seed]))


def manifold(vectors: Matrix, dimensions: int, n_neighbours: int, seed: int) -> Matrix:
    """One of the `manifolds`: (n, dimensions)."""
    return next(manifolds(vectors, dimensions, n_neighbours, [seed]))


def manifolds(vectors: Matrix, dimensions: int, n_neighbours: int, seeds: Iterable[int]) -> Iterator[Matrix]:
    """A UMAP manifold of (n, d) unit vectors for clustering, one for each seed: (n, dimensions).

    min_dist 0 packs what belongs together (UMAP documentation, "Using UMAP for clustering"). Repeats exactly for
    an equal seed, whichever seeds go before it. All share the graph of neighbours.
    """
    return _umap(vectors, dimensions, n_neighbours, 0.0, EPOCHS, seeds)


def _umap(
    vectors: Matrix, dimensions: int, n_neighbours: int, min_dist: float, epochs: int | None, seeds: Iterable[int]
) -> Iterator[Matrix]:
    n = len(vectors)
    # The start needs more products than dimensions, and some spread.
    if n < dimensions + 4 or not np.ptp(vectors, axis=0).any():
        padded = np.zeros((n, dimensions), dtype=np.float32)
        padded[:, :2] = pca(vectors)
        for _ in seeds:
            yield padded
        return
    with _without("tensorflow"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the missing tensorflow
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding
    indices, distances = neighbours(vectors, min(n_neighbours, n - 1))
    graph, _, _ = fuzzy_simplicial_set(
        vectors, indices.shape[1], None, "cosine", knn_indices=indices, knn_dists=distances
    )
    a, b = find_ab_params(spread=1.0, min_dist=min_dist)
    for seed in seeds:
        # What UMAP.fit does once it has the graph, with its defaults.
        points, _ = simplicial_set_embedding(
            vectors,
            graph,
            dimensions,
            initial_alpha=1.0,
            a=a,
            b=b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=epochs,
            # The spectral start throws islands that share no neighbour far apart, in no order; PCA keeps what is
            # broadly alike together (Kobak & Linderman 2021, "Initialization is critical ...").
            init="pca" if vectors.shape[1] >= dimensions else "spectral",
            random_state=np.random.RandomState(seed),
            metric="cosine",
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
        )
        yield np.asarray(points, dtype=np.float32)


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
