"""Measures of agreement between categories and groups, all as functions of the contingency table.

`table[i, j]` counts the products of category i in group j. Working on the table makes the jackknife exact and
cheap: leaving out any product of a cell gives the same value, so one evaluation per occupied cell stands for all.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]
Measure = Callable[[Table], float]


def contingency(categories: NDArray[np.int32], groups: NDArray[np.int32]) -> Table:
    """The (categories, groups) table of counts from two (n,) arrays of codes 0, 1, 2, ..."""
    table = np.zeros((categories.max() + 1, groups.max() + 1), dtype=np.int64)
    np.add.at(table, (categories, groups), 1)
    return table


def ari(table: Table) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985): 1 is equality, 0 is chance; for balanced categories."""
    pairs = _pairs(table).sum()
    rows, columns, everything = _pairs(table.sum(1)).sum(), _pairs(table.sum(0)).sum(), _pairs(table.sum())
    if everything == 0:
        return 1.0
    chance = rows * columns / everything
    most = (rows + columns) / 2
    return 1.0 if most == chance else float((pairs - chance) / (most - chance))


def ami(table: Table) -> float:
    """Adjusted mutual information (Vinh et al. 2010), arithmetic mean: for unbalanced categories."""
    from sklearn.metrics.cluster import expected_mutual_information

    table = _occupied(table)
    information, rows, columns = _information(table)
    if min(table.shape) == 1:
        return 1.0 if max(table.shape) == 1 else 0.0
    chance = expected_mutual_information(table, int(table.sum()))
    most = (rows + columns) / 2
    gap = most - chance
    # no gap: every product is alone in both, and chance itself is equality
    return float((information - chance) / gap) if gap > 1e-12 else 1.0


def homogeneity(table: Table) -> float:
    """How far each group holds one category only, 0 to 1 (Rosenberg & Hirschberg 2007); not adjusted for chance."""
    information, rows, _ = _information(table)
    return information / rows if rows > 0 else 1.0


def completeness(table: Table) -> float:
    """How far each category is in one group only, 0 to 1 (Rosenberg & Hirschberg 2007); not adjusted for chance."""
    information, _, columns = _information(table)
    return information / columns if columns > 0 else 1.0


def v_measure(table: Table) -> float:
    """Harmonic mean of homogeneity and completeness, 0 to 1; not adjusted for chance."""
    h, c = homogeneity(table), completeness(table)
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def nmi(table: Table) -> float:
    """Normalised mutual information, geometric mean (Strehl & Ghosh 2002), 0 to 1; not adjusted for chance.

    With the arithmetic mean it would be the V-measure by definition.
    """
    information, rows, columns = _information(table)
    return information / float(np.sqrt(rows * columns)) if rows * columns > 0 else float(rows == columns)


def accuracy(table: Table) -> float:
    """Share of products in the group that is matched to their category, in the best one-to-one matching."""
    rows, columns = matching(table)
    return float(table[rows, columns].sum() / table.sum())


def matching(table: Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The one-to-one matching of categories (rows) to groups (columns) that holds most products (Kuhn 1955)."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    return np.asarray(rows), np.asarray(columns)


def jackknife_error(measure: Measure, table: Table) -> float:
    """Standard error of a measure over products, by leaving one out (Severiano et al. 2011 for pair counting)."""
    n = int(table.sum())
    if n < 3:
        return float("nan")
    cells = np.argwhere(table > 0)
    counts = table[cells[:, 0], cells[:, 1]]
    values = np.empty(len(cells))
    for at, (i, j) in enumerate(cells):
        table[i, j] -= 1
        values[at] = measure(table)
        table[i, j] += 1
    mean = float((counts * values).sum() / n)
    return float(np.sqrt((n - 1) / n * (counts * (values - mean) ** 2).sum()))


MEASURES: dict[str, Measure] = {
    "ari": ari,
    "ami": ami,
    "nmi": nmi,
    "v_measure": v_measure,
    "homogeneity": homogeneity,
    "completeness": completeness,
    "accuracy": accuracy,
}


def _pairs(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(counts * (counts - 1) / 2.0)


def _occupied(table: Table) -> Table:
    return np.asarray(table[table.sum(1) > 0][:, table.sum(0) > 0])


def _information(table: Table) -> tuple[float, float, float]:
    """Mutual information of the table and the entropies of its rows and columns, in nats."""
    shares = table / table.sum()
    rows, columns = shares.sum(1), shares.sum(0)
    held = shares > 0
    information = float((shares[held] * np.log(shares[held] / np.outer(rows, columns)[held])).sum())
    return max(information, 0.0), _entropy(rows), _entropy(columns)


def _entropy(shares: NDArray[np.float64]) -> float:
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
