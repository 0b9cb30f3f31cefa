"""Which labels are likely wrong: products whose category most methods dispute, by confident learning.

Each method's linear probe, which learnt without the product and its near-copies, gives the probability of the label
that the product has: its self-confidence, the label quality of Northcutt, Jiang & Chuang (2021, "Confident learning")
and of cleanlab. A method disputes the label where another category is ODDS times as likely. Their thresholds by
category on top of that (the confident joint) lost a quarter of the wrong labels that were planted in five catalogues,
and the plain odds none, so the odds it is; both measures are then simple enough to need no package.

Methods count by their skill on this catalogue: the probe's accuracy above that of the largest category, as a share of
what is left (Cohen's kappa for that rival); one that knows no better counts nothing. A method that only joins the
vectors of others would count their evidence twice, and has a voice only where none of them has.

Parts: `catalogue`, and `probes:<m>` of any number of methods. Parameters: `joins`, {method: [methods it joins]}.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.task import Work

PROBE = "linear"
"""Its probabilities are smooth; a share of ten neighbours has eleven steps, and ranked planted errors less well."""
ODDS = 3.0
"""Odds against a label from which a method disputes it: "substantial" evidence begins there (Jeffreys 1961)."""
MAJORITY = 0.5
"""A suspect is disputed by methods of more than this share of the skill of those that placed it."""


@dataclass(frozen=True)
class Opinion:
    """What a method says of a product: its category's name, that one's probability, and its own category's."""

    category: str
    confidence: float
    own: float


def step(work: Work, *, joins: Mapping[str, Sequence[str]]) -> None:
    """Write `suspects`; `joins` names for the methods that join others' vectors which those are."""
    products = work.read("catalogue", "products", ["product_id", "category"]).to_pylist()
    categories = {p["product_id"]: p["category"] for p in products if p["category"] is not None}
    found: dict[str, dict[str, Opinion]] = {}
    for name in sorted(work.task.parts):
        if name.startswith("probes:"):
            rows = work.read(name, "predictions").to_pylist()
            said = {
                row["product_id"]: Opinion(row["predicted_category"], row["confidence"], row["own_confidence"])
                for row in rows
                # without any product to learn it from, a probe knows nothing of a category
                if row["probe"] == PROBE and row["own_confidence"] is not None
            }
            if said:
                found[name.removeprefix("probes:")] = said
    work.write("suspects", suspects(categories, voices(found, joins)))


def voices(found: dict[str, dict[str, Opinion]], joins: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Opinion]]:
    """Those methods whose evidence is their own: all but the ones that join the vectors of others of them."""
    return {method: said for method, said in found.items() if not any(part in found for part in joins.get(method, ()))}


def skill(categories: Mapping[str, str], said: Mapping[str, Opinion]) -> float:
    """How much better a method's predictions are than always naming the largest category: 0 (or worse) to 1."""
    counts: dict[str, int] = defaultdict(int)
    for product_id in said:
        counts[categories[product_id]] += 1
    right = sum(opinion.category == categories[product_id] for product_id, opinion in said.items()) / len(said)
    chance = max(counts.values()) / len(said)
    return max(0.0, (right - chance) / (1 - chance)) if chance < 1 else 0.0


def suspects(categories: Mapping[str, str], found: Mapping[str, Mapping[str, Opinion]]) -> Iterator[dict[str, Any]]:
    """Rows of `suspects` from each product's category and each method's opinions: the worst quality first.

    `quality` is the mean probability of the product's category over the methods, each by its skill.
    """
    weights = {method: skill(categories, said) for method, said in found.items()}
    rows = []
    for product_id, category in categories.items():
        total = quality = 0.0
        methods = 0
        against: dict[str, list[float]] = defaultdict(list)
        for method, said in found.items():
            if product_id in said and weights[method] > 0:
                opinion, weight = said[product_id], weights[method]
                total, quality, methods = total + weight, quality + weight * opinion.own, methods + 1
                if opinion.category != category and opinion.confidence >= ODDS * opinion.own:
                    against[opinion.category].append(weight)
        if sum(map(sum, against.values())) > MAJORITY * total:
            suggested = max(against, key=lambda name: (sum(against[name]), name))
            rows.append((quality / total, product_id, category, suggested, len(against[suggested]), methods))
    names = ("quality", "product_id", "category", "suggested_category", "votes", "methods")
    for rank, row in enumerate(sorted(rows), start=1):
        yield dict(zip(names, row, strict=True), rank=rank)
