"""How the answer changes when only the t-SNE map does: k-means on maps of several perplexities and seeds.

The usual notebook groups one map and reports that. Here each perplexity is drawn from several random starts (with the
PCA start, which the maps that are shown have, there is no chance to see), so that the range shows how much of such a
figure is the map's. Step `map_scores:<m>` reads `catalogue` and `features:<m>`, takes `method`, `k`, `perplexities` and
`seeds`, and writes `map_scores`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement, tsne
from ingestion.grouping.clustering import kmeans, silhouette
from ingestion.grouping.projection import trustworthiness
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

Codes = NDArray[np.int32]
SAMPLE = 2_000
"""Above this many products a seeded sample is drawn, which keeps the step to some 20 s: the spread is that of a
catalogue of this size, which is the size of the studies that report a map."""


@dataclass(frozen=True)
class View:
    """The groups of one map, (n,) numbers 0 to k - 1, and what can be said of it without categories."""

    perplexity: float
    seed: int
    groups: Codes
    quality: dict[str, float]


def step(work: Work, *, method: str, k: int, perplexities: Sequence[float], seeds: int) -> None:
    """Write `map_scores` of one method; nothing for vectors that are too few or all alike."""
    product_ids, vectors = load(work, f"features:{method}", method)
    rows = sample(len(product_ids))
    products = work.read("catalogue", "products", ["product_id", "category"])
    category_of = dict(zip(*(column.to_pylist() for column in products.columns), strict=True))
    categories = [category_of[product_ids[row]] for row in rows]
    total = len(perplexities) * seeds
    found = views(normalised(vectors[rows]), k, perplexities, range(seeds))
    for done, view in enumerate(found, start=1):
        tag: dict[str, Any] = {"method": method, "perplexity": view.perplexity, "seed": view.seed}
        scores = {**agreements(view.groups, categories), **view.quality}
        written = [{**tag, "metric": metric, "value": value} for metric, value in scores.items()]
        work.write("map_scores", [row for row in written if np.isfinite(row["value"])])
        work.progress(done, total)
    work.progress(total, total)  # a small catalogue allows fewer perplexities


def sample(n: int) -> Any:
    """The rows that are looked at, in order: all, or a seeded sample of SAMPLE."""
    return np.arange(n) if n <= SAMPLE else np.sort(np.random.default_rng(0).choice(n, SAMPLE, replace=False))


def views(vectors: Matrix, k: int, perplexities: Sequence[float], seeds: Sequence[int]) -> Iterator[View]:
    """A map of (n, d) unit vectors for every perplexity that n allows and every seed, and its k groups.

    No category is seen. The seed is that of the random start and of k-means. Nothing if the vectors are fewer than
    `tsne.LEAST` or all alike.
    """
    n = len(vectors)
    if n < tsne.LEAST or not np.ptp(vectors, axis=0).any():
        return
    for perplexity, affinity in tsne.affinities(vectors, perplexities):
        for seed in seeds:
            points = tsne.layout(tsne.random_start(n, seed), affinity, seed)
            groups = kmeans(points, min(k, n), seed)
            quality = {"silhouette": silhouette(points, groups), "trustworthiness": trustworthiness(vectors, points)}
            yield View(perplexity, seed, groups, quality)


def agreements(groups: Codes, categories: Sequence[str | None]) -> dict[str, float]:
    """ARI and AMI of (n,) groups with n categories, over the products that have one; empty for fewer than two."""
    has = np.array([category is not None for category in categories])
    names, codes = np.unique([category for category in categories if category is not None], return_inverse=True)
    if len(names) < 2:
        return {}
    table = agreement.contingency(codes.astype(np.int32), groups[has])
    return {"ari": agreement.ari(table), "ami": agreement.ami(table)}
