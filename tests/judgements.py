"""The made-up rows of all tables that judge and describe the groupings of a factory's store."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

Rows = list[dict[str, Any]]
Key = tuple[str, str]
"""Method and grouping."""
LABELS = (5, 10, 20, 50)
PERPLEXITIES = (5.0, 15.0, 30.0, 50.0)


@dataclass
class Study:
    """What the factory has made so far: the methods that ran, and each grouping with its scores."""

    products: Rows
    categories: Sequence[str]
    ran: list[str]
    rests_on: list[str] = field(default_factory=list)
    """The methods that the verdicts on text, image and both rest on."""
    judged: dict[str, str] = field(default_factory=dict)
    """The grouping that each method is judged by."""
    placed: dict[Key, list[tuple[str, int]]] = field(default_factory=dict)
    """Product and cluster, by grouping; cluster i stands for category i, one beyond them for none."""
    scores: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """By grouping and metric; empty without categories."""

    @property
    def embedded(self) -> list[str]:
        """The methods with vectors: not the joint graphs of several."""
        return [m for m in self.ran if not m.startswith("joint")]

    def judged_ari(self, method: str) -> float:
        """The method's ARI in the grouping it is judged by."""
        return self.scores[(method, self.judged[method], "ari")]


def keys(key: Key) -> dict[str, str]:
    """A grouping as the columns of a row."""
    return dict(zip(("method", "grouping"), key, strict=True))


def tables(study: Study) -> Iterator[tuple[str, Rows]]:
    """The name and rows of each table; those that compare with categories only where there are scores."""
    for key, placed in study.placed.items():
        yield from _groups(study, key, placed)
    yield from _estimates(study)
    yield (
        "duplicates",
        [
            {"product_id": "P0010", "duplicate_of": "P0003", "modality": "image", "match": "exact", "similarity": 1.0},
            {"product_id": "P0012", "duplicate_of": "P0005", "modality": "text", "match": "near", "similarity": 0.97},
            {"product_id": "P0016", "duplicate_of": "P0002", "modality": "text", "match": "exact", "similarity": 1.0},
            {"product_id": "P0018", "duplicate_of": "P0004", "modality": "image", "match": "near", "similarity": 0.91},
        ],
    )
    yield "map_scores", _maps(study)
    if study.scores:
        yield "comparisons", _comparisons(study)
        for method in study.embedded:
            yield from _supervised(study, method)
        yield "suspects", _suspects(study)
        yield "verdicts", _categories(study)
        if "bert" in study.ran:
            yield from _named(study)


def _groups(study: Study, key: Key, placed: list[tuple[str, int]]) -> Iterator[tuple[str, Rows]]:
    """What each group is: stability, name, terms and central products."""
    texts = {p["product_id"]: p["name"].lower().split() for p in study.products}
    everywhere = Counter(word for words in texts.values() for word in words if word.isalpha())
    for cluster in sorted({c for _, c in placed}):
        inside = [i for i, c in placed if c == cluster]
        here = Counter(word for i in inside for word in set(texts[i]) if word.isalpha())
        terms = sorted(here, key=lambda t: (-here[t] / everywhere[t] ** 0.5, t))[:8]
        row = {**keys(key), "cluster": cluster}
        yield "cluster_stability", [{**row, "stability": 0.5 + 0.07 * cluster, "resamples": 20}]
        yield "cluster_descriptions", [{**row, "name": ", ".join(terms[:3]) or None, "products": len(inside)}]
        yield (
            "cluster_terms",
            [
                {**row, "rank": n, "term": t, "weight": 1.0 / n, "fraction": here[t] / len(inside)}
                for n, t in enumerate(terms, start=1)
            ],
        )
        yield (
            "cluster_products",
            [
                {**row, "rank": n, "product_id": i, "similarity": 0.95 - 0.03 * n}
                for n, i in enumerate(inside[:6], start=1)
            ],
        )


def _estimates(study: Study) -> Iterator[tuple[str, Rows]]:
    """How many groups there are."""
    categories = len(study.categories) if study.scores else None
    for n, method in enumerate(study.ran):
        k = 7 + n % 2
        yield "k_estimates", [{"method": method, "k": k, "low": k - 1, "high": k + 1, "categories": categories}]
        if method not in study.embedded:
            continue
        fractions = {k - 1: 0.2, k: 0.6, k + 1: 0.2}
        yield "k_curves", [{"method": method, "k": size, "fraction": part} for size, part in fractions.items()]


def _maps(study: Study) -> Rows:
    made: Rows = []
    for method in study.embedded:
        ari = study.scores.get((method, "embedding", "ari"))
        for p, perplexity in enumerate(PERPLEXITIES):
            for seed in range(3):
                moved = 0.05 * (p % 3) + 0.03 * seed - 0.1
                values = {"silhouette": 0.4 + moved / 2, "trustworthiness": 0.93 + moved / 10}
                if ari is not None:
                    values |= {"ari": ari + moved, "ami": ari + moved + 0.02}
                made += [
                    {"method": method, "perplexity": perplexity, "seed": seed, "metric": metric, "value": value}
                    for metric, value in values.items()
                ]
    return made


