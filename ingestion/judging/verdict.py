"""The verdict whether products can be grouped automatically, from thresholds and methods declared before the run.

A scope's verdict rests on the first method of its declared order that was scored: to pick the best method by its score
would use the categories. It must hold by the metric and by the fraction of products right, is 'borderline' whenever an
interval contains a threshold, and 'unknown' where the categories have too few products, where the groups are too few
for them, or where shuffled categories would agree as well.

Reads `scores`, `clusters` and `confusions` of every `scoring:<m>`, `ceilings` and `learning_curves` of `probes:<m>` and
the estimated numbers of groups where they are there, and the categories of `catalogue`; takes the parameter `verdict`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ingestion.grouping.group_count import load_estimate
from ingestion.judging import intervals, reasons
from ingestion.judging.reasons import SCOPE_WORDS, Estimated, LabelEffect, ScoreRow
from ingestion.task import Work

ON_MANIFOLD = "manifold"
"""What a joint graph is judged by, which has no embedding."""
AT_ESTIMATE = "estimated_k"
Rule = Mapping[str, Any]
"""The thresholds and methods of the setting `verdict`, with 'auto' resolved."""


@dataclass(frozen=True)
class Judged:
    """What a method is judged by: the rows of `scores`, by metric, of its grouping into `k` groups, and what is added.

    `scores` must hold the rule's metric and `matched_accuracy`; `sizes` are the scored products of each category.
    """

    scores: Mapping[str, ScoreRow]
    sizes: Sequence[int]
    k: int
    effect: LabelEffect
    estimated: Estimated | None


def step(work: Work, *, verdict: Mapping[str, Any], stable_from: float) -> None:
    """Write `judged_groupings`, one row per method, and `verdicts`, one row per scope and one per method.

    Each verdict carries `stable_from`, the setting by which groups are called stable.
    """
    rule = dict(verdict)
    categories = Counter(work.read("catalogue", "products", ["category"])["category"].drop_null().to_pylist())
    if rule["metric"] == "auto":
        rule["metric"] = metric_for(categories)
    judged: dict[str, Judged] = {}
    for name in sorted(part for part in work.task.parts if part.startswith("scoring:")):
        method = name.removeprefix("scoring:")
        groupings = set(work.read(name, "clusters", ["grouping"])["grouping"].unique().to_pylist())
        judged_by = judged_grouping(groupings, rule)
        if judged_by is None:
            continue
        row = {"method": method, "grouping": judged_by, "metric": rule["metric"]}
        work.write("judged_groupings", [row])
        every = work.read(name, "scores").to_pylist()
        scores = {row["metric"]: row for row in every if row["grouping"] == judged_by}
        if rule["metric"] in scores:
            confusions = [r for r in work.read(name, "confusions").to_pylist() if r["grouping"] == judged_by]
            sizes = Counter[str]()
            for cell in confusions:
                sizes[cell["category"]] += cell["products"]
            judged[method] = Judged(
                scores,
                list(sizes.values()),
                len({cell["cluster"] for cell in confusions}),
                load_label_effect(work, method, rule["metric"], thresholds(rule, list(sizes.values()))[0]),
                load_estimated(work, method, every, rule["metric"]) if judged_by == ON_MANIFOLD else None,
            )
    rows = []
    for scope, methods in rule["rests_on"].items():
        have = [judged[method] for method in methods if method in judged]
        if not have:
            ran = [method for method in methods if f"scoring:{method}" in work.task.parts]
            why = reasons.unknown(scope, methods, len(categories), ran)
            rows.append({"scope": scope, "verdict": "unknown", "reason": why})
            continue
        # a joint graph has no vectors to train on: it takes the effect of labels from the next method of the order
        effect = next((one.effect for one in have if one.effect.ceiling is not None), LabelEffect())
        rows.append(judge(scope, replace(have[0], effect=effect), rule))
    rows += [judge(f"method:{method}", judged[method], rule) for method in sorted(judged)]
    work.write("verdicts", [{**row, "stable_from": stable_from} for row in rows])


def metric_for(categories: Mapping[str, int]) -> str:
    """What 'auto' stands for: 'ari' for balanced categories, 'ami' for unbalanced ones (Romano et al. 2016).

    `categories` holds the number of products of each. They are unbalanced when the effective number of categories
    (inverse Simpson index, 1949) is below half of them: ARI counts pairs of products, so a category weighs by the
    square of its size. Only the sizes decide, not the scores of any method.
    """
    products = sum(categories.values())
    effective = products**2 / sum(size**2 for size in categories.values()) if products else 0.0
    return "ari" if effective >= len(categories) / 2 else "ami"


def judged_grouping(groupings: Collection[str], rule: Rule) -> str | None:
    """The grouping that a method is judged by, of those that it has: the declared one of `rule`.

    A joint graph has a manifold only, so it is judged by that where the embedding is declared. None where a method has
    neither.
    """
    return next((grouping for grouping in (rule["grouping"], ON_MANIFOLD) if grouping in groupings), None)


def thresholds(rule: Rule, sizes: Sequence[int]) -> tuple[float, float]:
    """The metric's values from which it is feasible and below which it is not, for categories of these sizes.

    They are what the metric is where the declared fractions of products are right and the wrong ones of each category
    are spread evenly: one promise, whatever the metric and the categories.
    """
    ends = rule["feasible_accuracy"], rule["infeasible_accuracy"]
    every = np.array(sizes, dtype=np.int64)
    feasible, infeasible = (intervals.with_mistakes(rule["metric"], every, 1 - right) for right in ends)
    return feasible, infeasible


def load_estimated(work: Work, method: str, scores: Sequence[ScoreRow], metric: str) -> Estimated | None:
    """The estimated number of groups of a method, and its score in the method's rows of `scores`."""
    estimate = load_estimate(work, method)
    if estimate is None:
        return None
    value = next((r["value"] for r in scores if (r["grouping"], r["metric"]) == (AT_ESTIMATE, metric)), None)
    return Estimated(estimate.k, value) if value is not None or estimate.k == 1 else None


