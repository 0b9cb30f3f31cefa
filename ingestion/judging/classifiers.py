"""The two probes: a linear classifier and the nearest neighbours, declared and not tuned.

Their settings were chosen beforehand, on catalogues that no figure of this project rests on, and hold for all methods.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.vectors import Matrix

Codes = NDArray[np.int32]
Points = NDArray[np.float64]

FIT = 10_000
"""A probe learns from at most so many products, a seeded sample of each category's share; what more would add is less
than the width of the interval."""
DIMENSIONS = 200
"""Wider vectors go through a PCA of the training products: within .005 of the accuracy of all dimensions on four
catalogues (100 dimensions lost up to .026), and a bound on the cost."""
C = 10.0
"""Inverse strength of the L2 penalty, for vectors of mean square length 1. Of 1, 3, 10, 30 and 100 it gave the lowest
log loss, or one within .06 of it, and an accuracy within .03 of the best for eight methods on four catalogues."""
NEIGHBOURS = 10
"""The ten that `category_scores.neighbour_purity` looks at: few enough for a category of a dozen products."""
SETTLED = 1e-4
"""L-BFGS stops at this gradient by the number of categories, as the gradient it starts from is of the order 1 / K: the
log loss is then settled to four decimals with 7 categories and with 300."""
ROUNDS = 500
"""Of L-BFGS at most; forty to a hundred and thirty were taken."""


@dataclass(frozen=True)
class Fitted:
    """A probe that has learnt: `shares` gives (n, len(classes)) probabilities of (n, d) unit vectors."""

    classes: Codes
    shares: Callable[[NDArray[Any]], NDArray[Any]]


def linear(vectors: Matrix, codes: Codes) -> Fitted:
    """Multinomial logistic regression with an L2 penalty, learnt from (n, d) unit vectors and (n,) category codes."""
    reduce = reducer(vectors)
    fitted = logistic(reduce(vectors), codes)
    return Fitted(fitted.classes, lambda held: fitted.shares(reduce(held)))


def neighbours(vectors: Matrix, codes: Codes) -> Fitted:
    """The nearest products, each counting by the inverse of its distance (Dudani 1976).

    Euclidean, which orders unit vectors as cosine does and is searched three times as fast.
    """
    from sklearn.neighbors import KNeighborsClassifier

    k = min(NEIGHBOURS, len(codes))
    model = KNeighborsClassifier(k, weights="distance", metric="euclidean", algorithm="brute").fit(vectors, codes)
    return Fitted(model.classes_, model.predict_proba)


def reducer(vectors: Matrix) -> Callable[[Matrix], Points]:
    """What brings vectors to the linear probe's space, learnt from (n, d) of them without any category.

    Centred, reduced to DIMENSIONS, and scaled to a mean square length of 1, so that `C` is as strong for all methods.
    """
    from sklearn.decomposition import PCA

    centre = vectors.mean(0, dtype=np.float64)
    turn = None
    if min(vectors.shape) > DIMENSIONS:
        turn = PCA(DIMENSIONS, svd_solver="randomized", random_state=0).fit(vectors).components_.T.astype(np.float64)

    def reduce(held: Matrix) -> Points:
        centred = held.astype(np.float64) - centre
        return centred if turn is None else np.asarray(centred @ turn)

    length = float(np.sqrt((reduce(vectors) ** 2).sum(1).mean()))
    scale = length if length > 1e-9 else 1.0  # nothing differs
    return lambda held: reduce(held) / scale


def logistic(points: Points, codes: Codes) -> Fitted:
    """Logistic regression on (n, d) points of `reducer`'s space; of one category only, that category for all."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    classes = np.unique(codes)
    if len(classes) == 1:
        return Fitted(classes, lambda held: np.ones((len(held), 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what it has after ROUNDS will do
        model = LogisticRegression(C=C, max_iter=ROUNDS, tol=SETTLED / len(classes)).fit(points, codes)
    return Fitted(classes, model.predict_proba)


def sample(codes: Codes, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most FIT of these rows of (n,) codes, in order: of each category its share, and at least one."""
    if len(rows) <= FIT:
        return rows
    chance = np.random.default_rng(0).permutation(len(rows))
    order = np.lexsort((chance, codes[rows]))
    _, start, sizes = np.unique(codes[rows][order], return_index=True, return_counts=True)
    place = np.empty(len(rows))
    place[order] = (np.arange(len(rows)) - np.repeat(start, sizes)) / np.repeat(sizes, sizes)
    return np.sort(rows[np.argsort(place, kind="stable")[:FIT]])
