"""The evidence for a category's verdict: its products by group and by the probe's prediction, and their proportions.

A proportion has the 95 % interval of Wilson (1927). Near-duplicates are not independent, so its number of draws is the
effective sample size of the products (Kish 1965), which is smaller where near-duplicates are among them. Precision and
recall of a group change when other products are grouped too, so theirs is the number of draws whose variance is that
of both (`regrouped`).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from ingestion.judging.intervals import NORMAL_95
from ingestion.task import Work

Counts = dict[str, Counter[int]]
"""Products per category and group."""
Predictions = dict[str, Counter[str]]
"""Products per category and category that the probe predicted for them."""


@dataclass(frozen=True)
class Proportion:
    """`part` products of `whole`, with Wilson's 95 % interval (1927), which is sound for few products and near 0 and 1.

    The interval is that of `draws` independent products, the effective sample size of the whole.
    """

    part: int
    whole: int
    draws: float

    @property
    def value(self) -> float:
        """The proportion, 0 to 1; 0 where the whole is 0."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def low(self) -> float:
        """The lower end of its interval."""
        return self._ends()[0]

    @property
    def high(self) -> float:
        """The upper end of its interval."""
        return self._ends()[1]

    def __str__(self) -> str:
        return f"{percent(self.value)} ({100 * self.low:.0f} to {percent(self.high)})"

    def _ends(self) -> tuple[float, float]:
        if not self.whole:
            return 0.0, 1.0
        z, n, p = NORMAL_95, self.draws, self.value
        centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (centre - half) / (1 + z * z / n)), min(1.0, (centre + half) / (1 + z * z / n))


@dataclass(frozen=True)
class JudgedGrouping:
    """The grouping that categories are judged by: products per category and group, and what was measured of both.

    `group_of` is the matched group of a category, `stability` that of its group, 0 to 1, `errors` the standard errors
    of its precision and recall from grouping other products, where resamples could tell; `names` are the proposed names
    of groups. A product of a category counts as `effective_size[category]` draws, 1 without near-duplicates.
    """

    method: str
    grouping: str
    counts: Counts
    group_of: dict[str, int]
    stability: dict[str, float]
    errors: dict[str, tuple[float, float]]
    names: dict[int, str]
    effective_size: dict[str, float]

    def within(self, category: str, part: int, whole: int | None = None) -> Proportion:
        """`part` of the category's grouped products, or of `whole` of them."""
        whole = self.counts.get(category, Counter()).total() if whole is None else whole
        return Proportion(part, whole, whole * self.effective_size[category])

    def purity(self, category: str, products: Mapping[str, int]) -> Proportion:
        """The category's proportion of these numbers of products of each category.

        One duplicate group of another category may alone decide how pure a group is. So the draws are the smaller of
        two effective sizes: that of the duplicate groups' sizes, and that which the variance of the proportion implies
        (linearised, with duplicate groups as clusters: Liang & Zeger 1986). The second alone is not enough: where
        nearly all products are of the category, it depends on the few others only.
        """
        part, whole = products.get(category, 0), sum(products.values())
        if not whole:
            return Proportion(0, 0, 0.0)
        # the squared sizes of the duplicate groups, summed by category
        squares = {c: number / self.effective_size[c] for c, number in products.items()}
        own, others = squares.get(category, 0.0), sum(square for c, square in squares.items() if c != category)
        draws, p = whole**2 / (own + others), part / whole
        if 0 < p < 1:
            variance = (1 - p) ** 2 * own + p**2 * others  # times whole**2
            draws = min(draws, p * (1 - p) * whole**2 / variance)
        return Proportion(part, whole, draws)

    def products_in(self, group: int | None) -> dict[str, int]:
        """How many products of each category are in the group; none if there is no group."""
        return {c: row[group] for c, row in self.counts.items()} if group is not None else {}

    def largest_group(self, category: str) -> int:
        """The group that holds most of the category, the lowest of equals; the category must have grouped products."""
        row = self.counts[category]
        return min(row, key=lambda group: (-row[group], group))

    def called(self, group: int) -> str:
        """What a group is called in a reason: its proposed name, or its number."""
        return f"'{self.names[group]}'" if self.names.get(group) else f"group {group}"


