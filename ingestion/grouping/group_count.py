"""How many groups there are, judged from the vectors alone.

Communities of the graph of nearest neighbours, by modularity (Newman & Girvan 2004; Louvain, Blondel et al. 2008), as
cell types are counted (PhenoGraph, Levine et al. 2015). The estimate is the median over resamples of the products and
over the scales in SCALES; the range is that of all RESAMPLES, because the scale is the larger uncertainty.

No groups at all is k = 1: no more of the edges lie within the communities than in one Gaussian cloud with the same
covariance (the null hypothesis of SigClust, Liu et al. 2008). Noise has communities too, so this is tested.

The limit: a catalogue's categories are a human choice, and nested; which level a merchant chose is not in the
vectors. On 41 catalogues of 5 to 20 categories (five whole ones by several encoders, and draws from six) the
estimate was off by a factor of 1.2 (mean |log| .21, no bias), and the range, whose ends differ by a factor of 2.5, held
the number of categories in 90 %. The mean silhouette of Ward's groups, the usual way, was off by a factor of 1.6, and
its range held the number in 38 % (of 32). Not repeatable; measured
before the resamples took their part of one search for neighbours.
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
"""Five for each scale."""
RESAMPLE_FRACTION = 0.8
"""Fraction of the products in a resample, without replacement: a product drawn twice would be a group of its own."""
COMMUNITIES_SAMPLE = 2_500
"""Above this many products a seeded sample is used: groups of some 1 % are still found, in half a minute."""
NULL_CLOUDS = 10
"""Gaussian clouds that the communities are compared with."""
MIN_DEVIATIONS = 3.0
"""Standard deviations above the clouds that show groups: some 1 % of clouds without groups pass (t with 9 degrees)."""
Edges = NDArray[np.int64]
Near = NDArray[np.int32]


@dataclass(frozen=True)
class Estimate:
    """A number of groups, the lowest and highest of the resamples, and the fraction of resamples with each number."""

    k: int
    low: int
    high: int
    fractions: dict[int, float]

    def row(self) -> dict[str, int]:
        """The figures as they stand in `k_estimates`."""
        return {"k": self.k, "low": self.low, "high": self.high}


def step(work: Work, *, method: str, categories: int | None) -> None:
    """Write `k_estimates` and `k_curves` of one method; `categories`, how many there are, is written beside them."""
    _, vectors = load(work, f"features:{method}", method)
    found = communities(normalised(vectors), load_neighbours(work, method).rows)
    if found:
        work.write("k_estimates", [{"method": method, **found.row(), "categories": categories}])
        work.write("k_curves", [{"method": method, "k": k, "fraction": part} for k, part in found.fractions.items()])


def load_estimate(work: Work, method: str) -> Estimate | None:
    """What `group_count:<method>` found or, of a joint graph, `clustering:<method>`; None where neither did."""
    for step in (f"group_count:{method}", f"clustering:{method}"):
        if step in work.task.parts and (rows := work.read(step, "k_estimates", ["k", "low", "high"]).to_pylist()):
            return Estimate(**rows[0], fractions={})
    return None


def median_estimate(estimates: Sequence[Estimate]) -> Estimate | None:
    """The median of several methods' estimates, for their joint graph, and the range of all; None for none."""
    if not estimates:
        return None
    return Estimate(
        _median([e.k for e in estimates]), min(e.low for e in estimates), max(e.high for e in estimates), {}
    )


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
    k, low, high = _median(found), min(found), max(found)
    if not _shows_groups(points, near):
        k = low = 1
    return Estimate(k, low, high, {number: times / RESAMPLES for number, times in sorted(Counter(found).items())})


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
    n_neighbours, resolution = min(NULL_SCALE[0], near.shape[1]), NULL_SCALE[1]
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


def _sample(vectors: Matrix, most: int) -> Matrix:
    if len(vectors) <= most:
        return vectors
    return vectors[np.sort(np.random.default_rng(0).choice(len(vectors), most, replace=False))]


def _resample(n: int, seed: int) -> Rows:
    chosen = np.random.default_rng(seed).choice(n, max(2, round(RESAMPLE_FRACTION * n)), replace=False)
    return np.sort(chosen)


def _median(found: Sequence[int]) -> int:
    """The median as a number that was found."""
    return int(np.percentile(found, 50, method="nearest"))
