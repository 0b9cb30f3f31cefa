"""How many groups there are, judged from the vectors alone.

Reads `features:<method>`, and `catalogue` for nothing but the number of categories that is written beside the estimate.
Parameters: {"method": m}. Writes `k_estimates` and `k_curves`, for two criteria:

communities  The declared one: communities of the graph of nearest neighbours, by modularity (Newman &
             Girvan 2004; Louvain, Blondel et al. 2008), as cell types are counted (PhenoGraph, Levine et al. 2015). The
             estimate is the median over resamples of the products and over the scales in SCALES; the range is that
             of both, because the scale is the larger uncertainty. Its curve is the fraction of the resamples in
             which so many communities were found.
silhouette   The usual one: the number of Ward groups on the main components with the best mean silhouette
             (Rousseeuw 1987).

No groups at all is k = 1: no more of the edges lie within the communities than in one Gaussian cloud with the same
covariance (the null hypothesis of SigClust, Liu et al. 2008). Noise has communities too, so this is tested.

The limit: a catalogue's categories are a human choice, and nested; which level a merchant chose is not in the
vectors. On 41 catalogues of 5 to 20 categories (five whole ones by several encoders, and draws from six) the
estimate was off by a factor of 1.2 (mean |log| .21, no bias), and the range, whose ends differ by a factor of 2.5, held
the number of categories in 90 %; the silhouette was off by 1.6, and its range held it in 38 % (of 32); not
repeatable.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping.neighbours import load_neighbours
from ingestion.grouping.resampling import Labels, Rows
from ingestion.task import Work
from ingestion.vectors import Matrix, load, nearest, normalised

SCALES = ((30, 0.5), (30, 1.0), (20, 1.0), (15, 1.25), (10, 1.25), (10, 1.5))
"""(neighbours, resolution), from coarse to fine: 15 neighbours are scanpy's default, 30 PhenoGraph's, and 1 is the
modularity as it was defined. It merges small groups in a large graph (Fortunato & Barthelemy 2007), so that finer
resolutions (Reichardt & Bornholdt 2006) count as well; above 1.5 a homogeneous cloud is split. Well separated groups
with more products than neighbours give the same number at all scales and a narrow range; else the range is wide."""
NULL_SCALE = (15, 1.0)
"""(neighbours, resolution) at which the vectors are tested for having groups at all."""
RESAMPLES = 30
"""Five for each scale; of 30 the 95 % range, rounded outwards, is their whole range."""
RESAMPLE_FRACTION = 0.8
"""Fraction of the products in a resample, without replacement: a product drawn twice would be a group of its own."""
COMMUNITIES_SAMPLE = 2_500
"""Above this many products a seeded sample is used: groups of some 1 % are still found, in half a minute."""
NULL_CLOUDS = 10
"""Gaussian clouds that the communities are compared with."""
MIN_DEVIATIONS = 3.0
"""Standard deviations above the clouds that show groups: some 1 % of clouds without groups pass (t with 9 degrees)."""
SILHOUETTE_SAMPLE = 1_000
"""The silhouette compares all pairs, at every k: above this many products a seeded sample is used."""
SILHOUETTE_RESAMPLES = 6
MAIN_COMPONENTS = 10
"""Main components for Ward's groups: with 50 the silhouette rises with k without end, as each dimension adds noise."""
MAX_GROUPS = 50
"""Highest number of groups tried by the silhouette, with at least 8 products a group."""

