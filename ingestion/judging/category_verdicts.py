"""What to do with each category: automate it now, label it, merge it with another, or split it.

A category is judged by the declared method of the widest scope, under thresholds declared before the run. Each
threshold must be reached by the lower end of a 95 % interval, so that no category is automated by chance. The questions
are asked in this order:

    too few products                                                     unknown
    its group is found, pure and stable                                  automate
    it shares a group with another category, and even a model trained
    on labels confuses the two                                           merge
    it lies in several groups that consist nearly of it alone            split
    anything else                                                        label; the reason says whether labels suffice

Reads `catalogue`, `duplicates`, `judged_groupings` of `verdict`, `scoring:<m>` of all methods, and `probes:<m>` and
`descriptions:<m>` where they are there.
Where the study rests on a sample, so does this; a category that is too rare for it is named as such.
Parameters: verdict and category_verdict, those of the configuration.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.judging.category_evidence import (
    JudgedGrouping,
    Predictions,
    Proportion,
    effective_sizes,
    load_judged_grouping,
    load_predictions,
    percent,
    regrouped,
)
from ingestion.judging.classifiers import MAX_CATEGORIES
from ingestion.study_sample import of_study
from ingestion.task import Work

WIDEST = ("text+image", "text", "image")
"""The scopes in the order in which their methods are tried."""
Thresholds = Mapping[str, Any]
"""The setting `category_verdict`."""


def step(work: Work, *, verdict: Mapping[str, Any], category_verdict: Mapping[str, Any]) -> None:
    """Write the rows of `verdicts` with the scope 'category:<name>'."""
    thresholds, declared = category_verdict, verdict["rests_on"]
    order = [method for scope in (*WIDEST, *declared) for method in declared.get(scope, ())]
    products = work.read("catalogue", "products", ["product_id", "category"])
    listed = Counter(products["category"].drop_null().to_pylist())
    (drawn,) = of_study(work, [products])
    ids, categories = drawn["product_id"].to_pylist(), drawn["category"].to_pylist()
    effective_size = dict.fromkeys(listed, 1.0) | effective_sizes(categories, load_duplicate_groups(work, ids).tolist())
    judged_by = {row["method"]: row["grouping"] for row in work.read("verdict", "judged_groupings").to_pylist()}
    groupings = (
        load_judged_grouping(work, method, judged_by[method], effective_size) for method in order if method in judged_by
    )
    grouping = next((found for found in groupings if found), None)
    if grouping is None:
        reason = "There is nothing to judge it by: no declared method was scored against two or more categories."
        rows = [{"scope": f"category:{c}", "verdict": "unknown", "reason": reason} for c in sorted(effective_size)]
        work.write("verdicts", [{**row, "stable_from": thresholds["stable_from"]} for row in rows])
        return
    predictions = next((p for m in (grouping.method, *order) if (p := load_predictions(work, m))), {})
    rows = [judge(category, grouping, predictions, thresholds) for category in sorted(effective_size)]
    in_sample, least = Counter(categories), thresholds["least_products"]
    for category, row in zip(sorted(effective_size), rows, strict=True):
        if row["verdict"] == "unknown" and in_sample[category] < least <= listed[category]:
            row["reason"] = f"{too_rare(in_sample[category], listed[category], drawn.num_rows)} {row['reason']}"
    work.write("verdicts", [{**row, "stable_from": thresholds["stable_from"]} for row in rows])


def too_rare(drawn: int, listed: int, sample: int) -> str:
    """A sentence on a category of `listed` products of which the study's sample of that many holds only `drawn`."""
    return (
        f"It is too rare for the study's sample of {sample:,} products, which holds {drawn} of its {listed:,}; a "
        "larger study.sample judges it."
    )


def judge(category: str, grouping: JudgedGrouping, predictions: Predictions, thresholds: Thresholds) -> dict[str, Any]:
    """The row of `verdicts` for a category, whose figures are those of its recall or precision, whichever is lower."""
    row = grouping.counts.get(category, Counter())
    size, group = row.total(), grouping.group_of.get(category)
    precision_error, recall_error = grouping.errors.get(category, (0.0, 0.0))
    recall = regrouped(grouping.within(category, row[group] if group is not None else 0), recall_error)
    precision = regrouped(grouping.purity(category, grouping.products_in(group)), precision_error)
    metric, weaker = min((("recall", recall), ("precision", precision)), key=lambda pair: pair[1].low)
    verdict, reason = _decide(category, grouping, predictions, thresholds, recall, precision)
    figures = {"metric": metric, "value": weaker.value, "low": weaker.low, "high": weaker.high} if size else {}
    return {
        "scope": f"category:{category}",
        "method": grouping.method,
        "verdict": verdict,
        "reason": reason,
        "grouping": grouping.grouping,
        **figures,
        "feasible_from": thresholds["automate_from"],
    }


