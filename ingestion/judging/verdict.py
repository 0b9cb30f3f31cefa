"""The verdict whether products can be grouped automatically, from thresholds and methods declared before the run.

A scope's verdict rests on the first method of its declared order that was scored: to pick the best method by its score
would use the categories. It is 'borderline' whenever the interval contains a threshold, and 'unknown' where the
categories have too few products, or where shuffled categories would agree as well.

Reads `scores`, `clusters` and `confusions` of every `scoring:<m>`, `ceilings` and `learning_curves` of `probes:<m>`
where they are there, and the categories of `catalogue`; takes the parameter `verdict`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from ingestion.judging import intervals
from ingestion.task import Work

SCOPE_WORDS = {"text": "descriptions", "image": "images", "text+image": "descriptions and images together"}
"""What a scope is called in a reason; a method's own row is called by the method's vectors."""
METRIC_WORDS = {"ari": "ARI", "ami": "AMI", "matched_accuracy": "the fraction right"}
ScoreRow = Mapping[str, Any]
"""A row of `scores`."""
Rule = Mapping[str, Any]
"""The thresholds and methods of the setting `verdict`, with 'auto' resolved."""


JOINT_GROUPING = "manifold"
"""What a joint graph is judged by, which has no embedding."""
AT_ESTIMATE = "estimated_k"


@dataclass(frozen=True)
class Estimated:
    """The score of a method whose number of groups is estimated, not taken from the categories."""

    k: int
    value: float


@dataclass(frozen=True)
class LabelEffect:
    """What a model trained on labelled products reaches on a method's vectors; None where no probe was run.

    `ceiling` is its accuracy with four fifths of the products labelled. `accuracy` is that with the fewest
    `per_category` labels that are `enough` to be feasible or, where none are, with the most that were tried.
    """

    ceiling: float | None = None
    per_category: int | None = None
    accuracy: float | None = None
    enough: bool = False


def step(work: Work, *, verdict: Mapping[str, Any], stable_from: float) -> None:
    """Write `judged_groupings`, one row per method, and `verdicts`, one row per scope and one per method.

    Each verdict carries `stable_from`, the setting by which groups are called stable.
    """
    rule = dict(verdict)
    categories = Counter(work.read("catalogue", "products", ["category"])["category"].drop_null().to_pylist())
    if rule["metric"] == "auto":
        rule["metric"] = metric_for(categories)
    found: dict[str, dict[str, ScoreRow]] = {}
    effects: dict[str, LabelEffect] = {}
    sizes: dict[str, list[int]] = {}
    estimated: dict[str, Estimated | None] = {}
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
            found[method] = scores
            sizes[method] = category_sizes(work.read(name, "confusions").to_pylist(), judged_by)
            effects[method] = load_label_effect(work, method, rule["metric"], thresholds(rule, sizes[method])[0])
            estimated[method] = load_estimated(work, name, every, rule["metric"])
    rows = []
    for scope, methods in rule["rests_on"].items():
        first = next((m for m in methods if m in found), None)
        # a joint graph has no vectors to train on: it takes the effect of labels from the next method of the order
        effect = next((effects[m] for m in methods if m in found and effects[m].ceiling is not None), None)
        rows.append(
            judge(scope, found[first], rule, sizes[first], effect, estimated[first])
            if first
            else unknown(scope, methods, len(categories))
        )
    rows += [
        judge(f"method:{method}", found[method], rule, sizes[method], effects[method], estimated[method])
        for method in sorted(found)
    ]
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
    return next((grouping for grouping in (rule["grouping"], JOINT_GROUPING) if grouping in groupings), None)


def thresholds(rule: Rule, sizes: Sequence[int]) -> tuple[float, float]:
    """The metric's values from which it is feasible and below which it is not, for categories of these sizes.

    They are what the metric is where the declared fractions of products are right and the wrong ones of each category
    are spread evenly: one promise, whatever the metric and the categories. The declared fractions for one category.
    """
    ends = rule["feasible_accuracy"], rule["infeasible_accuracy"]
    if len(sizes) < 2:
        return ends
    every = np.array(sizes, dtype=np.int64)
    feasible, infeasible = (intervals.with_mistakes(rule["metric"], every, 1 - right) for right in ends)
    return feasible, infeasible


def category_sizes(confusions: Sequence[Mapping[str, Any]], grouping: str) -> list[int]:
    """The scored products of each category, from the rows of `confusions` of that grouping."""
    sizes: Counter[str] = Counter()
    for row in confusions:
        if row["grouping"] == grouping:
            sizes[row["category"]] += row["products"]
    return list(sizes.values())


def load_estimated(work: Work, scoring: str, scores: Sequence[ScoreRow], metric: str) -> Estimated | None:
    """The score of the step `scoring` with the estimated number of groups, of its rows of `scores`; None without."""
    value = next((r["value"] for r in scores if (r["grouping"], r["metric"]) == (AT_ESTIMATE, metric)), None)
    if value is None:
        return None
    cells = work.read(scoring, "clusters", ["grouping", "cluster"])
    k = len(cells.filter(pc.equal(cells["grouping"], AT_ESTIMATE))["cluster"].unique())
    return Estimated(k, value)


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


def load_label_effect(work: Work, method: str, metric: str, feasible_from: float) -> LabelEffect:
    """What a model trained on labelled products reaches on a method's vectors, by `probes:<method>`.

    Labels are enough when the lower end of the metric that the verdict rests on reaches `feasible_from`, as for
    groups; of accuracy where it rests on matched accuracy.
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
    step = next((step for step in steps if step[2]), steps[-1] if steps else (None, None, False))
    return LabelEffect(ceiling, *step)


