"""t-SNE from neighbours to a map: openTSNE's optimiser, with the exact gradient for small catalogues.

The exact gradient sums over all pairs, which the Barnes-Hut tree avoids. Compiled as one loop it is still the quicker
of the two (at 1,200 products a map takes a sixth of the time; not repeatable) and ends at a lower divergence: near
the end the tree's error exceeds the rest of the gradient, above all where products coincide.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.vectors import Matrix, nearest

Doubles = NDArray[np.float64]
MAX_EXACT = 10_000
"""Up to so many products the gradient is exact: above them openTSNE's interpolation (FIt-SNE) is quicker."""
START_DEVIATION = 1e-4
"""Standard deviation of the start along its first axis (Kobak & Berens 2019; van der Maaten & Hinton 2008)."""
MIN_PRODUCTS = 5
"""With fewer products no perplexity is possible."""


def affinities(vectors: Matrix, perplexities: Sequence[float]) -> Iterator[tuple[float, Any]]:
    """For each perplexity that (n, d) unit vectors allow, lowest first: it, and openTSNE's affinities by cosine.

    A perplexity is lowered where n is too small for it, and yielded once. One search for neighbours serves all.
    """
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    allowed = sorted({min(perplexity, (len(vectors) - 1) / 3.01) for perplexity in perplexities})
    rows, similarity = nearest(vectors, int(3 * allowed[-1]))
    for perplexity in allowed:
        near = int(3 * perplexity)
        index = PrecomputedNeighbors(rows[:, :near], np.maximum(1 - similarity[:, :near], 0))
        yield perplexity, PerplexityBasedNN(perplexity=perplexity, knn_index=index, n_jobs=1)


def random_start(n: int, seed: int) -> Doubles:
    """A random start: (n, 2) Gaussian, of standard deviation START_DEVIATION."""
    return np.random.default_rng(seed).normal(scale=START_DEVIATION, size=(n, 2))


def layout(start: Doubles, affinity: Any, seed: int) -> Matrix:
    """The (n, 2) map that openTSNE reaches from a start of that shape. Equal arguments give equal maps.

    Learning rate n / exaggeration, 250 steps exaggerated by 12 and 500 plain (Belkina et al. 2019, Kobak & Berens
    2019; the package's defaults). `affinity` is not changed.
    """
    import openTSNE

    own = copy(affinity)
    own.P = affinity.P.copy()  # exaggerated in place and back, which is not exact: a second map would differ
    gradient_method = exact_gradient if len(start) <= MAX_EXACT else "auto"
    embedding = openTSNE.TSNEEmbedding(
        start, own, learning_rate="auto", n_jobs=1, random_state=seed, negative_gradient_method=gradient_method
    )
    embedding = embedding.optimize(250, exaggeration=12, momentum=0.5)
    return np.asarray(embedding.optimize(500, momentum=0.8), dtype=np.float32)


def exact_gradient(points: Doubles, affinity: Any, **_: Any) -> tuple[float, Doubles]:
    """The gradient of t-SNE's divergence over all pairs of (n, 2) points, without its factor 4, as openTSNE defines it.

    `affinity` is the (n, n) sparse matrix of joint probabilities. The divergence itself is not evaluated: NaN.
    """
    gradient = np.empty(points.shape)
    _compiled()(np.asarray(points), affinity.indptr, affinity.indices, affinity.data, gradient)
    return float("nan"), gradient


@cache
def _compiled() -> Callable[..., None]:
    """`_forces` as machine code, kept on disk for later processes where numba finds a writable folder."""
    from numba import njit

    compiled = njit(fastmath=True, error_model="numpy")(_forces)
    with suppress(RuntimeError):  # neither the package's folder nor the user's cache folder is writable
        compiled.enable_caching()
    return compiled


def _forces(points: Doubles, indptr: Any, indices: Any, weights: Any, gradient: Doubles) -> None:
    """Fill the (n, 2) gradient: first the repulsion of all pairs, then the attraction.

    Written for numba: the inner loop is vectorised, eight pairs at a time in single precision.
    """
    n, one = len(points), np.float32(1)
    xs, ys = points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)
    total = -float(n)  # a product does not repel itself
    for i in range(n):
        x, y = xs[i], ys[i]
        push_x = push_y = near = np.float32(0)
        for j in range(n):
            dx, dy = x - xs[j], y - ys[j]
            q = one / (one + dx * dx + dy * dy)
            near += q
            push_x += q * q * dx
            push_y += q * q * dy
        total += float(near)
        gradient[i, 0], gradient[i, 1] = push_x, push_y
    for i in range(n):
        pull_x = pull_y = 0.0
        for at in range(indptr[i], indptr[i + 1]):
            to_x, to_y = points[i, 0] - points[indices[at], 0], points[i, 1] - points[indices[at], 1]
            force = weights[at] / (1.0 + to_x * to_x + to_y * to_y)
            pull_x += force * to_x
            pull_y += force * to_y
        gradient[i, 0] = pull_x - gradient[i, 0] / total
        gradient[i, 1] = pull_y - gradient[i, 1] / total
