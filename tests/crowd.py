"""A made-up store of very many groups, with only what the pages on groups and categories read."""

from pathlib import Path
from typing import Any

from store import snapshot, tables
from store.parts import Part, PartWriter, finish
from store.root import Root

WHERE = {"method": "tfidf", "grouping": "manifold"}
PRODUCTS = 4
"""Products of each category."""


def make_crowd(folder: Path, groups: int) -> Root:
    """Publish a snapshot of one method with that many groups (an even number), each matched to a category.

    Group 7 is matched to the category 'Aisle 0007' and named 'thing7'. Of each category of an odd number one product
    is in the group before; of the last one two. So the last but one group has the most misplaced products.
    """
    root = Root(folder)
    key = f"crowd-{groups}"
    names = [f"Aisle {g:04d}" for g in range(groups)]
    placed = [g - (g % 2 and n < 1 + (g == groups - 1)) for g in range(groups) for n in range(PRODUCTS)]
    truth = [i // PRODUCTS for i in range(len(placed))]
    ids = [f"P{i:05d}" for i in range(len(placed))]
    cells: dict[tuple[int, int], int] = {}
    for cell in zip(truth, placed, strict=True):
        cells[cell] = cells.get(cell, 0) + 1
    made: dict[str, list[dict[str, Any]]] = {
        "products": [
            {"product_id": i, "name": f"Thing {i}", "description": None, "category": names[t], "category_path": None,
             "image_path": None, "brand": None, "price": None, "attributes": None, "catalogue_row": n}
            for n, (i, t) in enumerate(zip(ids, truth, strict=True), start=1)
        ],
        "models": [{
            "method": "tfidf", "modality": "text", "model": "TF-IDF", "source": "fitted here", "licence": None,
            "sha256": None, "dimensions": 8, "parameters": "{}", "status": "ran", "detail": None,
            "products": len(ids),
        }],
        "judged_groupings": [{**WHERE, "metric": "ari"}],
        "scores": [{**WHERE, "metric": "ari", "value": 0.8, "low": 0.7, "high": 0.9, "chance": 0.0,
                    "products": len(ids)}],
        "clusters": [
            {**WHERE, "product_id": i, "cluster": g, "matched_category": names[g], "found_again": 0.9, "placed": False}
            for i, g in zip(ids, placed, strict=True)
        ],
        "projections": [
            {"method": "tfidf", "reducer": "pca", "product_id": i, "x": t % 37 + n % 4 / 9, "y": t / 9 + n % 3 / 9}
            for n, (i, t) in enumerate(zip(ids, truth, strict=True))
        ],
        "confusions": [
            {**WHERE, "category": names[t], "cluster": g, "matched_category": names[g], "products": count}
            for (t, g), count in cells.items()
        ],
        "cluster_descriptions": [
            {**WHERE, "cluster": g, "name": f"thing{g}", "products": placed.count(g)} for g in range(groups)
        ],
        "cluster_terms": [
            {**WHERE, "cluster": g, "rank": 1, "term": f"term{g}", "weight": 1.0, "fraction": 1.0}
            for g in range(groups)
        ],
        "cluster_stability": [
            {**WHERE, "cluster": g, "stability": 1 - g / groups, "resamples": 20} for g in range(groups)
        ],
        "category_scores": [
            {**WHERE, "category": name, "precision": 0.8, "recall": 0.75, "f1": 0.77, "products": PRODUCTS,
             "confused_with": None, "confused_fraction": None, "neighbour_purity": 0.5, "silhouette": 0.1,
             "stability": 0.7, "precision_error": 0.03, "recall_error": 0.04}
            for name in names
        ],
    }  # fmt: skip
    with PartWriter(root, key) as writer:
        for table, rows in made.items():
            writer.write(tables.table(table), rows)
    snapshot.publish(root, [finish(root, Part(key, "factory", 1.0, 100.0, writer.files()))])
    return root
