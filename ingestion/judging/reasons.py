"""What a verdict says: a few sentences with figures for whoever decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SCOPE_WORDS = {"text": "descriptions", "image": "images", "text+image": "descriptions and images together"}
"""What a scope is called in a reason; a method's own row is called by the method's vectors."""
METRIC_WORDS = {"ari": "ARI", "ami": "AMI", "matched_accuracy": "the fraction right"}
ScoreRow = Mapping[str, Any]
"""A row of `scores`."""


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


@dataclass(frozen=True)
class Estimated:
    """The estimated number of groups, and the score with as many; None where it is 1, which is no grouping."""

    k: int
    value: float | None


def reason(
    scope: str,
    verdict: Mapping[str, Any],
    scores: Mapping[str, ScoreRow],
    effect: LabelEffect,
    k: int,
    estimated: Estimated | None = None,
) -> str:
    """What the grouping into `k` groups does, and what to do next.

    `verdict` is the row of `verdicts` but for its reason, `scores` the grouping's rows by metric.
    """
    right = scores["matched_accuracy"]
    what = SCOPE_WORDS.get(scope, f"{right['method']} vectors")
    found = f"about {of_100(right['value'])} of 100 products land in the group that matches their category"
    if right["low"] is not None:
        found += f" (between {of_100(right['low'])} and {of_100(right['high'])} in other samples of such products)"
    references = []
    if right["chance"] is not None:
        references.append(f"95 of 100 shuffles of the categories put at most {of_100(right['chance'])} there")
    if effect.ceiling is not None:
        references.append(f"a model that learns from four fifths of the catalogue puts {of_100(effect.ceiling)} there")
    compared = f", where {' and '.join(references)}" if references else ""
    figures = _by_metric(verdict, k, estimated) if verdict["verdict"] != "unknown" else ""
    return f"By their {what}, {found}{compared}. {_advice(verdict['verdict'], right, effect)}{figures}"


def _advice(verdict: str, right: ScoreRow, effect: LabelEffect) -> str:
    wrong = of_100(1 - right["value"])
    label = "label some products by hand and let a model learn from them"
    if effect.per_category is not None and effect.accuracy is not None:
        label = f"label {effect.per_category} products of each category by hand: a model that learns from them puts "
        label += f"{'' if effect.enough else 'only '}{of_100(effect.accuracy)} of 100 right"
    if verdict == "feasible":
        return f"That is good enough to group automatically: plan to move about {wrong} of 100 products by hand."
    if verdict == "not feasible":
        return f"That is not good enough, as about {wrong} of 100 products would have to be moved by hand: {label}."
    if verdict == "unknown":
        return (
            "Shuffled categories would agree as well, so this result means nothing: give wider categories, at least 2 "
            "of them with more products, and run again."
        )
    if right["low"] is None:
        return f"Too few products could be grouped again to say how sure that is: add products, or {label}."
    return (
        f"That is neither surely enough nor surely too little: with about {wrong} of 100 products to move by hand, try "
        f"it on a part of the catalogue first, or {label}."
    )


def _by_metric(verdict: Mapping[str, Any], k: int, estimated: Estimated | None) -> str:
    """The figure of the verdict's metric beside its thresholds, and that of the estimated number of groups."""
    metric, value = METRIC_WORDS[verdict["metric"]], f"{verdict['value']:.2f}"
    within = f" ({verdict['low']:.2f} to {verdict['high']:.2f})" if verdict["low"] is not None else ""
    figures = (
        f" {metric[0].upper()}{metric[1:]} is {value}{within}; {verdict['feasible_from']:.2f} or more is enough, "
        f"less than {verdict['infeasible_below']:.2f} is not."
    )
    if estimated is None:
        return figures
    if estimated.value is None:
        return f"{figures} That is with {k} groups; without the categories one would say that there are no groups."
    if estimated.k == k:
        return f"{figures} That is with {k} groups, which is also their number as estimated without the categories."
    return (
        f"{figures} That is with {k} groups; estimated without the categories they are {estimated.k}, and {metric} is "
        f"{estimated.value:.2f}."
    )


def unknown(scope: str, methods: Sequence[str], categories: int, ran: Sequence[str] = ()) -> str:
    """Why there is no verdict on a scope of which no declared method was scored, in a catalogue of `categories`.

    `ran` are those of the methods that ran all the same: of a catalogue of two categories or more they were not scored
    since the products that they gave a vector are of fewer than two.
    """
    why = {
        0: "The catalogue has no categories to compare with: name their column, as --column category=COLUMN, and run "
        "again.",
        1: "All products are of one category, and agreement needs two: take a deeper level by category_level, or "
        "another column, and run again.",
    }
    other = "They did not run: ask for them by --methods, or see in the tables `models` and `issues` what was missing."
    if ran:
        other = (
            f"Of them {', '.join(ran)} ran, but the products that could be read are of fewer than 2 categories: the "
            "table `issues` says which were given no vector, and why."
        )
    what = SCOPE_WORDS.get(scope, scope)
    return f"None of {len(methods)} methods ({', '.join(methods)}) was scored by {what}. {why.get(categories, other)}"


def of_100(fraction: float) -> int:
    """A fraction, 0 to 1, as a whole number of 100."""
    return round(100 * fraction)
