"""Coverage of the intervals by simulation: how often they contain the true value, by the functions that a study runs.

fixed   the population is a joint distribution of categories and groups; a draw is a sample of products from it
drawn   the population is a Gaussian mixture in ten dimensions; a draw is a sample of products, grouped by k-means, as
        are its resamples
paired  two groupings of one joint distribution, and the interval of their difference
noise   vectors of pure noise: the interval must contain 0 and the verdict be 'not feasible'

    python -m benchmarks.coverage --draws 500 fixed paired noise drawn
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ingestion.config import Config
from ingestion.grouping import agreement, clustering
from ingestion.grouping.agreement import Codes
from ingestion.grouping.resampling import resample
from ingestion.judging import comparisons, scoring, verdict
from ingestion.judging.reasons import LabelEffect

Fractions = NDArray[np.float64]
METRICS = ("ari", "ami")
RESAMPLES = Config().study.resamples
DIMENSIONS = 10
"""Of the mixture."""
POPULATION = 60_000
"""Products of the large draw that stands for the population."""
UNMOVED = [scoring.Regrouped(number, *[np.eye(2, dtype=np.int64)] * 2) for number in range(2)]
"""Resamples whose groups are those of all products: what a draw is where the groups are given."""
CALIBRATION = 8_000
"""Products of the draws by which the distance of the centres is chosen."""


@dataclass(frozen=True)
class Setting:
    """`n` products in `k` categories, unbalanced ones as 1 / rank^0.7; `ari` is about the population's."""

    n: int
    k: int
    balanced: bool
    ari: float

    @property
    def fractions(self) -> Fractions:
        """(k,) fractions of the products in each category."""
        sizes = np.ones(self.k) if self.balanced else 1 / np.arange(1, self.k + 1) ** 0.7
        return np.asarray(sizes / sizes.sum())

    def __str__(self) -> str:
        return f"n {self.n:>5}, k {self.k:>2}, {'balanced  ' if self.balanced else 'unbalanced'}, about {self.ari:.2f}"


@dataclass
class Coverage:
    """The intervals of all draws of a setting for one metric, and the true value that they should contain."""

    truth: float
    values: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, value: float, low: float, high: float) -> None:
        """Add a draw."""
        self.values.append(value)
        self.low.append(low)
        self.high.append(high)

    def of(self, value: float) -> float:
        """Percent of the intervals that contain a value."""
        return 100 * float(np.mean((np.array(self.low) <= value) & (value <= np.array(self.high))))

    def __str__(self) -> str:
        mean = float(np.mean(self.values))
        width = float(np.mean(np.array(self.high) - self.low)) / 2
        return (
            f"truth {self.truth:+.3f}  mean {mean:+.3f}  half width {width:.3f}  "
            f"contains truth {self.of(self.truth):5.1f} %  contains mean {self.of(mean):5.1f} %"
        )


def settings() -> Iterator[Setting]:
    """Every setting: two sizes, two numbers of categories, balanced and not, three levels of agreement."""
    for k, balanced, n, ari in product((7, 20), (True, False), (200, 1050), (0.3, 0.6, 0.9)):
        yield Setting(n, k, balanced, ari)


def joint(setting: Setting) -> Fractions:
    """(k, k) fractions of category and group: a fraction of errors, found by bisection, is spread over other groups."""
    low, high = 0.0, 1 - 1 / setting.k
    while high - low > 1e-9:
        errors = (low + high) / 2
        fractions = setting.fractions[:, None] * _confusion(setting.k, errors)
        low, high = (errors, high) if truth("ari", fractions) > setting.ari else (low, errors)
    return np.asarray(fractions)


def truth(metric: str, fractions: Fractions) -> float:
    """The metric of a population with these (categories, groups) fractions."""
    return agreement.MEASURES[metric](np.rint(fractions * 1e6).astype(np.int64))


