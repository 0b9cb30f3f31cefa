"""The two probes, a linear classifier and nearest neighbours, with fixed settings.

The settings are the same for all methods and were chosen before the reported studies, on other catalogues (not
repeatable).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping.agreement import Codes
from ingestion.vectors import Matrix

Points = NDArray[np.float64]

MAX_TRAINING = 10_000
"""A probe is trained on at most this many products, a stratified seeded sample. More products would change the accuracy
by less than the width of its interval (not repeatable)."""
DIMENSIONS = 200
"""Wider vectors are reduced by a PCA of the training products, which bounds the cost. The accuracy was within .005 of
that with all dimensions on four catalogues; 100 dimensions lost up to .026 (not repeatable)."""
MAX_CATEGORIES = 500
"""Categories that the linear probe learns at most: its time is that of their number times the products. 2,000 of them
took some 20 CPU seconds for 4,000 products, five times over (not repeatable)."""
C = 10.0
"""Inverse strength of the L2 penalty, for vectors of mean square length 1. Of 1, 3, 10, 30 and 100 it gave a log loss
within .06 of the lowest and an accuracy within .03 of the best, for eight methods on four catalogues (not
repeatable)."""
NEIGHBOURS = 10
"""As many as `category_scores.neighbour_purity` uses: few enough for a category of a dozen products."""
TOLERANCE = 1e-4
"""L-BFGS stops at this gradient divided by the number of categories K, since the first gradient is of the order 1 / K.
The log loss has then converged to four decimals with 7 and with 300 categories (not repeatable)."""
MAX_ITERATIONS = 500
"""Of L-BFGS; 40 to 130 were needed (not repeatable)."""


@dataclass(frozen=True)
class Fitted:
    """A trained probe: `probabilities` gives (n, len(classes)) of (n, d) unit vectors, in the order of `classes`."""

    classes: Codes
    probabilities: Callable[[NDArray[Any]], NDArray[Any]]


def linear(vectors: Matrix, codes: Codes) -> Fitted:
    """Multinomial logistic regression with an L2 penalty, fitted to (n, d) unit vectors and (n,) category codes.

    Of more than MAX_CATEGORIES categories it learns the largest.
    """
    found, sizes = np.unique(codes, return_counts=True)
    learnt = np.isin(codes, found[np.argsort(-sizes, kind="stable")[:MAX_CATEGORIES]])
    reduce = reducer(vectors)
    fitted = logistic(reduce(vectors[learnt]), codes[learnt])
    return Fitted(fitted.classes, lambda held: fitted.probabilities(reduce(held)))


def neighbours(vectors: Matrix, codes: Codes) -> Fitted:
    """The nearest products of (n, d) unit vectors, weighted by inverse distance (Dudani 1976); (n,) category codes.

    The distance is Euclidean, which orders unit vectors as cosine does and is three times as fast (not repeatable).
    """
    from sklearn.neighbors import KNeighborsClassifier

    k = min(NEIGHBOURS, len(codes))
    model = KNeighborsClassifier(k, weights="distance", metric="euclidean", algorithm="brute").fit(vectors, codes)
    return Fitted(model.classes_, model.predict_proba)


def reducer(vectors: Matrix) -> Callable[[Matrix], Points]:
    """The map of vectors to the linear probe's space, fitted to (n, d) vectors without any category.

    It centres, reduces to DIMENSIONS and scales to a mean square length of 1, so that `C` is as strong for all methods.
    """
    from sklearn.decomposition import PCA

    centre = vectors.mean(0, dtype=np.float64)
    components = None
    if min(vectors.shape) > DIMENSIONS:
        components = (
            PCA(DIMENSIONS, svd_solver="randomized", random_state=0).fit(vectors).components_.T.astype(np.float64)
        )

    def reduce(held: Matrix) -> Points:
        centred = held.astype(np.float64) - centre
        return centred if components is None else np.asarray(centred @ components)

    length = float(np.sqrt((reduce(vectors) ** 2).sum(1).mean()))
    scale = length if length > 1e-9 else 1.0  # all vectors are equal
    return lambda held: reduce(held) / scale


def logistic(points: Points, codes: Codes) -> Fitted:
    """Logistic regression on (n, d) points of `reducer`'s space; with one category, it is predicted for all."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    classes = np.unique(codes)
    if len(classes) == 1:
        return Fitted(classes, lambda held: np.ones((len(held), 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the model after MAX_ITERATIONS is good enough
        model = LogisticRegression(C=C, max_iter=MAX_ITERATIONS, tol=TOLERANCE / len(classes)).fit(points, codes)
    return Fitted(classes, model.predict_proba)


def sample(codes: Codes, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most MAX_TRAINING of these rows of (n,) codes, sorted: of each category its fraction, and at least one."""
    if len(rows) <= MAX_TRAINING:
        return rows
    chance = np.random.default_rng(0).permutation(len(rows))
    order = np.lexsort((chance, codes[rows]))
    _, start, sizes = np.unique(codes[rows][order], return_index=True, return_counts=True)
    place = np.empty(len(rows))
    place[order] = (np.arange(len(rows)) - np.repeat(start, sizes)) / np.repeat(sizes, sizes)
    return np.sort(rows[np.argsort(place, kind="stable")[:MAX_TRAINING]])
