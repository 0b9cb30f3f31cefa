"""How many labels are enough: the linear probe's learning curve, over seeded draws of labelled products.

This is the case of a catalogue whose vectors are all known and of which a few products per category get a label: the
space is fitted to all products, the classifier to the labelled ones, and the other products are predicted. One product
of a duplicate group is labelled and the rest of that group is not scored, so that no product is recognised by a
near-duplicate.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes, Table
from ingestion.judging.classifiers import MAX_CATEGORIES, MAX_TRAINING, Points, logistic, reducer, sample
from ingestion.judging.intervals import DuplicateGroups
from ingestion.vectors import Matrix

SIZES = (5, 10, 20, 50)
"""Labelled products per category: for ten categories, from an hour's work to a day's."""
DRAWS = 10
"""Draws of labelled products, of which the median and the range are published."""
MIN_UNLABELLED = 5
"""Products of a category that stay without a label at the least, for scoring; half of it if it has fewer than ten. Such
a category has fewer labels than others."""
MIN_CATEGORY_FRACTION = 0.5
"""A size is drawn if this fraction of the categories has that many labels, and if it takes MAX_TRAINING at most."""
MAX_TESTED = 10_000
"""At most this many random other products are predicted in a draw: the accuracy is then known to one point."""


def curve(vectors: Matrix, codes: Codes, duplicate_groups: DuplicateGroups) -> Iterator[dict[str, Any]]:
    """Rows of `learning_curves` from (n, d) unit vectors, (n,) category codes 0, 1, ... and (n,) duplicate groups."""
    points = reducer(vectors[sample(codes, np.arange(len(codes)))])(vectors)
    categories = int(codes.max()) + 1
    if categories > MAX_CATEGORIES:
        return  # the probe learns no more, and a curve of some of them would say nothing of the others
    sizes = np.bincount(codes[np.unique(duplicate_groups, return_index=True)[1]], minlength=categories)
    for size in SIZES:
        if (
            labels_per_category(sizes, size) == size
        ).mean() < MIN_CATEGORY_FRACTION or size * categories > MAX_TRAINING:
            continue
        tables = [draw(points, codes, duplicate_groups, size, seed) for seed in range(DRAWS)]
        for metric, measure in MEASURES.items():
            values = [measure(table) for table in tables]
            low, high = np.percentile(values, (2.5, 97.5)).tolist()
            yield {
                "labels": size,
                "metric": metric,
                "value": float(np.median(values)),
                "low": low,
                "high": high,
                "draws": DRAWS,
                "products": int(np.median([table.sum() for table in tables])),
            }


def draw(points: Points, codes: Codes, duplicate_groups: DuplicateGroups, size: int, seed: int) -> Table:
    """The (categories, categories) table of true and predicted categories for one draw of `size` labels per category.

    The draw of ten labels contains that of five with the same seed.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(codes))
    first = order[
        np.sort(np.unique(duplicate_groups[order], return_index=True)[1])
    ]  # one of each group, in random order
    by_category = first[np.argsort(codes[first], kind="stable")]
    sizes = np.bincount(codes[first], minlength=int(codes.max()) + 1)
    place = np.arange(len(first)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    labelled = by_category[place < np.repeat(labels_per_category(sizes, size), sizes)]
    rest = np.flatnonzero(~np.isin(duplicate_groups, duplicate_groups[labelled]))
    if len(rest) > MAX_TESTED:
        rest = np.sort(rng.choice(rest, MAX_TESTED, replace=False))
    probe = logistic(points[labelled], codes[labelled])
    return confusion_table(codes[rest], probe.classes[probe.probabilities(points[rest]).argmax(1)], len(sizes))


def labels_per_category(sizes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """(categories,) labels, at most `size`, for categories of that many duplicate groups."""
    return np.minimum(size, np.maximum(sizes - MIN_UNLABELLED, sizes // 2))


def confusion_table(codes: Codes, predicted: Codes, categories: int) -> Table:
    """The (categories, categories) table that counts the products of each true and predicted category."""
    cells = codes.astype(np.int64) * categories + predicted
    return np.bincount(cells, minlength=categories**2).reshape(categories, categories).astype(np.int64)


def accuracy(table: Table) -> float:
    """Fraction, 0 to 1, of products whose predicted category is the true one."""
    return float(np.trace(table) / table.sum())


def macro_f1(table: Table) -> float:
    """Mean over the categories of the harmonic mean of precision and recall, 0 to 1."""
    rows, columns = table.sum(1), table.sum(0)
    present = rows > 0
    return float((2 * np.diag(table)[present] / (rows + columns)[present]).mean())


MEASURES = {"accuracy": accuracy, "macro_f1": macro_f1, "ari": agreement.ari, "ami": agreement.ami}
