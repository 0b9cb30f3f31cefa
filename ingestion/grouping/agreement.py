"""Measures of agreement between categories and groups, all as functions of the contingency table.

`table[i, j]` counts the products of category i in group j. All measures but the matched accuracy are computed from a
few sums over the table (`Sums`). This makes the jackknife exact and cheap, also for 300 categories of 100,000 products:
leaving out any product of a cell gives the same value, and the sums without it follow from the whole ones (`left_out`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
"""(n,) category or group numbers 0, 1, 2, ..."""
Table = NDArray[np.int64]
"""(categories, groups) counts of products: a contingency table."""
Values = NDArray[np.float64]
Measure = Callable[[Table], float]


def contingency(categories: Codes, groups: Codes) -> Table:
    """The (categories, groups) table of counts from two (n,) arrays of codes; neither may be empty."""
    shape = int(categories.max()) + 1, int(groups.max()) + 1
    cells = categories.astype(np.int64) * shape[1] + groups
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


@dataclass(frozen=True)
class Sums:
    """What the measures are computed from, for one table or for many: products, pairs, sums of x log x, chance.

    `pairs` are pairs of products in one cell, row and column; `logs` the sums of x log x of cells, rows and columns.
    `chance` is the mutual information expected of shuffled categories, in nats; None where it was not requested.
    """

    n: Values
    pairs: tuple[Values, Values, Values]
    logs: tuple[Values, Values, Values]
    chance: Values | None = None

    @property
    def entropies(self) -> tuple[Values, Values, Values]:
        """Mutual information and the entropies of categories and groups, in nats."""
        joint, rows, columns = (np.log(self.n) - logs / self.n for logs in self.logs)
        # rounding leaves about 1e-16 where the value is 0
        information, rows, columns = (np.where(x > 1e-12, x, 0.0) for x in (rows + columns - joint, rows, columns))
        return information, rows, columns


def sums(tables: Table, chance: bool = False) -> Sums:
    """The sums of one table, or of (..., categories, groups) tables.

    With `chance`, for one table only, the expected mutual information too, which takes most of the time.
    """
    a, b = tables.sum(-1), tables.sum(-2)
    return Sums(
        a.sum(-1).astype(np.float64),
        (_pairs(tables).sum((-2, -1)), _pairs(a).sum(-1), _pairs(b).sum(-1)),
        (_log(tables).sum((-2, -1)), _log(a).sum(-1), _log(b).sum(-1)),
        np.asarray(_expected(a, b, int(a.sum())).sum()) if chance else None,
    )


def left_out(table: Table, chance: bool = False) -> Sums:
    """The sums of the table without one product: one value for each occupied cell, in row order."""
    i, j = np.nonzero(table)
    a, b, whole = table.sum(1), table.sum(0), sums(table)
    cell, row, column = table[i, j], a[i], b[j]
    pairs = (whole.pairs[0] - (cell - 1), whole.pairs[1] - (row - 1), whole.pairs[2] - (column - 1))
    lost = [_log(x) - _log(x - 1) for x in (cell, row, column)]
    logs = (whole.logs[0] - lost[0], whole.logs[1] - lost[1], whole.logs[2] - lost[2])
    return Sums(whole.n - 1, pairs, logs, _expected_without(a, b)[i, j] if chance else None)


def ari_of(s: Sums) -> Values:
    """Adjusted Rand index of each table."""
    inside, rows, columns = s.pairs
    everything = _pairs(s.n)
    chance = rows * columns / np.where(everything > 0, everything, 1)
    return _ratio(inside - chance, (rows + columns) / 2 - chance)


def ami_of(s: Sums) -> Values:
    """Adjusted mutual information of each table; needs `chance`."""
    information, rows, columns = s.entropies
    assert s.chance is not None
    # the difference is 0 when all products are single or all are one group in both; chance then equals the maximum
    return _ratio(information - s.chance, (rows + columns) / 2 - s.chance)


def _homogeneity_of(s: Sums) -> Values:
    information, rows, _ = s.entropies
    return _ratio(information, rows)


def _completeness_of(s: Sums) -> Values:
    information, _, columns = s.entropies
    return _ratio(information, columns)


def _v_of(s: Sums) -> Values:
    h, c = _homogeneity_of(s), _completeness_of(s)
    return np.where(h + c > 0, 2 * h * c / np.where(h + c > 0, h + c, 1), 0.0)


def _nmi_of(s: Sums) -> Values:
    information, rows, columns = s.entropies
    product = np.sqrt(rows * columns)
    return np.where(product > 0, information / np.where(product > 0, product, 1), (rows == columns).astype(float))


def ari(table: Table) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985): 1 is equality, 0 the mean of chance; for balanced categories."""
    return float(ari_of(sums(table)))


def ami(table: Table) -> float:
    """Adjusted mutual information (Vinh et al. 2010), arithmetic mean; 1 is equality; for unbalanced categories."""
    return float(ami_of(sums(table, chance=True)))


def homogeneity(table: Table) -> float:
    """How far each group holds one category only, 0 to 1 (Rosenberg & Hirschberg 2007); not adjusted for chance."""
    return float(_homogeneity_of(sums(table)))


def completeness(table: Table) -> float:
    """How far each category lies in one group only, 0 to 1 (Rosenberg & Hirschberg 2007); not adjusted for chance."""
    return float(_completeness_of(sums(table)))


def v_measure(table: Table) -> float:
    """Harmonic mean of homogeneity and completeness, 0 to 1; not adjusted for chance."""
    return float(_v_of(sums(table)))