def fixed(setting: Setting, draws: int) -> dict[str, Coverage]:
    """The intervals of `scores` for samples of a fixed joint distribution."""
    random, fractions = np.random.default_rng(1), joint(setting)
    found = {metric: Coverage(truth(metric, fractions)) for metric in METRICS}
    for _ in range(draws):
        table = random.multinomial(setting.n, fractions.ravel()).reshape(fractions.shape)
        categories, groups = (codes.astype(np.int32) for codes in np.nonzero(table))
        counts = table[table > 0]
        _score(found, np.repeat(categories, counts), np.repeat(groups, counts), UNMOVED)
    return found


def drawn(setting: Setting, draws: int) -> dict[str, Coverage]:
    """The intervals of `scores` for samples of a mixture, each of which is grouped, as are its resamples."""
    centres = _mixture(setting)
    random = np.random.default_rng(2)
    whole = _draw(replace(setting, n=POPULATION), centres, np.random.default_rng(3))
    table = agreement.contingency(whole[0], clustering.kmeans(whole[1], setting.k, 0))
    found = {metric: Coverage(agreement.MEASURES[metric](table)) for metric in METRICS}
    for _ in range(draws):
        categories, points = _draw(setting, centres, random)
        _grouped(found, categories, points, setting.k)
    return found


def paired(one: Setting, other: float, shared: float, draws: int) -> dict[str, Coverage]:
    """The intervals of `comparisons` for two groupings of one sample, of agreement `one.ari` and `other`.

    `shared` is the fraction of products for which both groupings use the same random number: for these the second is
    right where the first is, but for the products that it must get wrong to agree less.
    """
    random = np.random.default_rng(4)
    first, second = joint(one), joint(replace(one, ari=other))
    found = {m: Coverage(truth(m, first) - truth(m, second)) for m in METRICS}
    cumulative = [(f / f.sum(1, keepdims=True)).cumsum(1) for f in (first, second)]
    for _ in range(draws):
        categories = np.unique(random.choice(one.k, one.n, p=one.fractions), return_inverse=True)[1].astype(np.int32)
        uniform = random.random(one.n)
        other_uniform = np.where(random.random(one.n) < shared, uniform, random.random(one.n))
        groupings = []
        for name, chance, u in zip("ab", cumulative, (uniform, other_uniform), strict=True):
            # groups are ordered from the product's own on, so that equal numbers are right or wrong in both
            shift = categories[:, None]
            turned = np.take_along_axis(
                np.diff(chance, axis=1, prepend=0)[categories], (np.arange(one.k) + shift) % one.k, 1
            )
            groups = ((turned.cumsum(1) < u[:, None] * turned.sum(1, keepdims=True)).sum(1) + categories) % one.k
            table = agreement.contingency(categories, groups.astype(np.int32))
            values = {metric: agreement.MEASURES[metric](table) for metric in METRICS}
            rows = {m: {"value": v} for m, v in values.items()}
            unmoved = {m: {0: 0.0, 1: 0.0} for m in METRICS}
            groupings.append(comparisons.ShownGrouping((name, "manifold"), groups.astype(np.int32), rows, unmoved))
        for row in comparisons.compare(groupings[:1], groupings[1], categories):
            found[row["metric"]].add(row["difference"], row["low"], row["high"])
    return found


