"""How many labels would do: the linear probe's learning curve, over seeded draws of labelled products.

This is the case of a catalogue whose vectors are all at hand and of which a few products a category get a label: the
space is learnt from all products, the classes from the labelled ones, and the rest is predicted. One product of a
family is labelled and none of its near-copies is counted, so that no product is recognised by its twin.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement
from ingestion.grouping.agreement import Table
from ingestion.judging.classifiers import FIT, Codes, Points, logistic, reducer, sample
from ingestion.vectors import Matrix

SIZES = (5, 10, 20, 50)
"""Labelled products a category: an hour's work to a day's for ten categories."""
DRAWS = 10
"""Which products get a label is luck: the median and the range over as many draws as there are seeds in a study."""
SPARED = 5
"""Products of a category that stay without a label at the least, or half of it if it has fewer than ten: a curve needs
something to be measured on. Such a category gives fewer labels than asked."""
SHARE = 0.5
"""A size is drawn if so many of the categories can give it in full, and if it takes no more than FIT labels."""
TESTED = 10_000
"""Of the rest at most so many are predicted in a draw, taken by chance: the share right is then known to a point."""


def curve(vectors: Matrix, codes: Codes, families: NDArray[Any]) -> Iterator[dict[str, Any]]:
    """Rows of `learning_curves` from (n, d) unit vectors, (n,) category codes 0, 1, ... and (n,) families."""
    points = reducer(vectors[sample(codes, np.arange(len(codes)))])(vectors)
    categories = int(codes.max()) + 1
    held = np.bincount(codes[np.unique(families, return_index=True)[1]], minlength=categories)
    for size in SIZES:
        if (given(held, size) == size).mean() < SHARE or size * categories > FIT:
            continue
        tables = [draw(points, codes, families, size, seed) for seed in range(DRAWS)]
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


def draw(points: Points, codes: Codes, families: NDArray[Any], size: int, seed: int) -> Table:
    """The (categories, categories) table of true and predicted categories, of one draw of labelled products.

    The draw of ten labels holds that of five with the same seed.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(codes))
    first = order[np.sort(np.unique(families[order], return_index=True)[1])]  # one of each family, in chance's order
    by_category = first[np.argsort(codes[first], kind="stable")]
    held = np.bincount(codes[first], minlength=int(codes.max()) + 1)
    place = np.arange(len(first)) - np.repeat(np.cumsum(held) - held, held)
    labelled = by_category[place < np.repeat(given(held, size), held)]
    rest = np.flatnonzero(~np.isin(families, families[labelled]))
    if len(rest) > TESTED:
        rest = np.sort(rng.choice(rest, TESTED, replace=False))
    probe = logistic(points[labelled], codes[labelled])
    return square(codes[rest], probe.classes[probe.shares(points[rest]).argmax(1)], len(held))


def given(held: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """(categories,) labels that categories of so many families give when each is asked for `size`."""
    return np.minimum(size, np.maximum(held - SPARED, held // 2))


def square(codes: Codes, predicted: Codes, categories: int) -> Table:
    """The (categories, categories) table that counts the products of each true and predicted category."""
    cells = codes.astype(np.int64) * categories + predicted
    return np.bincount(cells, minlength=categories**2).reshape(categories, categories).astype(np.int64)


def accuracy(table: Table) -> float:
    """Share of products whose predicted category is the true one."""
    return float(np.trace(table) / table.sum())


def macro_f1(table: Table) -> float:
    """Mean over the categories of the harmonic mean of precision and recall; 0 for one that is never right."""
    rows, columns = table.sum(1), table.sum(0)
    there = rows > 0
    return float((2 * np.diag(table)[there] / (rows + columns)[there]).mean())


MEASURES = {"accuracy": accuracy, "macro_f1": macro_f1, "ari": agreement.ari, "ami": agreement.ami}