def _comparisons(study: Study) -> Rows:
    """Each grouping with each that a verdict rests on. Corrected, a difference must be larger than its interval."""
    made: Rows = []
    for one, other in product(sorted(study.placed), [(m, study.judged[m]) for m in study.rests_on]):
        if one == other:
            continue
        for metric in ("ari", "ami"):
            difference = study.scores[(*one, metric)] - study.scores[(*other, metric)]
            made.append(
                {
                    **keys(one),
                    **{f"other_{name}": value for name, value in keys(other).items()},
                    "metric": metric,
                    "difference": difference,
                    "low": difference - 0.06,
                    "high": difference + 0.06,
                    "distinct": abs(difference) > 0.08,
                    "products": len(study.products) - 1,
                }
            )
    return made


def _supervised(study: Study, method: str) -> Iterator[tuple[str, Rows]]:
    """Ceilings, predictions and the learning curve of one method's vectors."""
    ari = study.judged_ari(method)
    best = 1 - (1 - max(ari, 0.0)) * 0.6
    products = len(study.products) - 1
    for probe, less in (("linear", 0.0), ("knn", 0.04)):
        values = {"ari": best - less, "ami": best - less, "accuracy": 0.1 + 0.9 * best - less, "macro_f1": best - less}
        yield "ceilings", [
            {"method": method, "probe": probe, "metric": metric, "value": value, "low": value - 0.03,
             "high": min(1.0, value + 0.03), "folds": 5, "products": products}
            for metric, value in values.items()
        ]  # fmt: skip
    found = dict(study.placed[(method, study.judged[method])])
    yield "predictions", [
        {"method": method, "product_id": p["product_id"], "probe": "linear",
         "predicted_category": study.categories[found[p["product_id"]]], "confidence": 0.8,
         "own_confidence": 0.8 if study.categories[found[p["product_id"]]] == p["category"] else 0.1}
        for p in study.products if p["category"] and p["product_id"] in found
    ]  # fmt: skip
    top = {"ari": best, "accuracy": 0.1 + 0.9 * best, "macro_f1": best}
    yield "learning_curves", [
        {"method": method, "labels": labels, "metric": metric, "value": limit * (1 - 1 / (1 + labels / 3)),
         "low": limit * (1 - 1 / (1 + labels / 3)) - 0.06 / labels**0.5,
         "high": limit * (1 - 1 / (1 + labels / 3)) + 0.06 / labels**0.5, "draws": 20, "products": products}
        for metric, limit in top.items() for labels in LABELS
    ]  # fmt: skip


def _suspects(study: Study) -> Rows:
    """The products that most methods put elsewhere, in the grouping each is judged by."""
    wrong: dict[str, list[str]] = {}
    category = {p["product_id"]: p["category"] for p in study.products}
    for method in study.ran:
        for product_id, cluster in study.placed[(method, study.judged[method])]:
            if category[product_id] not in (None, study.categories[cluster]):
                wrong.setdefault(product_id, []).append(study.categories[cluster])
    top = {i: max(sorted(set(votes)), key=votes.count) for i, votes in wrong.items()}
    disputed = sorted(wrong, key=lambda i: (-wrong[i].count(top[i]), i))[:12]
    return [
        {"product_id": i, "category": category[i], "suggested_category": top[i], "votes": wrong[i].count(top[i]),
         "methods": len(study.ran), "quality": 0.05 + 0.07 * rank, "rank": rank + 1}
        for rank, i in enumerate(disputed)
    ]  # fmt: skip


def _categories(study: Study) -> Rows:
    """A verdict per category; each of the four verdicts occurs."""
    method = next(m for m in ("joint", "joint-text") if m in study.ran)
    reasons = {
        "automate": "Nine in ten of its products are in one stable group.",
        "label": "Its group is not stable: some labels would settle it.",
        "merge": "Its products and those of another category lie together.",
        "split": "Its products fall into two groups, each of one sub-type.",
    }
    verdicts = list(reasons)
    return [
        {"scope": f"category:{category}", "method": method, "verdict": verdicts[n % 4],
         "reason": reasons[verdicts[n % 4]], "grouping": study.judged[method], "metric": "precision",
         "value": 0.5 + 0.06 * n, "low": 0.4 + 0.06 * n, "high": 0.6 + 0.06 * n, "feasible_from": 0.8,
         "infeasible_below": 0.5}
        for n, category in enumerate(study.categories)
    ]  # fmt: skip


def _named(study: Study) -> Iterator[tuple[str, Rows]]:
    """The named groups of bert: right for all but each ninth product."""
    wanted = [(n, p) for n, p in enumerate(study.products) if p["category"]]
    yield "named_groups", [
        {"method": "bert", "product_id": p["product_id"], "similarity": 0.41, "margin": 0.07,
         "category": study.categories[(n + (n % 9 == 8)) % len(study.categories)]}
        for n, p in wanted
    ]  # fmt: skip
    values = {"ari": 0.77, "ami": 0.8, "accuracy": 0.89, "macro_f1": 0.88}
    yield "named_scores", [
        {"method": "bert", "metric": metric, "value": value, "low": value - 0.03, "high": value + 0.03,
         "products": len(wanted)}
        for metric, value in values.items()
    ]  # fmt: skip
