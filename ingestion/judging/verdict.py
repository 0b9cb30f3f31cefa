"""Can these products be grouped automatically? The verdict, from thresholds and methods declared before the run.

A scope's verdict rests on the first method of its declared order that has vectors: picking the best one after
seeing the scores would use the labels. It is 'borderline' whenever the interval or the seeds straddle a threshold, and
'unknown' where the categories have too few products to agree on, or where shuffled ones would agree as well.

Reads `scores`, `clusters` and `confusions` of every `scoring:<m>`, `ceilings` and `learning_curves` of `probes:<m>`
where they are there, and the categories of `catalogue`; takes the parameter `verdict`.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.task import Work

WORDS = {"text": "descriptions", "image": "pictures", "text+image": "descriptions and pictures together"}
Score = Mapping[str, Any]


@dataclass(frozen=True)
class Labels:
    """What labelled examples bring: the ceiling's accuracy, and that of the fewest `labels` per category that do.

    `enough` is whether those are feasible; if not, they are the most that were tried. None where nothing was tried.
    """

    ceiling: float | None = None
    labels: int | None = None
    accuracy: float | None = None
    enough: bool = False


def step(work: Work, *, verdict: Mapping[str, Any], stable_from: float) -> None:
    """Write `judged_groupings`, one row per method, and `verdicts`, one row per scope and one per method.

    Each verdict carries `stable_from`, the setting by which groups are called stable.
    """
    rule = dict(verdict)
    if rule["metric"] == "auto":
        categories = work.read("catalogue", "products", ["category"])["category"].to_pylist()
        rule["metric"] = metric_for(Counter(c for c in categories if c is not None))
    found: dict[str, dict[str, Score]] = {}
    labels: dict[str, Labels] = {}
    sizes: dict[str, list[int]] = {}
    for name in sorted(part for part in work.task.parts if part.startswith("scoring:")):
        method, pairs = name.removeprefix("scoring:"), work.read(name, "clusters", ["algorithm", "space"])
        distinct = pairs.group_by(["algorithm", "space"]).aggregate([]).to_pylist()
        judged_by = judged_grouping([(pair["algorithm"], pair["space"]) for pair in distinct], rule)
        if judged_by is None:
            continue
        algorithm, space = judged_by
        row = {"method": method, "algorithm": algorithm, "space": space, "metric": rule["metric"]}
        work.write("judged_groupings", [row])
        scores = {
            row["metric"]: row
            for row in work.read(name, "scores").to_pylist()
            if (row["algorithm"], row["space"]) == judged_by
        }
        if rule["metric"] in scores:
            found[method], labels[method] = scores, labelling(work, method, rule)
            sizes[method] = category_sizes(work.read(name, "confusions").to_pylist(), judged_by)
    rows = []
    for scope, methods in rule["rests_on"].items():
        first = next((m for m in methods if m in found), None)
        # a consensus has no vectors to learn from: the next of the order lends it what labels bring
        lent = next((labels[m] for m in methods if m in found and labels[m].ceiling is not None), None)
        rows.append(judge(scope, found[first], rule, sizes[first], lent) if first else unknown(scope, methods))
    rows += [judge(f"method:{method}", found[method], rule, sizes[method], labels[method]) for method in sorted(found)]
    work.write("verdicts", [{**row, "stable_from": stable_from} for row in rows])


def metric_for(categories: Mapping[str, int]) -> str:
    """What 'auto' stands for: 'ari' for balanced categories, 'ami' for unbalanced ones (Romano et al. 2016).

    ARI counts pairs, and a category has pairs by the square of its size. The categories are unbalanced when those that
    ARI hears in effect (the inverse of Simpson's index, 1949) are fewer than half of them. It is their sizes that
    decide, not how well any method does.
    """
    products = sum(categories.values())
    heard = products**2 / sum(size**2 for size in categories.values()) if products else 0.0
    return "ari" if heard >= len(categories) / 2 else "ami"


def judged_grouping(have: Sequence[tuple[str, str]], rule: Score) -> tuple[str, str] | None:
    """The algorithm and space that a method is judged by, of the distinct ones it has.

    The declared ones of `rule`, else the only ones, as a consensus over methods has; None if neither is there.
    """
    declared = rule["algorithm"], rule["space"]
    if declared in have:
        return declared
    return have[0] if len(have) == 1 else None


def category_sizes(confusions: Sequence[Score], grouping: tuple[str, str]) -> list[int]:
    """The scored products of each category, from the rows of `confusions` of that algorithm and space."""
    sizes: Counter[str] = Counter()
    for row in confusions:
        if (row["algorithm"], row["space"]) == grouping:
            sizes[row["category"]] += row["products"]
    return list(sizes.values())


def missing(sizes: Sequence[int], what: str, rule: Score) -> str | None:
    """Two sentences on what the categories' sizes lack for a verdict (`Config.verdict` says the rule); None if nothing.

    `sizes` are the scored products of each category, `what` they were grouped by.
    """
    products, least, each = sum(sizes), rule["least_products"], rule["least_per_category"]
    if products < least:
        return (
            f"Only {products} products with a category could be grouped by their {what}, too few to judge by. "
            f"A verdict takes {least}: give {least - products} more a category and run again."
        )
    large = [size for size in sizes if size >= each]
    takes = max(least, -(-products // 2))
    if len(large) >= 2 and sum(large) >= takes:
        return None
    return (
        f"Of {len(sizes)} categories with products grouped by their {what}, {len(large)} have {each} products or more "
        f"({sum(large)} of {products} products): too few to agree on. A verdict takes 2 such categories or more, with "
        f"{takes} products in them: give wider categories, or more products of each, and run again."
    )


def labelling(work: Work, method: str, rule: Score) -> Labels:
    """What labelled examples would bring on a method's vectors, where a probe was run.

    They do when the score that the verdict rests on is feasible; by ARI where learning curves do not hold that score.
    """
    if f"probes:{method}" not in work.task.parts:
        return Labels()
    ceilings = work.read(f"probes:{method}", "ceilings").to_pylist()
    top = [row["value"] for row in ceilings if (row["probe"], row["metric"]) == ("linear", "accuracy")]
    curve: dict[int, dict[str, float]] = defaultdict(dict)
    for row in work.read(f"probes:{method}", "learning_curves").to_pylist():
        curve[row["labels"]][row["metric"]] = row["value"]
    steps = [
        (labels, values["accuracy"], values.get(rule["metric"], values["ari"]) >= rule["feasible_from"])
        for labels, values in sorted(curve.items())
    ]
    step = next((step for step in steps if step[2]), steps[-1] if steps else (None, None, False))
    return Labels(top[0] if top else None, *step)


def judge(
    scope: str, scores: Mapping[str, Score], rule: Score, sizes: Sequence[int], labels: Labels | None = None
) -> dict[str, Any]:
    """The row of `verdicts` for a grouping's rows of `scores`, by metric, under the thresholds of `rule`.

    `sizes` are the scored products of each category. A score that is feasible by its value is so only if it lies above
    the chance line, the 95th percentile of shuffled categories: where those agree as well, nothing was found.
    """
    score = scores[rule["metric"]]
    low, high, verdict = None, None, "borderline"
    good, bad = rule["feasible_from"], rule["infeasible_below"]
    lacking = missing(sizes, WORDS.get(scope, f"{score['method']} vectors"), rule)
    if lacking:
        verdict = "unknown"
    elif score["low"] is not None:
        low, high = min(score["low"], score["seed_min"]), max(score["high"], score["seed_max"])
        verdict = "feasible" if low >= good else "not feasible" if high < bad else "borderline"
        if verdict == "feasible" and low <= score["chance"]:
            verdict = "unknown"
    return {
        **{key: score[key] for key in ("method", "algorithm", "space", "metric", "value")},
        "scope": scope,
        "verdict": verdict,
        "reason": lacking or reason(scope, verdict, scores, labels or Labels()),
        "low": low,
        "high": high,
        "feasible_from": good,
        "infeasible_below": bad,
    }


def reason(scope: str, verdict: str, scores: Mapping[str, Score], labels: Labels) -> str:
    """Two sentences for who decides: what the grouping does, and what to do next. Both with figures."""
    right = scores["matched_accuracy"]
    what = WORDS.get(scope, f"{right['method']} vectors")
    value, wrong = right["value"], of_100(1 - right["value"])
    found = f"about {of_100(value)} of 100 products land in the right group"
    if right["low"] is not None:
        ends = min(right["low"], right["seed_min"]), max(right["high"], right["seed_max"])
        found += f" (between {of_100(ends[0])} and {of_100(ends[1])})"
    beside = [f"chance puts {of_100(right['chance'])} there"] if right["chance"] is not None else []
    if labels.ceiling is not None:
        beside.append(f"a model that learns from labelled products puts {of_100(labels.ceiling)} there")
    compared = f", where {' and '.join(beside)}" if beside else ""
    teach = "label some products by hand and let a model learn from them"
    if labels.labels is not None and labels.accuracy is not None:
        reach = f"{labels.labels} labelled products per category bring {of_100(labels.accuracy)} of 100 right"
        teach += f" ({reach})" if labels.enough else f" (though even {reach.replace('bring', 'bring only')})"
    advice = {
        "feasible": f"That is good enough to group automatically: plan to move about {wrong} of 100 products by hand.",
        "borderline": f"That is neither surely enough nor surely too little: with about {wrong} of 100 products to "
        f"move by hand, try it on a part of the catalogue first, or {teach}.",
        "not feasible": f"That is not good enough, as about {wrong} of 100 products would have to be moved by hand: "
        f"{teach}.",
        "unknown": "Shuffled categories would agree as well, so that this says nothing: give wider categories, of "
        "which at least 2 hold more products, and run again.",
    }[verdict]
    return f"By their {what}, {found}{compared}. {advice}"


def of_100(share: float) -> int:
    """A share as so many of 100."""
    return round(100 * share)


def unknown(scope: str, methods: Sequence[str]) -> dict[str, Any]:
    """The row of `verdicts` for a scope of which nothing could be scored."""
    reason = (
        f"None of {len(methods)} methods ({', '.join(methods)}) was scored by {WORDS.get(scope, scope)}. "
        "Give at least 2 categories and what the methods need: `models` and `issues` say what was missing."
    )
    return {"scope": scope, "verdict": "unknown", "reason": reason}