def noise(setting: Setting, draws: int) -> tuple[dict[str, Coverage], int]:
    """The intervals, and how often the verdict is 'not feasible', for vectors independent of the categories."""
    random, rule = np.random.default_rng(5), Config().verdict.model_dump(mode="json") | {"metric": "ari"}
    found, refused = {metric: Coverage(0.0) for metric in METRICS}, 0
    categories = np.repeat(np.arange(setting.k, dtype=np.int32), setting.n // setting.k)
    for _ in range(draws):
        points = random.standard_normal((len(categories), DIMENSIONS)).astype(np.float32)
        rows = _grouped(found, categories, points, setting.k)
        tag = {"method": "m", "grouping": "manifold"}
        sizes = [setting.n // setting.k] * setting.k
        scores = {metric: tag | row for metric, row in rows.items()}
        judged = verdict.judge("text", verdict.Judged(scores, sizes, setting.k, LabelEffect(), None), rule)
        refused += judged["verdict"] == "not feasible"
    return found, refused


def _grouped(
    found: dict[str, Coverage], categories: Codes, points: NDArray[np.float32], k: int
) -> dict[str, dict[str, float]]:
    """Group points and their resamples by k-means, and add the intervals."""
    ids = [str(row) for row in range(len(points))]
    groups = clustering.kmeans(points, k, 0, clustering.STARTS)
    resamples = {}
    for number in range(RESAMPLES):
        rows = resample(ids, number)
        resamples[number] = [ids[row] for row in rows], clustering.kmeans(points[rows], k, 0)
    return _score(found, categories, groups, list(scoring.regrouped(ids, categories, groups, resamples)))


def _score(
    found: dict[str, Coverage], categories: Codes, groups: Codes, again: Sequence[scoring.Regrouped]
) -> dict[str, dict[str, float]]:
    table = _occupied(agreement.contingency(categories, groups))
    own, others = (np.unique(part, return_inverse=True)[1].astype(np.int32) for part in (categories, groups))
    every = scoring.scores(table, (own, others, np.arange(len(categories))), again, scoring.LEAST)
    rows = {row["metric"]: row for row in every}
    for metric, coverage in found.items():
        coverage.add(*(rows[metric][end] for end in ("value", "low", "high")))
    return rows


def _occupied(table: agreement.Table) -> agreement.Table:
    return np.asarray(table[table.sum(1) > 0][:, table.sum(0) > 0])


def _confusion(k: int, errors: float) -> Fractions:
    return np.full((k, k), errors / (k - 1)) + np.eye(k) * (1 - errors - errors / (k - 1))


def _draw(setting: Setting, centres: Fractions, random: np.random.Generator) -> tuple[Codes, NDArray[np.float32]]:
    categories = random.choice(setting.k, setting.n, p=setting.fractions).astype(np.int32)
    points = centres[categories] + random.standard_normal((setting.n, centres.shape[1]))
    return categories, points.astype(np.float32)


def _mixture(setting: Setting) -> Fractions:
    """(k, dimensions) random centres, scaled so that the ARI of k-means is about the setting's."""
    centres = np.random.default_rng(6).standard_normal((setting.k, DIMENSIONS))
    low, high, middle = 0.1, 6.0, replace(setting, n=CALIBRATION)
    for _ in range(9):
        scale = (low + high) / 2
        categories, points = _draw(middle, centres * scale, np.random.default_rng(7))
        ari = agreement.ari(agreement.contingency(categories, clustering.kmeans(points, setting.k, 0)))
        low, high = (scale, high) if ari < setting.ari else (low, scale)
    return np.asarray(centres * (low + high) / 2)


def main() -> None:
    """Print a table of each named part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=("fixed", "paired", "noise", "drawn"))
    parser.add_argument("--draws", type=int, default=500)
    wanted = parser.parse_args()

    def report(label: str, found: dict[str, Coverage]) -> None:
        for metric, coverage in found.items():
            sys.stdout.write(f"{label}  {metric}  {coverage}\n")
        sys.stdout.flush()

    for part in wanted.parts:
        if part == "paired":
            for n, k, balanced, (a, b), shared in product(
                (200, 1050), (7, 20), (True, False), ((0.3, 0.3), (0.6, 0.55), (0.9, 0.9)), (0.0, 0.8)
            ):
                setting = Setting(n, k, balanced, a)
                report(f"paired  {setting} and {b:.2f}, shared {shared:.1f}", paired(setting, b, shared, wanted.draws))
        elif part == "noise":
            for n, k in product((200, 1050), (7, 20)):
                found, refused = noise(Setting(n, k, True, 0.0), 100)
                report(f"noise  n {n}, k {k}, not feasible {refused} of 100", found)
        else:
            for setting in settings():
                report(f"{part}  {setting}", {"fixed": fixed, "drawn": drawn}[part](setting, wanted.draws))


if __name__ == "__main__":
    main()
