"""The spaces an embedding is grouped in: each shows other structure, and none is best on every catalogue.

full      the embedding, rows of unit length: what it holds as it is
centred   less its mean, rows of unit length again: what all products share no longer hides what tells them apart
          (Mu & Viswanath 2018, "All-but-the-top")
smoothed  each product averaged with its nearest neighbours, twice: noise goes, groups draw together
          (a graph convolution without weights: Wu et al. 2019)
manifold  UMAP: neighbourhoods instead of distances; drawn anew for each seed
"""

import numpy as np
from numpy.typing import NDArray

from ingestion.vectors import Matrix, normalised

NEIGHBOURS = 15
"""A product is smoothed over so many neighbours: UMAP's and scanpy's usual reach, below the smallest category."""
STEPS = 2
"""Smoothing steps: with more, neighbouring groups run into each other."""


def centred(vectors: Matrix) -> Matrix:
    """(n, d) unit rows less their mean, brought to unit length again."""
    return normalised(vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32))


def smoothed(vectors: Matrix, near: NDArray[np.int32]) -> Matrix:
    """(n, d) unit rows, centred and averaged over their neighbours, brought to unit length again.

    `near` is (n, k) neighbours, each row's own number first (`ingestion.vectors.neighbours`). A product counts as
    much as two neighbours that name each other.
    """
    from scipy import sparse

    n = len(vectors)
    near = near[:, 1 : NEIGHBOURS + 1]
    if not near.size:
        return centred(vectors)
    rows = np.repeat(np.arange(n), near.shape[1])
    graph = sparse.csr_matrix((np.ones(near.size), (rows, near.ravel())), shape=(n, n))
    graph = (graph + graph.T) / 2 + sparse.identity(n)
    walk = sparse.diags(1 / np.asarray(graph.sum(axis=1)).ravel()) @ graph
    points = vectors - vectors.mean(axis=0, dtype=np.float64)
    for _ in range(STEPS):
        points = walk @ points
    return normalised(points)