Edges = NDArray[np.int64]
Near = NDArray[np.int32]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number of groups with its 95 % range, and the curve behind it: (k, value, low, high) each."""

    k: int
    low: int
    high: int
    curve: Sequence[tuple[int, float, float | None, float | None]]


def step(work: Work, *, method: str, categories: int | None) -> None:
    """Write `k_estimates` and `k_curves` of one method; `categories`, how many there are, is written beside them."""
    _, vectors = load(work, f"features:{method}", method)
    points, rows = normalised(vectors), load_neighbours(work, method).rows
    for done, criterion in enumerate(("communities", "silhouette"), start=1):
        found = communities(points, rows) if criterion == "communities" else silhouette(points)
        if found:
            tag = {"method": method, "criterion": criterion}
            row = {"k": found.k, "low": found.low, "high": found.high, "categories": categories}
            work.write("k_estimates", [{**tag, **row}])
            names = ("k", "value", "low", "high")
            work.write("k_curves", ({**tag, **dict(zip(names, point, strict=True))} for point in found.curve))
        work.progress(done, 2)


def communities(points: Matrix, near: Near, scales: Sequence[tuple[int, float]] = SCALES) -> Estimate | None:
    """The number of communities of (n, d) unit vectors; k = 1 where they show no groups. None for n < 2.

    `near` holds (n, m) nearest rows of each, nearest first; `scales` are (neighbours, resolution). A resample takes its
    part of the graph: of each product the nearest neighbours that were drawn too. With k = 1 the range still reaches up
    to the numbers found in the resamples.
    """
    if len(points) > COMMUNITIES_SAMPLE:
        points = _sample(points, COMMUNITIES_SAMPLE)
        near, _ = nearest(points, near.shape[1])
    n = len(points)
    if n < 2:
        return None
    found = []
    for seed in range(RESAMPLES):
        n_neighbours, resolution = scales[seed % len(scales)]
        found.append(_communities(_edges(near, n_neighbours, _resample(n, seed)), resolution, seed)[0])
    low, k, high = _percentiles(found)
    if not _shows_groups(points, near):
        k = low = 1
    curve = [(number, times / RESAMPLES, None, None) for number, times in sorted(Counter(found).items())]
    return Estimate(k, low, high, curve)


def silhouette(points: Matrix) -> Estimate | None:
    """The number of Ward groups of (n, d) unit vectors with the best mean silhouette; None below 16 products.

    It is at least 2: the silhouette is not defined for one group.
    """
    from sklearn.decomposition import PCA

    points = _sample(points, SILHOUETTE_SAMPLE)
    ks = _candidate_numbers(int(RESAMPLE_FRACTION * len(points)))
    if not ks or not np.ptp(points, axis=0).any():
        return None
    size = min(MAIN_COMPONENTS, *points.shape)
    reduced = PCA(size, svd_solver="full").fit_transform(points).astype(np.float64)
    values = _silhouettes(reduced, ks)
    draws = [_silhouettes(reduced[_resample(len(points), seed)], ks) for seed in range(SILHOUETTE_RESAMPLES)]
    low, _, high = _percentiles([ks[int(d.argmax())] for d in draws])
    k = ks[int(values.argmax())]
    ends = np.percentile(draws, [2.5, 97.5], axis=0)
    curve = [(k, float(v), float(a), float(b)) for k, v, a, b in zip(ks, values, *ends, strict=True)]
    return Estimate(k, min(low, k), max(high, k), curve)


def _edges(near: Near, n_neighbours: int, drawn: Rows | None = None) -> Edges:
    """(2, edges) rows of the products drawn, from each to its nearest of them; rows are renumbered from 0.

    At most the square root of their number, as for density estimates (Loftsgaarden & Quesenberry 1965), so that
    the neighbours of a product in a small catalogue lie within its group.
    """
    drawn = np.arange(len(near)) if drawn is None else drawn
    number = np.full(len(near), -1)
    number[drawn] = np.arange(len(drawn))
    ends = number[near[drawn]]
    nth = np.cumsum(ends >= 0, axis=1)
    kept = (ends >= 0) & (nth <= min(n_neighbours, int(np.sqrt(len(drawn)))))
    return np.stack([np.nonzero(kept)[0], ends[kept]])


def _communities(edges: Edges, resolution: float, seed: int) -> tuple[int, float]:
    """How many communities a graph has (Louvain's method), and how assortative they are."""
    from scipy.sparse import coo_matrix
    from sknetwork.clustering import Louvain

    n = int(edges.max()) + 1
    graph = coo_matrix((np.ones(edges.shape[1]), tuple(edges)), shape=(n, n)).tocsr()
    graph = graph.maximum(graph.T)
    louvain = Louvain(resolution, modularity="newman", shuffle_nodes=True, random_state=seed)
    labels = louvain.fit_predict(graph).astype(np.int32)
    return len(np.unique(labels)), _assortativity(edges, labels)


def _assortativity(edges: Edges, labels: Labels) -> float:
    """Modularity as a fraction of the highest that communities of these sizes could have: 1 if no edge leaves one.

    (Newman 2003, "Mixing patterns in networks".) Modularity itself is at most 1 - 1/k: three well separated groups
    would have less than one flat cloud that falls into ten.
    """
    starts, ends = labels[edges]
    size = int(labels.max()) + 1
    expected = float((np.bincount(starts, minlength=size) * np.bincount(ends, minlength=size)).sum())
    expected /= max(len(ends) ** 2, 1)
    return (float(np.mean(starts == ends)) - expected) / (1 - expected) if expected < 1 else 0.0


def _shows_groups(points: Matrix, near: Near) -> bool:
    """Whether (n, d) unit vectors are more assortative than Gaussian clouds of their covariance."""
    n_neighbours, resolution = NULL_SCALE
    own = _communities(_edges(near, n_neighbours), resolution, seed=0)[1]
    drawn = [_edges(nearest(cloud, n_neighbours)[0], n_neighbours) for cloud in _clouds(points)]
    clouds = [_communities(edges, resolution, seed=0)[1] for edges in drawn]
    spread = float(np.std(clouds, ddof=1)) * np.sqrt(1 + 1 / NULL_CLOUDS)
    return bool(own > float(np.mean(clouds)) + MIN_DEVIATIONS * spread + 1e-9)


def _clouds(points: Matrix) -> Iterator[Matrix]:
    """Gaussian clouds with the mean and covariance of (n, d) points, of as many rows, scaled to unit length too."""
    centre = points.mean(axis=0)
    _, lengths, axes = np.linalg.svd((points - centre).astype(np.float64), full_matrices=False)
    scale = lengths / np.sqrt(max(len(points) - 1, 1))
    for seed in range(NULL_CLOUDS):
        drawn = np.random.default_rng(seed).normal(size=(len(points), len(scale))) * scale
        yield normalised((drawn @ axes + centre).astype(np.float32))


def _silhouettes(points: Points, ks: list[int]) -> NDArray[np.float64]:
    """The mean silhouette of (n, d) points in k Ward groups, for each k, from one tree and one table of distances."""
    from scipy.cluster.hierarchy import cut_tree, linkage
    from scipy.spatial.distance import pdist, squareform
    from sklearn.metrics import silhouette_score

    distances = pdist(points)
    cuts = cut_tree(linkage(points, "ward"), ks)
    table = squareform(distances)
    return np.array([silhouette_score(table, cut, metric="precomputed") for cut in cuts.T])


def _candidate_numbers(n: int) -> list[int]:
    """Numbers of groups to try for n products: each to 20, then in steps of 8 %, up to MAX_GROUPS."""
    top = min(MAX_GROUPS, n // 8)
    ks = list(range(2, min(20, top) + 1))
    while ks and (following := int(np.ceil(ks[-1] * 1.08))) <= top:
        ks.append(following)
    return ks


def _sample(vectors: Matrix, most: int) -> Matrix:
    if len(vectors) <= most:
        return vectors
    return vectors[np.sort(np.random.default_rng(0).choice(len(vectors), most, replace=False))]


def _resample(n: int, seed: int) -> Rows:
    chosen = np.random.default_rng(seed).choice(n, max(2, round(RESAMPLE_FRACTION * n)), replace=False)
    return np.sort(chosen)


def _percentiles(found: list[int]) -> tuple[int, int, int]:
    """The 2.5th, 50th and 97.5th percentile, as numbers that were found; the range is rounded outwards."""
    low = np.percentile(found, 2.5, method="lower")
    middle = np.percentile(found, 50, method="nearest")
    high = np.percentile(found, 97.5, method="higher")
    return int(low), int(middle), int(high)
