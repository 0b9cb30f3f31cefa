"""How much a score depends on the t-SNE map: k-means on maps of several perplexities and seeds.

Many studies group one map and report its score. Here each perplexity is laid out from several random starts, so that
the range of the scores shows how much of such a score is due to the map. (The maps that are shown start from a PCA,
which is the same for all seeds.) Step `map_scores:<m>` reads `catalogue` and `features:<m>`, takes `method`, `k`,
`perplexities` and `seeds`, and writes `map_scores`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement, tsne
from ingestion.grouping.agreement import Codes
from ingestion.grouping.clustering import kmeans, silhouette
from ingestion.grouping.projection import trustworthiness
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

MAX_PRODUCTS = 2_000
"""Of more products a seeded sample is drawn, which keeps the step to about 20 s. The range is then that of a catalogue
of this size, which is the usual size of studies that report a map."""


@dataclass(frozen=True)
class MapPartition:
    """The (n,) groups 0 to k - 1 of one map, and its measures that need no categories, by name."""

    perplexity: float
    seed: int
    groups: Codes
    quality: dict[str, float]


def step(work: Work, *, method: str, k: int, perplexities: Sequence[float], seeds: int) -> None:
    """Write `map_scores` of one method; nothing for vectors that are too few or all equal."""
    product_ids, vectors = load(work, f"features:{method}", method)
    rows = sample(len(product_ids))
    products = work.read("catalogue", "products", ["product_id", "category"])
    category_of = dict(zip(*(column.to_pylist() for column in products.columns), strict=True))
    categories = [category_of[product_ids[row]] for row in rows]
    total = len(perplexities) * seeds
    found = map_partitions(normalised(vectors[rows]), k, perplexities, range(seeds))
    for done, partition in enumerate(found, start=1):
        tag: dict[str, Any] = {"method": method, "perplexity": partition.perplexity, "seed": partition.seed}
        scores = {**agreements(partition.groups, categories), **partition.quality}
        written = [{**tag, "metric": metric, "value": value} for metric, value in scores.items()]
        work.write("map_scores", [row for row in written if np.isfinite(row["value"])])
        work.progress(done, total)
    work.progress(total, total)  # a small catalogue allows fewer perplexities


def sample(n: int) -> NDArray[np.int64]:
    """The sorted rows that are used: all n, or a seeded sample of MAX_PRODUCTS."""
    return (
        np.arange(n) if n <= MAX_PRODUCTS else np.sort(np.random.default_rng(0).choice(n, MAX_PRODUCTS, replace=False))
    )


def map_partitions(
    vectors: Matrix, k: int, perplexities: Sequence[float], seeds: Sequence[int]
) -> Iterator[MapPartition]:
    """The k groups of a map of (n, d) unit vectors, for every perplexity that n allows and every seed.

    No category is read. The seed is that of the random start and of k-means. Nothing if the vectors are fewer than
    `tsne.MIN_PRODUCTS` or all equal.
    """
    n = len(vectors)
    if n < tsne.MIN_PRODUCTS or not np.ptp(vectors, axis=0).any():
        return
    for perplexity, affinity in tsne.affinities(vectors, perplexities):
        for seed in seeds:
            points = tsne.layout(tsne.random_start(n, seed), affinity, seed)
            groups = kmeans(points, min(k, n), seed)
            quality = {"silhouette": silhouette(points, groups), "trustworthiness": trustworthiness(vectors, points)}
            yield MapPartition(perplexity, seed, groups, quality)


def agreements(groups: Codes, categories: Sequence[str | None]) -> dict[str, float]:
    """ARI and AMI of (n,) groups with n categories, over the products that have one; empty for fewer than two."""
    has = np.array([category is not None for category in categories])
    names, codes = np.unique([category for category in categories if category is not None], return_inverse=True)
    if len(names) < 2:
        return {}
    table = agreement.contingency(codes.astype(np.int32), groups[has])
    return {"ari": agreement.ari(table), "ami": agreement.ami(table)}
