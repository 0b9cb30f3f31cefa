"""The manifold that is clustered: a diffusion map of the graph of nearest neighbours (Coifman & Lafon 2006).

Two products are near on it where short walks along the graph lead from one to the other, however distant they are
in the embedding. It is spectral clustering (Ng, Jordan & Weiss 2002) in which an eigenvector is weighted by its
eigenvalue to the power of the walk's length, so that the number of dimensions hardly matters. It has no seed. Graphs of
several methods are joined by adding them: products that are near by text or by image are near.

Chosen on labelled catalogues that no published figure rests on (benchmarks/protocol.py). UMAP's manifold of ten
dimensions, tried beside it, agreed no better with their categories in the mean and took some twenty times as long (not
repeatable).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ingestion.grouping.neighbours import Neighbours
from ingestion.grouping.resampling import Rows
from ingestion.vectors import Matrix, normalised

DIMENSIONS = 30
"""Eigenvectors taken, or as many as there are groups, or separate parts of the graph, if these are more: the weights of
the rest are near 0."""
WALK_LENGTH = 2
"""Length of the walk: of 1 to 4 steps the highest mean ARI on those catalogues (benchmarks/README.md)."""
MAX_DENSE = 400
"""Up to so many products all eigenvectors are computed: an iteration for a few of them is no quicker and less exact."""

MODALITY_WEIGHT = {"text": 0.65, "image": 0.35}
"""Weights of the modalities in a joint graph: a text describes a product better. As in `methods.fusion`."""

MIN_LENGTH = 1e-6
"""A product with a shorter row has no part in the eigenvectors taken: what is left of it is rounding."""

Graph = Any
"""An (n, n) scipy.sparse.csr_array, symmetric, of weights 0 or more."""


def graph(neighbours: Neighbours) -> Graph:
    """The (n, n) graph of a method: 1 between mutual neighbours, 1/2 where only one is a neighbour of the other.

    Unweighted, as is usual for spectral clustering of cosines that hardly differ (von Luxburg 2007, section 2.2). A
    product of a small catalogue has at most the square root of n neighbours (Loftsgaarden & Quesenberry 1965), or they
    would reach beyond its group.
    """
    from scipy.sparse import csr_array

    n, k = neighbours.rows.shape
    k = min(k, max(2, round(np.sqrt(n))))
    near = neighbours.similarity[:, :k] > 0  # a vector of zeros is near nothing
    product, nth = np.nonzero(near)
    directed = csr_array((np.ones(len(product)), (product, neighbours.rows[product, nth])), shape=(n, n))
    return ((directed + directed.T) / 2).tocsr()


def joined(parts: Sequence[tuple[float, list[str], Graph]], product_ids: list[str]) -> Graph:
    """The weighted sum of graphs over `product_ids`: each part is (weight, its own product ids, its graph).

    A product that a method could not read has no edges of that method; those of the others place it.
    """
    from scipy.sparse import coo_array

    row_of = {product_id: row for row, product_id in enumerate(product_ids)}
    n = len(product_ids)
    total = coo_array((n, n)).tocsr()
    for weight, ids, own in parts:
        rows, edges = np.array([row_of[i] for i in ids], dtype=np.int64), own.tocoo()
        row, column = (rows[end] for end in edges.coords)
        total = total + coo_array((weight * edges.data, (row, column)), shape=(n, n)).tocsr()
    return total


def weights(modality_of: Mapping[str, str]) -> dict[str, float]:
    """The weight of each method's graph in the joint one: its modality's weight, split evenly over its methods."""
    modalities = list(modality_of.values())
    return {method: MODALITY_WEIGHT[its] / modalities.count(its) for method, its in modality_of.items()}


def part(whole: Graph, rows: Rows) -> Graph:
    """The graph among some of its products: what a resample groups, without a new search for neighbours."""
    return whole[rows][:, rows]


def manifold(whole: Graph, groups: int, walk_length: int = WALK_LENGTH) -> Matrix:
    """The diffusion map of a graph of n products: (n, d) rows of unit length, d as for DIMENSIONS.

    Equal graphs give equal maps, to the last digit on one machine. A product without neighbours lies at the origin.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import eigsh

    n = whole.shape[0]
    degree = np.asarray(whole.sum(axis=1)).ravel()
    scale = diags_array(1 / np.sqrt(np.where(degree > 0, degree, 1)))
    walk = scale @ whole @ scale
    # each separate part of the graph has an eigenvalue of 1: with fewer dimensions some parts would lie nowhere
    _, part_of = connected_components(whole, directed=False)
    wanted = max(DIMENSIONS, groups, int((np.bincount(part_of) > 1).sum()))
    if n <= max(MAX_DENSE, 3 * wanted):
        values, vectors = np.linalg.eigh(walk.toarray())
    else:
        start = np.random.default_rng(0)  # it starts anew from it where the graph falls into parts
        values, vectors = eigsh(walk, k=wanted, which="LA", v0=start.normal(size=n), rng=start)
    order = np.argsort(-values, kind="stable")[:wanted]
    points = vectors[:, order] * np.clip(values[order], 0, 1) ** walk_length
    points[np.linalg.norm(points, axis=1) < MIN_LENGTH] = 0
    return normalised(points.astype(np.float32))
