"""95 % intervals of scores, for other products of the same shop that would be grouped anew.

The interval is the normal one around the score. Its variance is the sum of

* the jackknife variance over products with the groups held fixed (Severiano et al. 2011: better than the bootstrap for
  pair counting). A duplicate group counts as one draw: the cluster-robust variance of Liang & Zeger (1986);
* the variance of grouping other products: the delete-d jackknife (Shao & Wu 1989) of what a resample's score changes
  when it is grouped anew instead of keeping the groups of all products.

The first is exact for given groups and the second has few draws, so that the one does not take the other's place; the
quantile is Student's with the degrees of freedom of their sum (Welch 1947, Satterthwaite 1946). Their covariance, which
was negative where it was looked at (not repeatable), is left out: the interval is rather too wide. The
jackknife is a first-order approximation. It misses the higher-order part of the error, which is all of it at chance
and at equality. That part is not normal; `remainder` adds its half width: at chance `CHEBYSHEV` standard deviations of
the null, which hold 95 % of any distribution, and less the better the score; at equality what the rule of three allows
of mistakes that were not met.
Fewer products are grouped worse where categories overlap. The interval of a study on a sample, which stands for all
products of the catalogue, therefore reaches higher by the delete-d jackknife's estimate of that (`regrouping_bias`).
For which groupings the interval holds, on disjoint halves of catalogues and by simulation: benchmarks/README.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes, Measure, Table, Values
from ingestion.grouping.resampling import RESAMPLE_FRACTION

DuplicateGroups = NDArray[np.int64]
"""(n,) numbers of duplicate groups, 0 to groups - 1."""
NORMAL_95 = 1.959964
"""Half width of a normal 95 % interval in standard errors."""
CHEBYSHEV = 20**0.5
"""Standard deviations that hold 95 % of any distribution (Chebyshev's inequality)."""
NULL_DRAWS = 200
"""Shuffles of the categories for the null: its 95th percentile is then known to 1.5 percentage points."""
NULL_SEED = 0
POPULATION_FACTOR = 10_000
"""Times the products at hand: so many that the table has a population's value."""
BLOCK_CELLS = 1_000_000
"""Cells of the shuffled tables held at a time."""
RULE_OF_THREE = 3.0
"""With no mistake among n products, the fraction of mistakes is below 3/n with 95 % (Hanley & Lippman-Hand 1983)."""


def deviations(measure: Measure, table: Table, categories: Codes, groups: Codes) -> Values:
    """(n,) leave-one-out values of a measure less their mean, for the products with these codes.

    `table` is the contingency table of the (n,) `categories` and `groups`.
    """
    by_cell = np.zeros(table.shape)
    by_cell[table > 0] = agreement.leave_one_out(measure, table)
    values = by_cell[categories, groups]
    return np.asarray(values - values.mean())


def influences(deviation: Values, duplicate_groups: DuplicateGroups | None = None) -> Values:
    """(draws,) parts of the standard error, whose squares sum to its square, from (n,) `deviations`.

    A draw is a product or, with (n,) `duplicate_groups`, a duplicate group. NaN for fewer than three draws.
    """
    n = len(deviation)
    summed = deviation if duplicate_groups is None else np.bincount(duplicate_groups, weights=deviation)
    draws = len(summed)
    return summed * ((n - 1) / n * np.sqrt(draws / (draws - 1))) if draws > 2 else np.full(draws, np.nan)


def null(table: Table, metrics: Iterable[str] = agreement.MEASURES) -> dict[str, Values]:
    """(NULL_DRAWS,) values of these measures for shuffled categories: random tables with the margins of `table`."""
    from scipy.stats import random_table

    margins = np.sort(table.sum(1)), np.sort(table.sum(0))  # sorted, so that renumbered groups give the same draws
    source, random = random_table(*margins), np.random.default_rng(NULL_SEED)
    chance = agreement.sums(table, chance=True).chance  # depends on the margins only, so every shuffle has the same
    values: dict[str, list[Values]] = {name: [] for name in metrics}
    at_a_time = max(1, BLOCK_CELLS // table.size)
    for start in range(0, NULL_DRAWS, at_a_time):
        drawn = source.rvs(min(at_a_time, NULL_DRAWS - start), random_state=random).astype(np.int64)
        sums = replace(agreement.sums(drawn), chance=chance)
        for name, found in values.items():
            measure = agreement.MEASURES[name]
            of_sums = agreement.OF_SUMS.get(measure)
            found.append(of_sums(sums) if of_sums else np.array([measure(t) for t in drawn]))
    return {name: np.concatenate(found) for name, found in values.items()}


def remainder(name: str, value: float, null_values: Values, sizes: NDArray[np.int64]) -> float:
    """Half width that the jackknife misses, for a measure's value.

    `name` is one of `agreement.MEASURES`, `null_values` are those of `null`, `sizes` the products of each category.
    """
    missed = 1 - with_mistakes(name, sizes, min(1.0, RULE_OF_THREE / int(sizes.sum())))
    if name == "matched_accuracy":  # a fraction has a first-order part at chance too, which the jackknife measures
        return value * missed
    return max(CHEBYSHEV * float(np.std(null_values)) * (1 - value), value * missed)


def regrouping_error(changes: Sequence[float]) -> float:
    """Standard error that grouping other products adds; NaN for fewer than two resamples.

    `changes` holds, for each resample, the score of its own groups less that of the groups of all products kept.
    """
    if len(changes) < 2:
        return float("nan")
    return float(np.sqrt(RESAMPLE_FRACTION / (1 - RESAMPLE_FRACTION)) * np.std(changes, ddof=1))


def regrouping_bias(changes: Sequence[float]) -> float:
    """How far the score lies below that of grouping many more products, as far as the resamples tell: 0 or more.

    `changes` as in `regrouping_error`. It is the delete-d jackknife's estimate of bias (Quenouille 1956, Shao & Tu
    1995), for which what is lost falls as the number of products grows: half as much with twice as many.
    """
    factor = RESAMPLE_FRACTION / (1 - RESAMPLE_FRACTION)
    return max(0.0, -factor * float(np.mean(changes))) if changes else 0.0


def freedom(error: float, regrouping: float, resamples: int) -> float:
    """Degrees of freedom of a variance of two parts: `error` squared, well known, and `regrouping` squared, of few.

    `resamples` of 2 or more told the second (Welch 1947, Satterthwaite 1946). Infinite where it is 0.
    """
    return (resamples - 1) * (1 + (error / regrouping) ** 2) ** 2 if regrouping else float("inf")


def interval(
    value: float, error: float, beyond: float, least: float = -1.0, degrees: float = float("inf"), bias: float = 0.0
) -> tuple[float, float] | None:
    """The 95 % interval around a score; None if `error`, its standard error, is not finite.

    `beyond` is the `remainder`; the ends are cut at `least` and 1; `degrees` are those of freedom of the error. The
    upper end lies higher by `bias`, 0 or more.
    """
    if not np.isfinite(error):
        return None
    half = float(np.hypot(quantile(degrees) * error, beyond))
    return max(least, value - half), min(1.0, value + bias + half)


def quantile(degrees: float) -> float:
    """The 97.5 % quantile of Student's distribution; the normal one for infinite degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975)) if np.isfinite(degrees) else NORMAL_95


def with_mistakes(name: str, sizes: NDArray[np.int64], fraction: float) -> float:
    """A measure's value where that fraction, 0 to 1, of each category lies in the other groups, evenly.

    `sizes` are the (k,) products of each category, of which there are two or more; the population is large. More than
    1 - 1/k counts as that, where the groups are independent of the categories: beyond it they would agree again.
    """
    k = len(sizes)
    fraction = min(fraction, 1 - 1 / k)
    rates = np.full((k, k), fraction / (k - 1)) + np.eye(k) * (1 - fraction - fraction / (k - 1))
    # in a large population the adjusted mutual information equals the V-measure: the chance term vanishes
    measure = agreement.v_measure if name == "ami" else agreement.MEASURES[name]
    return measure(np.rint(sizes[:, None] * rates * POPULATION_FACTOR).astype(np.int64))
