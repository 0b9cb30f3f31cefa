"""What to do with each category: automate it now, label it, merge it with another, or split it.

Judged on the declared method of the widest scope, under thresholds declared before the run, each held against the
lower end of a 95 % interval (Wilson 1927), so that no category is automated by luck; near-copies, which share their
luck, count as fewer draws. The order of the questions:

    too few products            unknown
    found, pure and stable      automate
    shares its group with another, and even a model trained on labels confuses the two    merge
    lies in several groups that are nearly its own                                        split
    anything else               label; the reason says whether labels would do

Reads `catalogue`, `judged_groupings` of `verdict`, `duplicates`, `scoring:<m>` of all methods, and `probes:<m>` and
`descriptions:<m>` where they are at hand.
Parameters: verdict and category_verdict, those of the configuration.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.judging.intervals import NORMAL_95
from ingestion.task import Work

WIDEST = ("text+image", "text", "image")
Counts = dict[str, Counter[int]]
"""Products per category and group."""


@dataclass(frozen=True)
class Share:
    """So many of so many, with the 95 % interval of Wilson (1927): sound for small numbers and near 0 and 1.

    The interval is that of `draws` independent products, as many as the whole is worth when copies are among them.
    """

    part: int
    whole: int
    draws: float

    @property
    def value(self) -> float:
        """The share, 0 to 1; 0 of nothing."""
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
class Grouping:
    """The grouping that is judged: products per category and group, and what is known of categories and groups.

    A product of a category is worth `worth[category]` draws, 1 where no near-copies are among them.
    """

    method: str
    algorithm: str
    space: str
    counts: Counts
    group_of: dict[str, int]
    stability: dict[str, float]
    names: dict[int, str]
    worth: dict[str, float]

    def within(self, category: str, part: int, whole: int | None = None) -> Share:
        """So many of the category's grouped products, or of `whole` of them."""
        whole = self.counts.get(category, Counter()).total() if whole is None else whole
        return Share(part, whole, whole * self.worth[category])

    def pure(self, category: str, products: Mapping[str, int]) -> Share:
        """The category's share of these numbers of products of each category.

        One family of another category may alone decide how pure a group is. So its draws are those that the
        variance of the share is worth (linearised, by families: Liang & Zeger 1986), if that is fewer than the families
        are worth by their sizes: where nearly all is of the category the variance sees the few others alone.
        """
        part, whole = products.get(category, 0), sum(products.values())
        if not whole:
            return Share(0, 0, 0.0)
        squares = {c: number / self.worth[c] for c, number in products.items()}  # of the sizes of their families
        own, others = squares.get(category, 0.0), sum(size for c, size in squares.items() if c != category)
        draws, share = whole**2 / (own + others), part / whole
        if 0 < share < 1:
            spread = (1 - share) ** 2 * own + share**2 * others
            draws = min(draws, share * (1 - share) * whole**2 / spread)
        return Share(part, whole, draws)

    def members(self, group: int | None) -> dict[str, int]:
        """How many products of each category are in the group; none if there is no group."""
        return {c: row[group] for c, row in self.counts.items()} if group is not None else {}

    def main(self, category: str) -> int:
        """The group that holds most of the category."""
        row = self.counts[category]
        return min(row, key=lambda group: (-row[group], group))

    def called(self, group: int) -> str:
        """The group as people know it: its proposed name, or its number."""
        return f"'{self.names[group]}'" if self.names.get(group) else f"group {group}"


def percent(share: float) -> str:
    """A share as people read it: '87 %'."""
    return f"{100 * share:.0f} %"


Guesses = dict[str, Counter[str]]
"""Products per category and category that the probe took them for."""


def step(work: Work, *, verdict: Mapping[str, Any], category_verdict: Mapping[str, Any]) -> None:
    """Write the rows of `verdicts` with the scope 'category:<name>'."""
    rule, marks = verdict, category_verdict
    order = [method for scope in (*WIDEST, *rule["rests_on"]) for method in rule["rests_on"].get(scope, ())]
    products = work.read("catalogue", "products", ["product_id", "category"])
    ids, categories = products["product_id"].to_pylist(), products["category"].to_pylist()
    worth = worths(categories, load_duplicate_groups(work, ids).tolist())
    judged_by = {
        row["method"]: (row["algorithm"], row["space"]) for row in work.read("verdict", "judged_groupings").to_pylist()
    }
    groupings = (judged(work, method, judged_by[method], worth) for method in order if method in judged_by)
    grouping = next((found for found in groupings if found), None)
    if grouping is None:
        reason = "There is nothing to judge it by: no declared method was scored against two or more categories."
        rows = [{"scope": f"category:{c}", "verdict": "unknown", "reason": reason} for c in sorted(worth)]
        work.write("verdicts", [{**row, "stable_from": marks["stable_from"]} for row in rows])
        return
    guessed = next((g for method in (grouping.method, *order) if (g := guesses(work, method))), {})
    rows = [judge(category, grouping, guessed, marks) for category in sorted(worth)]
    work.write("verdicts", [{**row, "stable_from": marks["stable_from"]} for row in rows])


