"""How sure a score is: the jackknife over products, the null of shuffled categories, and the 95 % interval.

The interval is the normal one around the median over the seeds. Its variance is

* the jackknife's over products, the groups staying as they are (Severiano et al. 2011: better than the bootstrap for
  pair counting). A family of near-copies counts as one draw: the cluster-robust variance of Liang & Zeger (1986);
* plus that of the seeds: which of several nearly equal groupings is found changes from one draw of products to the
  next much as it does from seed to seed.

What these cannot see is of a higher order and not normal, but all there is at chance and at equality. Its half width is
added: at chance `CHEBYSHEV` standard deviations of the null, which hold 95 % of any shape, and less as less is left to
chance; at equality what the rule of three allows of mistakes that were not met.
Where the interval holds the truth 95 times in 100, and where it does not: benchmarks/README.md.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement
from ingestion.grouping.agreement import Measure, Table, Values

Codes = NDArray[np.int32]

NORMAL_95 = 1.959964
"""Half width of a normal 95 % interval in standard errors."""
CHEBYSHEV = 20**0.5
"""Standard deviations that hold 95 % of any distribution."""
DRAWS = 200
"""Shuffles of the categories for the null: its 95th percentile is then known to 1.5 points."""
SEED = 0
LARGE = 10_000
"""Times the products at hand: as good as a population."""
BLOCK = 1_000_000
"""Cells of the shuffled tables held at a time."""
RULE_OF_THREE = 3.0
"""Of n right ones without a mistake the share of mistakes is below 3/n with 95 % (Hanley & Lippman-Hand 1983)."""


def deviations(measure: Measure, table: Table, categories: Codes, groups: Codes) -> Values:
    """(n,) leave-one-out values less their mean, of the products with these codes, which `table` counts."""
    by_cell = np.zeros(table.shape)
    by_cell[table > 0] = agreement.leave_one_out(measure, table)
    values = by_cell[categories, groups]
    return np.asarray(values - values.mean())


def influences(deviation: Values, families: NDArray[np.int64] | None = None) -> Values:
    """(draws,) parts of the standard error, whose squares sum to its square, from (n,) `deviations`.

    A draw is a product or, with (n,) codes of families, a family. NaN where there are fewer than three draws.
    """
    n = len(deviation)
    added = deviation if families is None else np.bincount(families, weights=deviation)
    draws = len(added)
    return added * ((n - 1) / n * np.sqrt(draws / (draws - 1))) if draws > 2 else np.full(draws, np.nan)


def null(table: Table) -> dict[str, Values]:
    """(DRAWS,) values of each measure where the categories are shuffled: random tables of the same margins."""
    from scipy.stats import random_table

    margins = np.sort(table.sum(1)), np.sort(table.sum(0))  # sorted: what a group is called must not matter
    source, random = random_table(*margins), np.random.default_rng(SEED)
    chance = agreement.sums(table, chance=True).chance  # the margins make it, so it is the same for every shuffle
    values: dict[str, list[Values]] = {name: [] for name in agreement.MEASURES}
    at_a_time = max(1, BLOCK // table.size)
    for start in range(0, DRAWS, at_a_time):
        drawn = source.rvs(min(at_a_time, DRAWS - start), random_state=random).astype(np.int64)
        sums = replace(agreement.sums(drawn), chance=chance)
        for name, measure in agreement.MEASURES.items():
            of_sums = agreement.OF_SUMS.get(measure)
            values[name].append(of_sums(sums) if of_sums else np.array([measure(t) for t in drawn]))
    return {name: np.concatenate(found) for name, found in values.items()}


def remainder(name: str, value: float, chance: Values, sizes: NDArray[np.int64]) -> float:
    """Half width of what the jackknife cannot see of a value, from the null's values and the categories' sizes."""
    missed = 1 - _mistaken(name, sizes, min(1.0, RULE_OF_THREE / int(sizes.sum())))
    if name == "matched_accuracy":  # a share is of first order at chance too: the jackknife sees it
        return value * missed
    return max(CHEBYSHEV * float(np.std(chance)) * (1 - value), value * missed)


def interval(values: Sequence[float], error: float, beyond: float, least: float = -1.0) -> tuple[float, float] | None:
    """The 95 % interval around the median of the seeds' values; None without a standard error.

    `error` is the jackknife's standard error, `beyond` the `remainder`; ends are cut at `least` and 1.
    """
    if not np.isfinite(error):
        return None
    value = float(np.median(values))
    half = float(np.hypot(NORMAL_95 * np.hypot(error, seed_error(values)), beyond))
    return max(least, value - half), min(1.0, value + half)


def seed_error(values: Sequence[float]) -> float:
    """Standard deviation of the seeds' values; 0 for one seed, of which nothing is known."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _mistaken(name: str, sizes: NDArray[np.int64], share: float) -> float:
    """A measure's value in the large where that share of each category stands in the others' groups, evenly."""
    k = len(sizes)
    rates = np.full((k, k), share / (k - 1)) + np.eye(k) * (1 - share - share / (k - 1))
    # in the large the adjusted mutual information is the V-measure: nothing is left to adjust for
    measure = agreement.v_measure if name == "ami" else agreement.MEASURES[name]
    return measure(np.rint(sizes[:, None] * rates * LARGE).astype(np.int64))