def _decide(
    category: str,
    grouping: JudgedGrouping,
    predictions: Predictions,
    thresholds: Thresholds,
    recall: Proportion,
    precision: Proportion,
) -> tuple[str, str]:
    draws = grouping.within(category, 0).draws
    counted = f"{draws:.0f} because of near-duplicates" if round(draws) < recall.whole else ""
    if draws < thresholds["least_products"]:
        have = f"{recall.whole} product{'' if recall.whole == 1 else 's'} of it could be grouped with {grouping.method}"
        needs = f"a verdict needs {thresholds['least_products']}"
        return "unknown", f"{have}{counted and f', which count as {counted}'}; {needs}. Label them by hand."
    stability = grouping.stability.get(category)
    measured = stability is not None and category in grouping.errors
    enough = min(recall.low, precision.low) >= thresholds["automate_from"]
    group = grouping.group_of.get(category)
    interval = f"{100 * recall.low:.0f} to {percent(recall.high)}{counted and f', as of {counted}'}"
    found = (
        f"{percent(recall.value)} of its {recall.whole} products (95 % interval {interval}) are in "
        f"{grouping.called(group)}, and {precision} of that group are of it"
        if group is not None
        else f"no group is matched to it, and {_most(category, grouping)}"
    )
    stable = (
        f"that group is found again in resamples with a Jaccard similarity of {stability:.2f} (stable from "
        f"{thresholds['stable_from']:.2f})"
        if measured
        else "whether that group is found again in resamples was not measured"
    )
    if enough and measured and stability >= thresholds["stable_from"]:
        needs = f"Automating needs {percent(thresholds['automate_from'])} at the lower end of both"
        return "automate", f"It can be automated now: {found}. {needs}; {stable}."
    for other, taken in _merges(category, grouping, predictions, thresholds):
        return "merge", (
            f"Merge it with {other}, or draw a clearer line: the largest part of both lies in "
            f"{grouping.called(grouping.largest_group(category))}. Even a model trained on labels takes {taken} of it "
            f"for {other}; merging is proposed where that interval starts at "
            f"{percent(thresholds['merge_from'])} or above."
        )
    parts = list(_parts(category, grouping, thresholds))
    if len(parts) > 1:
        listed = "; ".join(f"{grouping.called(g)} with {part} of it, {purity} pure" for g, part, purity in parts)
        return "split", (
            f"It lies in {len(parts)} groups that consist nearly of it alone: {listed}. "
            f"Split it into these, or keep it as one category made up of these groups."
        )
    why = f"{found}, but {stable}" if enough else f"{found}{_main_error(category, grouping, recall, precision)}"
    return "label", f"It needs labels: {why}. {_with_labels(category, grouping, predictions, thresholds)}"


def _merges(
    category: str, grouping: JudgedGrouping, predictions: Predictions, thresholds: Thresholds
) -> Iterator[tuple[str, Proportion]]:
    """The categories whose largest group is the same and that the probe predicts for it, the most frequent first."""
    row = predictions.get(category, Counter())
    if not _is_learnt(category, predictions):
        return
    for other, taken in sorted(row.items(), key=lambda item: (-item[1], item[0])):
        confused = grouping.within(category, taken, row.total())
        if other == category or other not in grouping.counts or confused.low < thresholds["merge_from"]:
            continue
        if grouping.largest_group(other) == grouping.largest_group(category):
            yield other, confused


def _parts(
    category: str, grouping: JudgedGrouping, thresholds: Thresholds
) -> Iterator[tuple[int, Proportion, Proportion]]:
    """The groups that are parts of a category, the largest first, with their proportion of it and their purity."""
    row = grouping.counts[category]
    for group, count in sorted(row.items(), key=lambda item: (-item[1], item[0])):
        part, purity = grouping.within(category, count), grouping.purity(category, grouping.products_in(group))
        if part.low >= thresholds["part_fraction"] and purity.low >= thresholds["part_purity"]:
            yield group, part, purity


def _most(category: str, grouping: JudgedGrouping) -> str:
    row, group = grouping.counts[category], grouping.largest_group(category)
    return f"{grouping.within(category, row[group])} of it are in {_with_owner(group, grouping)}"


def _main_error(category: str, grouping: JudgedGrouping, recall: Proportion, precision: Proportion) -> str:
    """The main cause of the lower of the two: where its other products are, or whose products its group holds."""
    group = grouping.group_of.get(category)
    if group is None:
        return ""
    if recall.low <= precision.low:
        row = Counter({g: count for g, count in grouping.counts[category].items() if g != group and count})
        if not row:
            return ""
        most = min(row, key=lambda g: (-row[g], g))
        return f"; {percent(row[most] / recall.whole)} are in {_with_owner(most, grouping)}"
    others = Counter({c: row[group] for c, row in grouping.counts.items() if c != category and row[group]})
    if not others:  # the group is pure, but would not surely be if other products were grouped
        return ""
    worst = min(others, key=lambda c: (-others[c], c))
    return f"; {percent(others[worst] / precision.whole)} of that group are {worst}"


def _with_owner(group: int, grouping: JudgedGrouping) -> str:
    owner = next((category for category, its_group in grouping.group_of.items() if its_group == group), None)
    return f"{grouping.called(group)}, the group of {owner}" if owner else grouping.called(group)


def _is_learnt(category: str, predictions: Predictions) -> bool:
    """Whether the probe could predict it: of more categories than it learns, one of those that it predicts."""
    return len(predictions) <= MAX_CATEGORIES or any(row[category] for row in predictions.values())


def _with_labels(category: str, grouping: JudgedGrouping, predictions: Predictions, thresholds: Thresholds) -> str:
    row = predictions.get(category)
    if not row:
        return "Whether labels would be enough is not known: no probe was trained on its vectors."
    if not _is_learnt(category, predictions):
        return f"Whether labels would be enough is not known: the probe learns the {MAX_CATEGORIES} largest categories."
    finds = grouping.within(category, row[category], row.total())
    right = grouping.purity(category, {other: taken[category] for other, taken in predictions.items()})
    result = f"A model trained on labels finds {finds} of it and is right in {right}"
    if min(finds.low, right.low) >= thresholds["automate_from"]:
        return f"{result}: labels would be enough."
    if min(finds.high, right.high) >= thresholds["automate_from"]:
        return f"{result}: labels would nearly be enough."
    others = Counter({other: count for other, count in row.items() if other != category})
    most = min(others, key=lambda other: (-others[other], other)) if others else None
    mistaken = f", mostly mistaking it for {most}" if most else ""
    return f"{result}{mistaken}: labels alone will not be enough."