def regrouped(proportion: Proportion, error: float) -> Proportion:
    """The proportion with fewer draws: as many as have its variance and that of the regrouping together.

    `error` is a standard error, 0 or more. The variance of a draw is that of the proportion with two more successes
    and two more failures (Agresti & Coull 1998), which is not 0 where all draws are right.
    """
    if not proportion.draws or not error:
        return proportion
    p = (proportion.value * proportion.draws + 2) / (proportion.draws + 4)
    return replace(proportion, draws=1 / (1 / proportion.draws + error**2 / (p * (1 - p))))


def percent(fraction: float) -> str:
    """A fraction, 0 to 1, as a text: '87 %'."""
    return f"{100 * fraction:.0f} %"


def effective_sizes(categories: Sequence[str | None], duplicate_groups: Sequence[int]) -> dict[str, float]:
    """The effective sample size per product of each category, above 0 to 1, from (n,) categories and duplicate groups.

    Near-duplicates are grouped right or wrong together: n products in duplicate groups count as n^2 / (sum of the
    squared sizes of the groups) draws, Kish's (1965) effective sample size for clusters of equal units.
    """
    sizes: dict[str, Counter[int]] = defaultdict(Counter)
    for category, group in zip(categories, duplicate_groups, strict=True):
        if category is not None:
            sizes[category][group] += 1
    return {category: row.total() / sum(m**2 for m in row.values()) for category, row in sizes.items()}


def load_judged_grouping(
    work: Work, method: str, judged_by: str, effective_size: dict[str, float]
) -> JudgedGrouping | None:
    """The method's grouping by which it is judged; None if it was not scored."""
    rows = [
        row for row in work.read(f"scoring:{method}", "category_scores").to_pylist() if row["grouping"] == judged_by
    ]
    if not rows:
        return None
    counts: Counts = defaultdict(Counter)
    group_of: dict[str, int] = {}
    for cell in work.read(f"scoring:{method}", "confusions").to_pylist():
        if cell["grouping"] == judged_by:
            counts[cell["category"]][cell["cluster"]] += cell["products"]
            if cell["matched_category"] == cell["category"]:
                group_of[cell["category"]] = cell["cluster"]
    stability = {row["category"]: row["stability"] for row in rows if row["stability"] is not None}
    described = f"descriptions:{method}" in work.task.parts
    names = work.read(f"descriptions:{method}", "cluster_descriptions").to_pylist() if described else []
    name_of = {row["cluster"]: row["name"] for row in names if row["grouping"] == judged_by}
    errors = {
        row["category"]: (row["precision_error"], row["recall_error"])
        for row in rows
        if row["precision_error"] is not None and row["recall_error"] is not None
    }
    return JudgedGrouping(method, judged_by, dict(counts), group_of, stability, errors, name_of, effective_size)


def load_predictions(work: Work, method: str) -> Predictions:
    """What `probes:<method>` predicted for each category's products, by the linear probe if it was run."""
    if f"probes:{method}" not in work.task.parts:
        return {}
    rows = work.read(f"probes:{method}", "predictions", ["product_id", "probe", "predicted_category"]).to_pylist()
    if not rows:
        return {}
    probe = min({row["probe"] for row in rows}, key=lambda name: (name != "linear", name))
    products = work.read("catalogue", "products", ["product_id", "category"]).to_pylist()
    category_of = {row["product_id"]: row["category"] for row in products}
    found: Predictions = defaultdict(Counter)
    for row in rows:
        if row["probe"] == probe and category_of[row["product_id"]] is not None:
            found[category_of[row["product_id"]]][row["predicted_category"]] += 1
    return dict(found)
