"""The 2-D maps of an embedding, to be looked at.

PCA shows what is linear; t-SNE (openTSNE) and UMAP show neighbourhoods. A map is only to be looked at: the
silhouette of noise rises from .02 to .34 by t-SNE (not repeatable), so that the verdict is based on the embedding or on
the manifold.
"""

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from ingestion.features.frozen import THIS, Refit
from ingestion.grouping import kept_maps
from ingestion.grouping import tsne as tsne_
from ingestion.grouping.neighbours import Neighbours, load_neighbours
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

UNUSED: dict[str, dict[str, Any] | None] = {
    "tensorflow": None,
    "pynndescent": {"NNDescent": object, "__path__": []},
    "pynndescent.distances": {"named_distances": {}},
    "pynndescent.sparse": {"sparse_named_distances": {}},
}
"""What umap imports and a map of known neighbours does not use: tensorflow takes seconds to load, pynndescent, which
searches for neighbours, some twenty to be compiled where it was never used before."""
TRUSTWORTHINESS_SAMPLE = 5_000
"""Trustworthiness compares all pairs: above this many products it is measured on a seeded sample."""


def step(work: Work, *, method: str, reducers: Sequence[str], perplexity: float, refit: Refit = "always") -> None:
    """Write `projections` and `projection_scores` of one method; `refit` says when t-SNE and UMAP are drawn anew."""
    draw: dict[str, Callable[[], Matrix]] = {
        "pca": lambda: pca(vectors),
        "tsne": lambda: tsne(vectors, perplexity),
        "umap": lambda: umap(vectors, load_neighbours(work, method)),
    }
    product_ids, vectors = load(work, f"features:{method}", method)
    vectors = normalised(vectors)
    places, fitted = kept_maps.kept(work.chunks, refit, reducers, product_ids, vectors)
    drawn = {}
    for done, reducer in enumerate(reducers):
        points = places[reducer] if reducer in places else draw[reducer]()
        if reducer not in places:
            drawn[reducer] = points
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
            work.write("projection_scores", [{**row, "fitted": fitted if reducer in places else THIS}])
        work.progress(done + 1, len(reducers))
    kept_maps.keep(work.chunks, refit, product_ids, vectors, drawn)


def pca(vectors: Matrix, others: Iterable[Matrix] | None = None) -> Matrix:
    """The first two principal components of (n, d) vectors: (n, 2), centred; zeros where nothing differs.

    With `others`, blocks of m more vectors, the places of these on the map of `vectors`: (m, 2).
    """
    from sklearn.decomposition import PCA

    if min(vectors.shape) < 2 or not np.ptp(vectors, axis=0).any():
        n = len(vectors) if others is None else sum(map(len, others))
        return np.zeros((n, 2), dtype=np.float32)
    fitted = PCA(2, svd_solver="full")
    points = fitted.fit_transform(vectors)
    placed = points if others is None else np.concatenate([fitted.transform(block) for block in others if len(block)])
    return np.asarray(placed, dtype=np.float32)


def tsne(vectors: Matrix, perplexity: float, seed: int = 0) -> Matrix:
    """The t-SNE map of (n, d) unit vectors by cosine: (n, 2), from a PCA start (Kobak & Berens 2019).

    The perplexity is lowered where n is too small for it.
    """
    first = pca(vectors)
    if len(vectors) < tsne_.MIN_PRODUCTS or not first.any():  # too few, or nothing that differs
        return first
    ((_, affinity),) = tsne_.affinities(vectors, [perplexity])
    start = first.astype(np.float64) * (tsne_.START_DEVIATION / first[:, 0].std())
    return tsne_.layout(start, affinity, seed)


def umap(vectors: Matrix, near: Neighbours, seed: int = 0) -> Matrix:
    """The UMAP map of (n, d) unit vectors with those neighbours: (n, 2); PCA for n < 6. All else as in the package."""
    n = len(vectors)
    if n < 6 or not np.ptp(vectors, axis=0).any():  # UMAP needs more products than dimensions
        return pca(vectors)
    package = _umap()
    itself = np.arange(n, dtype=np.int32)[:, None]  # UMAP counts a product as its own first neighbour
    rows = np.hstack([itself, near.rows[:, :-1]])
    distances = np.hstack([np.zeros((n, 1), np.float32), np.maximum(1 - near.similarity[:, :-1], 0)])
    graph, _, _ = package.fuzzy_simplicial_set(
        vectors, rows.shape[1], None, "cosine", knn_indices=rows, knn_dists=distances.astype(np.float32)
    )
    a, b = package.find_ab_params(spread=1.0, min_dist=0.1)
    # What UMAP.fit does once it has the graph, with its defaults.
    points, _ = package.simplicial_set_embedding(
        vectors,
        graph,
        2,
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=None,
        # The spectral start places components without a common neighbour in no order; PCA keeps the coarse structure
        # (Kobak & Linderman 2021, "Initialization is critical ...").
        init="pca",
        random_state=np.random.RandomState(seed),
        metric="cosine",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
    )
    return np.asarray(points, dtype=np.float32)


@cache
def _umap() -> Any:
    """The module umap.umap_, whose machine code is kept on disk for later processes: 6 s less for each of them."""
    with _replacing(UNUSED), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the missing tensorflow
        from numba.core.dispatcher import Dispatcher
        from umap import layouts, umap_
    for compiled in (*vars(layouts).values(), *vars(umap_).values()):
        if isinstance(compiled, Dispatcher):
            with suppress(RuntimeError):  # neither the package's folder nor the user's cache folder is writable
                compiled.enable_caching()
    return umap_


@contextmanager
def _replacing(modules: Mapping[str, Mapping[str, Any] | None]) -> Iterator[None]:
    """Import with modules of these contents in the place of packages, or as if these were not installed (None)."""
    absent = {name: content for name, content in modules.items() if name.split(".")[0] not in sys.modules}
    for name, content in absent.items():
        sys.modules[name] = None  # type: ignore[assignment]
        if content is not None:
            sys.modules[name] = ModuleType(name)
            vars(sys.modules[name]).update(content)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def trustworthiness(vectors: Matrix, points: Matrix, n_neighbours: int = 10) -> float:
    """How far the map's neighbours are the embedding's too: 0 to 1 (Venna & Kaski 2001), by cosine; NaN below 8."""
    from sklearn.manifold import trustworthiness as measure

    if len(vectors) < 8:
        return float("nan")
    if len(vectors) > TRUSTWORTHINESS_SAMPLE:
        chosen = np.random.default_rng(0).choice(len(vectors), TRUSTWORTHINESS_SAMPLE, replace=False)
        vectors, points = vectors[chosen], points[chosen]
    k = min(n_neighbours, len(vectors) // 2 - 1)
    return float(measure(vectors, points, n_neighbors=k, metric="cosine"))