def worths(categories: Sequence[str | None], kin: Sequence[int]) -> dict[str, float]:
    """How many draws a product of each category is worth, up to 1, from the (n,) categories and families.

    Copies stand or fall together: a category of families is worth n^2 / sum of their squared sizes (Kish 1965,
    the effective sample size of clusters whose members are all alike).
    """
    sizes: dict[str, Counter[int]] = defaultdict(Counter)
    for category, family in zip(categories, kin, strict=True):
        if category is not None:
            sizes[category][family] += 1
    return {category: row.total() / sum(m**2 for m in row.values()) for category, row in sizes.items()}


def judged(work: Work, method: str, judged_by: tuple[str, str], worth: dict[str, float]) -> Grouping | None:
    """The method's grouping of that algorithm and space, by which it is judged; None if it was not scored."""
    rows = [
        row
        for row in work.read(f"scoring:{method}", "category_scores").to_pylist()
        if (row["algorithm"], row["space"]) == judged_by
    ]
    if not rows:
        return None
    counts: Counts = defaultdict(Counter)
    group_of: dict[str, int] = {}
    for cell in work.read(f"scoring:{method}", "confusions").to_pylist():
        if (cell["algorithm"], cell["space"]) == judged_by:
            counts[cell["category"]][cell["cluster"]] += cell["products"]
            if cell["matched_category"] == cell["category"]:
                group_of[cell["category"]] = cell["cluster"]
    stability = {row["category"]: row["stability"] for row in rows if row["stability"] is not None}
    described = f"descriptions:{method}" in work.task.parts
    names = work.read(f"descriptions:{method}", "cluster_descriptions").to_pylist() if described else []
    name_of = {row["cluster"]: row["name"] for row in names if (row["algorithm"], row["space"]) == judged_by}
    return Grouping(method, *judged_by, dict(counts), group_of, stability, name_of, worth)


def guesses(work: Work, method: str) -> Guesses:
    """What `probes:<method>` took each category's products for: the linear probe's, or the other's; may be empty."""
    if f"probes:{method}" not in work.task.parts:
        return {}
    rows = work.read(f"probes:{method}", "predictions", ["product_id", "probe", "predicted_category"]).to_pylist()
    if not rows:
        return {}
    probe = min({row["probe"] for row in rows}, key=lambda name: (name != "linear", name))
    products = work.read("catalogue", "products", ["product_id", "category"]).to_pylist()
    category_of = {row["product_id"]: row["category"] for row in products}
    found: Guesses = defaultdict(Counter)
    for row in rows:
        if row["probe"] == probe and category_of[row["product_id"]] is not None:
            found[category_of[row["product_id"]]][row["predicted_category"]] += 1
    return dict(found)


def judge(category: str, grouping: Grouping, guessed: Guesses, marks: Mapping[str, Any]) -> dict[str, Any]:
    """The row of `verdicts` for a category."""
    row = grouping.counts.get(category, Counter())
    size, group = row.total(), grouping.group_of.get(category)
    recall = grouping.within(category, row[group] if group is not None else 0)
    precision = grouping.pure(category, grouping.members(group))
    metric, weaker = min((("recall", recall), ("precision", precision)), key=lambda pair: pair[1].low)
    verdict, reason = _decide(category, grouping, guessed, marks, recall, precision)
    figures = {"metric": metric, "value": weaker.value, "low": weaker.low, "high": weaker.high} if size else {}
    return {
        "scope": f"category:{category}",
        "method": grouping.method,
        "verdict": verdict,
        "reason": reason,
        "algorithm": grouping.algorithm,
        "space": grouping.space,
        **figures,
        "feasible_from": marks["automate_from"],
    }


