"""What the study finds in the catalogue: disputed labels."""

from pathlib import Path

from ingestion import findings
from ingestion.config import Config
from ingestion.findings import suspects
from store.root import Root
from tests.ingestion.steps import do, put

RULE = {"verdict": Config().verdict.model_dump(mode="json")}


def test_a_suspect_is_put_in_one_other_category_by_more_than_half_of_the_methods() -> None:
    placed = {
        "disputed": ["B", "B", "A"],
        "half": ["B", "B", "A", "A"],
        "scattered": ["B", "C", "D"],
        "undisputed": ["A", "A", "A"],
    }
    assert suspects(dict.fromkeys(placed, "A"), placed) == [
        {
            "product_id": "disputed",
            "category": "A",
            "suggested_category": "B",
            "votes": 2,
            "methods": 3,
            "rank": 1,
        }
    ]


def test_one_method_alone_disputes_nothing() -> None:
    assert suspects({"p": "A"}, {"p": ["B"]}) == []


def test_a_product_without_a_category_or_without_a_place_is_no_suspect() -> None:
    assert suspects({"p": None, "q": "A"}, {"p": ["B", "B"]}) == []


def test_the_most_disputed_come_first_and_ties_by_product() -> None:
    placed = {"d": ["B", "B", "A"], "c": ["B", "B"], "b": ["B", "B"], "a": ["B", "B", "B"]}
    ranked = suspects(dict.fromkeys(placed, "A"), placed)
    assert [(row["rank"], row["product_id"]) for row in ranked] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_the_step_reads_the_declared_grouping_of_every_method(tmp_path: Path) -> None:
    root = Root(tmp_path)
    products = [{"product_id": i, "category": c} for i, c in (("p", "A"), ("q", "A"), ("r", None))]

    def placed(method: str, space: str, category: str) -> dict[str, object]:
        tag = {"method": method, "algorithm": "kmeans", "space": space}
        return {**tag, "product_id": "p", "cluster": 0, "matched_category": category}

    reads = [
        put(root, "catalogue", {"products": products}),
        put(root, "scoring:one", {"clusters": [placed("one", "manifold", "B"), placed("one", "map", "A")]}),
        put(root, "scoring:two", {"clusters": [placed("two", "manifold", "B"), placed("two", "full", "A")]}),
    ]
    written = do(root, "findings", findings.step, reads, RULE)
    assert [(r["product_id"], r["suggested_category"], r["votes"], r["methods"]) for r in written["suspects"]] == [
        ("p", "B", 2, 2)
    ]