def nmi(table: Table) -> float:
    """Normalised mutual information, geometric mean (Strehl & Ghosh 2002), 0 to 1; not adjusted for chance.

    With the arithmetic mean it would equal the V-measure.
    """
    return float(_nmi_of(sums(table)))


def matched_accuracy(table: Table) -> float:
    """Fraction, 0 to 1, of products in the group that is matched to their category by the best one-to-one matching."""
    rows, columns = matching(table)
    return float(table[rows, columns].sum() / table.sum())


def matching(table: Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The (m,) rows and columns of the matching of categories to groups that holds most products (Kuhn 1955)."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    return np.asarray(rows), np.asarray(columns)


MEASURES: dict[str, Measure] = {
    "ari": ari,
    "ami": ami,
    "nmi": nmi,
    "v_measure": v_measure,
    "homogeneity": homogeneity,
    "completeness": completeness,
    "matched_accuracy": matched_accuracy,
}
OF_SUMS: dict[Measure, Callable[[Sums], Values]] = {
    ari: ari_of,
    ami: ami_of,
    nmi: _nmi_of,
    v_measure: _v_of,
    homogeneity: _homogeneity_of,
    completeness: _completeness_of,
}
"""The same measures from `Sums`, for many tables at once."""


def leave_one_out(measure: Measure, table: Table) -> Values:
    """(cells,) exact values of a measure with one product left out, for each occupied cell in row order."""
    if measure in OF_SUMS:
        return OF_SUMS[measure](left_out(table, chance=measure is ami))
    i, j = np.nonzero(table)
    values, recompute = np.empty(len(i)), np.ones(len(i), dtype=bool)
    if measure is matched_accuracy:  # removing a product outside the best matching leaves that matching the best
        rows, columns = matching(table)
        values[:] = table[rows, columns].sum() / max(int(table.sum()) - 1, 1)
        recompute = np.isin(i * table.shape[1] + j, rows * table.shape[1] + columns)
    for at in np.flatnonzero(recompute):
        less = table.copy()
        less[i[at], j[at]] -= 1
        values[at] = measure(less)
    return values


def jackknife_error(measure: Measure, table: Table) -> float:
    """Jackknife standard error of a measure over products (Severiano et al. 2011); NaN for fewer than three."""
    n = int(table.sum())
    if n < 3:
        return float("nan")
    values, counts = leave_one_out(measure, table), table[table > 0]
    mean = float((counts * values).sum() / n)
    return float(np.sqrt((n - 1) / n * (counts * (values - mean) ** 2).sum()))


def _pairs(counts: NDArray[np.int64] | Values) -> Values:
    return np.asarray(counts * (counts - 1) / 2.0)


def _log(counts: NDArray[np.int64]) -> Values:
    return np.asarray(counts * np.log(np.maximum(counts, 1)))


def _ratio(part: Values, whole: Values) -> Values:
    """`part` / `whole`; 1 where `whole` is 0, as scikit-learn defines its measures there."""
    positive = np.abs(whole) > 1e-12
    return np.where(positive, part / np.where(positive, whole, 1), 1.0)


def _expected_without(a: NDArray[np.int64], b: NDArray[np.int64]) -> Values:
    """(rows, columns) expected mutual information of margins a, b without one product of row i and column j."""
    n = int(a.sum()) - 1
    both, row, column, neither = (
        _expected(p, q, n) for p in (np.maximum(a - 1, 0), a) for q in (np.maximum(b - 1, 0), b)
    )
    # the sum over all cells; those of row i or column j have one margin less by 1, cell (i, j) has both
    everything = neither.sum() - neither.sum(1, keepdims=True) - neither.sum(0, keepdims=True) + neither
    return np.asarray(everything + (row.sum(1, keepdims=True) - row) + (column.sum(0, keepdims=True) - column) + both)


def _expected(a: NDArray[np.int64], b: NDArray[np.int64], n: int) -> Values:
    """(rows, columns) parts of the mutual information, in nats, expected of margins a and b of n shuffled products.

    Vinh et al. 2010, eq. 24a: cell (i, j) is hypergeometric. Its tails beyond 9 standard deviations + 40 are left
    out; by Bernstein's inequality they are less than 1e-15 of it.
    """
    from scipy.special import gammaln

    sizes, rows = np.unique(a, return_inverse=True)
    widths, columns = np.unique(b, return_inverse=True)
    factorial = gammaln(np.arange(n + 2) + 1.0)
    found = np.zeros((len(sizes), len(widths)))
    for at, size in enumerate(sizes.tolist()):
        mean = size * widths / n if n else np.zeros(len(widths))
        reach = 9 * np.sqrt(mean) + 40
        low = np.maximum(np.maximum(1, size + widths - n), np.floor(mean - reach)).astype(np.int64)
        high = np.minimum(np.minimum(size, widths), np.ceil(mean + reach)).astype(np.int64)
        span = int((high - low).max()) + 1
        if span < 1:
            continue
        x = low[:, None] + np.arange(span)
        held = x <= high[:, None]
        x, w = np.where(held, x, 1), widths[:, None]
        ways = factorial[size] + factorial[w] + factorial[n - size] + factorial[n - w] - factorial[n]
        rest = np.maximum([size - x, w - x, n - size - w + x], 0)  # below 0 only in cells that are left out
        chance = np.exp(np.where(held, ways - factorial[x] - factorial[rest].sum(0), -np.inf))
        found[at] = (chance * x / max(n, 1) * np.log(n * x / np.maximum(size * w, 1.0))).sum(1)
    return np.asarray(found[rows][:, columns])
