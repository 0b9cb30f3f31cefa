"""What the study finds in the catalogue itself: labels that most methods dispute."""

from collections import Counter, defaultdict
from typing import Any

from ingestion.task import Work

LEAST_SHARE = 0.5
"""A suspect is disputed in favour of one other category by more than this share of the methods that placed it."""
LEAST_METHODS = 2


def step(work: Work) -> None:
    """Write `suspects`."""
    rule = work.task.parameters["verdict"]
    products = work.read("catalogue", "products", ["product_id", "category"]).to_pylist()
    placed: dict[str, list[str]] = defaultdict(list)
    for name in work.task.parts:
        if name.startswith("scoring:"):
            for row in work.read(name, "clusters").to_pylist():
                if (row["algorithm"], row["space"]) == (rule["algorithm"], rule["space"]) and row["matched_category"]:
                    placed[row["product_id"]].append(row["matched_category"])
    work.write("suspects", suspects({p["product_id"]: p["category"] for p in products}, placed))


def suspects(categories: dict[str, str | None], placed: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Rows of `suspects`: products that most methods put in one category other than their own, most votes first."""
    found = []
    for product_id, category in categories.items():
        votes = Counter(placed.get(product_id, []))
        methods = votes.total()
        if category is None or methods < LEAST_METHODS:
            continue
        suggested, count = max(votes.items(), key=lambda item: (item[1], item[0]))
        if suggested != category and count > LEAST_SHARE * methods:
            found.append((-count / methods, -count, product_id, category, suggested, count, methods))
    names = ("product_id", "category", "suggested_category", "votes", "methods")
    return [dict(zip(names, row[2:], strict=True), rank=rank) for rank, row in enumerate(sorted(found), start=1)]