def too_small(sizes: Sequence[int], what: str, rule: Rule) -> str | None:
    """Two sentences on why the categories are too small for a verdict by the setting `verdict`; None if they are not.

    `sizes` are the scored products of each category, `what` they were grouped by.
    """
    products, least, each = sum(sizes), rule["least_products"], rule["least_per_category"]
    if products < least:
        return (
            f"Only {products} products with a category could be grouped by their {what}, too few to judge by. "
            f"A verdict needs {least}: give a category to {least - products} more and run again."
        )
    large = [size for size in sizes if size >= each]
    needed = max(least, -(-products // 2))
    if len(large) >= 2 and sum(large) >= needed:
        return None
    return (
        f"Of {len(sizes)} categories with products grouped by their {what}, {len(large)} have {each} products or more "
        f"({sum(large)} of {products} products): too few to judge by. A verdict needs 2 such categories or more, with "
        f"{needed} products in them: give wider categories, or more products of each, and run again."
    )


def too_few_groups(sizes: Sequence[int], k: int, what: str, rule: Rule) -> str | None:
    """Two sentences where `k` groups cannot be feasible whatever is in them; None if they can.

    A group is matched to one category. If the `k` largest of the categories of these `sizes`, grouped by `what`, hold
    less than the fraction of products that is feasible, a low score tells of the number of groups and nothing else.
    """
    within = sum(sorted(sizes)[-k:]) / sum(sizes)
    if within >= rule["feasible_accuracy"]:
        return None
    return (
        f"There are {k:,} groups by their {what} for {len(sizes):,} categories, of which the {k:,} largest hold "
        f"{reasons.of_100(within)} of 100 products: too few groups to judge by. A verdict needs "
        f"{reasons.of_100(rule['feasible_accuracy'])} of 100 there: take a higher level by category_level or wider "
        f"categories, or allow more groups by study.most_groups or --k, and run again."
    )


def load_label_effect(work: Work, method: str, metric: str, feasible_from: float) -> LabelEffect:
    """What a model trained on labelled products reaches on a method's vectors, by `probes:<method>`.

    Labels are enough when the lower end of the metric that the verdict rests on, over draws of labelled products,
    reaches `feasible_from`; of accuracy where it rests on matched accuracy.
    """
    if f"probes:{method}" not in work.task.parts:
        return LabelEffect()
    ceilings = work.read(f"probes:{method}", "ceilings").to_pylist()
    ceiling = next((r["value"] for r in ceilings if (r["probe"], r["metric"]) == ("linear", "accuracy")), None)
    curve: dict[int, dict[str, Any]] = defaultdict(dict)
    for row in work.read(f"probes:{method}", "learning_curves").to_pylist():
        curve[row["labels"]][row["metric"]] = row
    of_labels = "accuracy" if metric == "matched_accuracy" else metric
    steps = [
        (per_category, rows["accuracy"]["value"], rows[of_labels]["low"] >= feasible_from)
        for per_category, rows in sorted(curve.items())
    ]
    best = next((one for one in steps if one[2]), steps[-1] if steps else (None, None, False))
    return LabelEffect(ceiling, *best)


def judge(scope: str, judged: Judged, rule: Rule) -> dict[str, Any]:
    """The row of `verdicts` for a method under the thresholds of `rule`.

    The fraction of products right must reach its threshold as the metric does, for the metric's is where mistakes are
    spread evenly: categories that are merged and divided leave fewer right. A score is feasible only if it lies above
    the chance level, the 95th percentile of shuffled categories, too.
    """
    score, right = judged.scores[rule["metric"]], judged.scores["matched_accuracy"]
    low, high, verdict = score["low"], score["high"], "borderline"
    feasible_from, infeasible_below = thresholds(rule, judged.sizes)
    what = SCOPE_WORDS.get(scope, f"{score['method']} vectors")
    small = too_small(judged.sizes, what, rule) or too_few_groups(judged.sizes, judged.k, what, rule)
    if small:
        low, high, verdict = None, None, "unknown"
    elif low is not None and right["low"] is not None:
        if low >= feasible_from and right["low"] >= rule["feasible_accuracy"]:
            verdict = "feasible" if low > score["chance"] else "unknown"
        elif high < infeasible_below and right["high"] < rule["infeasible_accuracy"]:
            verdict = "not feasible"
    row = {key: score[key] for key in ("method", "grouping", "metric", "value")}
    row |= {"low": low, "high": high, "feasible_from": feasible_from, "infeasible_below": infeasible_below}
    row |= {"scope": scope, "verdict": verdict}
    why = small or reasons.reason(scope, row, judged.scores, judged.effect, judged.k, judged.estimated)
    return {**row, "reason": why}