def judge(
    scope: str,
    scores: Mapping[str, ScoreRow],
    rule: Rule,
    sizes: Sequence[int],
    effect: LabelEffect | None = None,
    estimated: Estimated | None = None,
) -> dict[str, Any]:
    """The row of `verdicts` for a grouping's rows of `scores`, by metric, under the thresholds of `rule`.

    `scores` must hold the rule's metric and `matched_accuracy`; `sizes` are the scored products of each category. A
    score is feasible only if it lies above the chance level, the 95th percentile of shuffled categories, too.
    """
    score = scores[rule["metric"]]
    low, high, verdict = None, None, "borderline"
    feasible_from, infeasible_below = thresholds(rule, sizes)
    small = too_small(sizes, SCOPE_WORDS.get(scope, f"{score['method']} vectors"), rule)
    if small:
        verdict = "unknown"
    elif score["low"] is not None:
        low, high = score["low"], score["high"]
        verdict = "feasible" if low >= feasible_from else "not feasible" if high < infeasible_below else "borderline"
        if verdict == "feasible" and low <= score["chance"]:
            verdict = "unknown"
    row = {key: score[key] for key in ("method", "grouping", "metric", "value")}
    row |= {"low": low, "high": high, "feasible_from": feasible_from, "infeasible_below": infeasible_below}
    why = small or reason(scope, {**row, "verdict": verdict}, scores, effect or LabelEffect(), estimated)
    return {**row, "scope": scope, "verdict": verdict, "reason": why}


def reason(
    scope: str,
    verdict: Mapping[str, Any],
    scores: Mapping[str, ScoreRow],
    effect: LabelEffect,
    estimated: Estimated | None = None,
) -> str:
    """A few sentences with figures for whoever decides: what the grouping does, and what to do next.

    `verdict` is the row of `verdicts` but for its reason.
    """
    right, metric = scores["matched_accuracy"], METRIC_WORDS[verdict["metric"]]
    what = SCOPE_WORDS.get(scope, f"{right['method']} vectors")
    value, wrong = right["value"], of_100(1 - right["value"])
    found = f"about {of_100(value)} of 100 products land in the right group"
    if right["low"] is not None:
        found += f" (between {of_100(right['low'])} and {of_100(right['high'])})"
    references = [f"chance puts at most {of_100(right['chance'])} there"] if right["chance"] is not None else []
    if effect.ceiling is not None:
        references.append(f"a model that learns from four fifths of the catalogue puts {of_100(effect.ceiling)} there")
    compared = f", where {' and '.join(references)}" if references else ""
    label = "label some products by hand and let a model learn from them"
    if effect.per_category is not None and effect.accuracy is not None:
        reach = f"{of_100(effect.accuracy)} of 100 right"
        label = f"label {effect.per_category} products of each category by hand: a model that learns from them "
        label += f"puts {reach}" if effect.enough else f"puts only {reach}"
    span = ""
    if verdict["low"] is not None:
        span = (
            f"{metric} is {_figure(verdict['value'])} ({_figure(verdict['low'])} to {_figure(verdict['high'])}), where "
            f"{_figure(verdict['feasible_from'])} is enough and less than {_figure(verdict['infeasible_below'])} is not"
        )
    advice = {
        "feasible": f"That is good enough to group automatically: plan to move about {wrong} of 100 products by hand.",
        "borderline": f"That is neither surely enough nor surely too little{f': {span}' if span else ''}. With about "
        f"{wrong} of 100 products to move by hand, try it on a part of the catalogue first, or {label}.",
        "not feasible": f"That is not good enough, as about {wrong} of 100 products would have to be moved by hand: "
        f"{label}.",
        "unknown": "Shuffled categories would agree as well, so this result means nothing: give wider categories, at "
        "least 2 of them with more products, and run again.",
    }[verdict["verdict"]]
    if estimated and verdict["verdict"] != "unknown":
        score = f"{metric} {_figure(estimated.value)} instead of {_figure(verdict['value'])}"
        advice += f" That is with as many groups as categories; estimated without them they are {estimated.k}"
        advice += "." if estimated.value == verdict["value"] else f", which gives {score}."
    return f"By their {what}, {found}{compared}. {advice}"


def _figure(value: float) -> str:
    """A score as a text: '.65', '-.02'."""
    return f"{value:.2f}".replace("0.", ".", 1)


def of_100(fraction: float) -> int:
    """A fraction, 0 to 1, as a whole number of 100."""
    return round(100 * fraction)


def unknown(scope: str, methods: Sequence[str], categories: int) -> dict[str, Any]:
    """The row of `verdicts` for a scope of which no declared method was scored, in a catalogue of `categories`."""
    why = {
        0: "The catalogue has no categories to compare with: name their column, as --column category=COLUMN, and run "
        "again.",
        1: "All products are of one category, and agreement needs two: take a deeper level by category_level, or "
        "another column, and run again.",
    }
    other = "They did not run, or had nothing to read: the tables `models` and `issues` say what was missing."
    what = SCOPE_WORDS.get(scope, scope)
    reason = f"None of {len(methods)} methods ({', '.join(methods)}) was scored by {what}. {why.get(categories, other)}"
    return {"scope": scope, "verdict": "unknown", "reason": reason}
