"""Which labels are likely wrong: products whose category most methods dispute, by confident learning.

Each method's linear probe, which was trained without the product and its near-duplicates, gives the probability of the
label that the product has. This self-confidence is the label quality of Northcutt, Jiang & Chuang (2021, "Confident
learning") and of cleanlab. A method votes against a label where another category is MIN_ODDS times as probable. The
confident joint of the paper, with a threshold for each category, missed a quarter of the wrong labels that were planted
in five catalogues; the odds missed none (not repeatable). Both measures are simple enough to need no package.

The votes are weighted by the method's skill on this catalogue: (accuracy - chance) / (1 - chance), where chance is the
accuracy of always predicting the largest category. A method without skill does not vote. A method that joins the
vectors of others would count their evidence twice, so it votes only where none of them does.

Parts: `catalogue`, and `probes:<m>` of any number of methods. Parameters: `joins`, {method: [methods it joins]}.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.task import Work

PROBE = "linear"
"""Its probabilities are smooth. Those of ten neighbours have eleven values, and ranked planted errors less well (not
repeatable)."""
MIN_ODDS = 3.0
"""Odds against a label from which a method votes against it: "substantial" evidence begins there (Jeffreys 1961)."""
MAJORITY = 0.5
"""The votes against a suspect weigh more than this fraction of all votes on it."""


@dataclass(frozen=True)
class Prediction:
    """A method's predicted category of a product, its probability, and that of the product's own category."""

    category: str
    confidence: float
    own: float


def step(work: Work, *, joins: Mapping[str, Sequence[str]]) -> None:
    """Write `suspects`; `joins` names for the methods that join others' vectors which those are."""
    products = work.read("catalogue", "products", ["product_id", "category"]).to_pylist()
    categories = {p["product_id"]: p["category"] for p in products if p["category"] is not None}
    found: dict[str, dict[str, Prediction]] = {}
    for name in sorted(work.task.parts):
        if name.startswith("probes:"):
            rows = work.read(name, "predictions").to_pylist()
            predictions = {
                row["product_id"]: Prediction(row["predicted_category"], row["confidence"], row["own_confidence"])
                for row in rows
                # NULL where the probe had no product of that category to train on
                if row["probe"] == PROBE and row["own_confidence"] is not None
            }
            if predictions:
                found[name.removeprefix("probes:")] = predictions
    work.write("suspects", suspects(categories, voting(found, joins)))


def voting(
    found: dict[str, dict[str, Prediction]], joins: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Prediction]]:
    """The predictions of the methods that vote: all but those that join the vectors of another method of `found`."""
    return {
        method: predictions
        for method, predictions in found.items()
        if not any(joined in found for joined in joins.get(method, ()))
    }


def skill(categories: Mapping[str, str], predictions: Mapping[str, Prediction]) -> float:
    """How much better a method's predictions are than always the largest category: 0 (no better or worse) to 1.

    `predictions` must not be empty.
    """
    counts: dict[str, int] = defaultdict(int)
    for product_id in predictions:
        counts[categories[product_id]] += 1
    right = sum(p.category == categories[product_id] for product_id, p in predictions.items()) / len(predictions)
    chance = max(counts.values()) / len(predictions)
    return max(0.0, (right - chance) / (1 - chance)) if chance < 1 else 0.0


def suspects(categories: Mapping[str, str], found: Mapping[str, Mapping[str, Prediction]]) -> Iterator[dict[str, Any]]:
    """Rows of `suspects` from each product's category and each method's predictions: the lowest quality first.

    `quality`, 0 to 1, is the mean probability of the product's own category over the methods, weighted by their skill.
    `votes` are the methods that vote for the suggested category, of the `methods` that predicted the product.
    """
    weights = {method: skill(categories, predictions) for method, predictions in found.items()}
    rows = []
    for product_id, category in categories.items():
        total = quality = 0.0
        methods = 0
        against: dict[str, list[float]] = defaultdict(list)
        for method, predictions in found.items():
            if product_id in predictions and weights[method] > 0:
                prediction, weight = predictions[product_id], weights[method]
                total, quality, methods = total + weight, quality + weight * prediction.own, methods + 1
                if prediction.category != category and prediction.confidence >= MIN_ODDS * prediction.own:
                    against[prediction.category].append(weight)
        if sum(map(sum, against.values())) > MAJORITY * total:
            suggested = max(against, key=lambda name: (sum(against[name]), name))
            rows.append((quality / total, product_id, category, suggested, len(against[suggested]), methods))
    names = ("quality", "product_id", "category", "suggested_category", "votes", "methods")
    for rank, row in enumerate(sorted(rows), start=1):
        yield dict(zip(names, row, strict=True), rank=rank)