def _decide(
    category: str, grouping: Grouping, guessed: Guesses, marks: Mapping[str, Any], recall: Share, precision: Share
) -> tuple[str, str]:
    worth = f"{recall.draws:.0f} for the copies among them" if round(recall.draws) < recall.whole else ""
    if recall.draws < marks["least_products"]:
        have = f"{recall.whole} product{'' if recall.whole == 1 else 's'} of it could be grouped with {grouping.method}"
        takes = f"a verdict takes {marks['least_products']}"
        return "unknown", f"{have}{worth and f', worth {worth}'}; {takes}. Label them by hand."
    stability = grouping.stability.get(category)
    enough = min(recall.low, precision.low) >= marks["automate_from"]
    group = grouping.group_of.get(category)
    interval = f"{100 * recall.low:.0f} to {percent(recall.high)}{worth and f', as of {worth}'}"
    found = (
        f"{percent(recall.value)} of its {recall.whole} products (95 % Wilson interval {interval}) are in "
        f"{grouping.called(group)}, and {precision} of that group are of it"
        if group is not None
        else f"no group is its own, and {_most(category, grouping)}"
    )
    held = (
        f"that group comes back over resamples with a Jaccard of {stability:.2f} (stable from "
        f"{marks['stable_from']:.2f})"
        if stability is not None
        else "whether that group comes back over resamples was not measured"
    )
    if enough and (stability is None or stability >= marks["stable_from"]):
        takes = f"Automating takes {percent(marks['automate_from'])} at the lower end of both"
        return "automate", f"It can be automated now: {found}. {takes}; {held}."
    for other, taken in _merges(category, grouping, guessed, marks):
        return "merge", (
            f"Merge it with {other}, or draw a clearer line: the largest part of both lies in "
            f"{grouping.called(grouping.main(category))}. Even a model trained on labels takes {taken} of it for "
            f"{other}; merging is proposed where that interval starts at {percent(marks['merge_from'])} or above."
        )
    parts = list(_parts(category, grouping, marks))
    if len(parts) > 1:
        listed = "; ".join(f"{grouping.called(g)} with {share} of it, {pure} pure" for g, share, pure in parts)
        return "split", (
            f"It falls apart into {len(parts)} groups that are nearly its own: {listed}. "
            f"Split it so, or keep it as one category that is put together from these groups."
        )
    why = f"{found}, but {held}" if enough else f"{found}{_astray(category, grouping, recall, precision)}"
    return "label", f"It needs labels: {why}. {_with_labels(category, grouping, guessed, marks)}"


def _merges(
    category: str, grouping: Grouping, guessed: Guesses, marks: Mapping[str, Any]
) -> Iterator[tuple[str, Share]]:
    """The categories that share its group and that the probe takes it for, the worst first."""
    row = guessed.get(category, Counter())
    for other, taken in sorted(row.items(), key=lambda item: (-item[1], item[0])):
        share = grouping.within(category, taken, row.total())
        if other == category or other not in grouping.counts or share.low < marks["merge_from"]:
            continue
        if grouping.main(other) == grouping.main(category):
            yield other, share


def _parts(category: str, grouping: Grouping, marks: Mapping[str, Any]) -> Iterator[tuple[int, Share, Share]]:
    """The groups that are parts of a category, the largest first, with their share of it and their purity."""
    row = grouping.counts[category]
    for group, count in sorted(row.items(), key=lambda item: (-item[1], item[0])):
        share, pure = grouping.within(category, count), grouping.pure(category, grouping.members(group))
        if share.low >= marks["part_share"] and pure.low >= marks["part_purity"]:
            yield group, share, pure


def _most(category: str, grouping: Grouping) -> str:
    row, group = grouping.counts[category], grouping.main(category)
    return f"{grouping.within(category, row[group])} of it are in {_whose(group, grouping)}"


def _astray(category: str, grouping: Grouping, recall: Share, precision: Share) -> str:
    """Where the worse of the two comes from: where its products went, or whose products its group holds."""
    group = grouping.group_of.get(category)
    if group is None:
        return ""
    if recall.low <= precision.low:
        row = Counter({g: count for g, count in grouping.counts[category].items() if g != group and count})
        if not row:
            return ""
        most = min(row, key=lambda g: (-row[g], g))
        return f"; {percent(row[most] / recall.whole)} are in {_whose(most, grouping)}"
    others = Counter({c: row[group] for c, row in grouping.counts.items() if c != category and row[group]})
    worst = min(others, key=lambda c: (-others[c], c))
    return f"; {percent(others[worst] / precision.whole)} of that group are {worst}"


def _whose(group: int, grouping: Grouping) -> str:
    owner = next((category for category, its in grouping.group_of.items() if its == group), None)
    return f"{grouping.called(group)}, the group of {owner}" if owner else grouping.called(group)


def _with_labels(category: str, grouping: Grouping, guessed: Guesses, marks: Mapping[str, Any]) -> str:
    row = guessed.get(category)
    if not row:
        return "Whether labels would do is not known: no probe was trained on its vectors."
    finds = grouping.within(category, row[category], row.total())
    right = grouping.pure(category, {other: taken[category] for other, taken in guessed.items()})
    told = f"A model trained on labels finds {finds} of it and is right in {right}"
    if min(finds.low, right.low) >= marks["automate_from"]:
        return f"{told}: labels would do."
    if min(finds.high, right.high) >= marks["automate_from"]:
        return f"{told}: labels would nearly do."
    others = Counter({other: count for other, count in row.items() if other != category})
    most = min(others, key=lambda other: (-others[other], other)) if others else None
    taken = f", taking it most for {most}" if most else ""
    return f"{told}{taken}: labels alone will not do."
