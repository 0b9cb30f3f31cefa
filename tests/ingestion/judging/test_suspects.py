"""Suspects: which products are, which methods vote, and whether planted wrong labels are found."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from ingestion.config import Config
from ingestion.features.base import Inputs, Method, Text, Vectors
from ingestion.features.count import Count
from ingestion.features.tfidf import Tfidf
from ingestion.judging import probes
from ingestion.judging import suspects as module
from ingestion.judging.suspects import Prediction, skill, suspects, voting
from ingestion.pipeline import ingest as pipeline
from ingestion.reading.texts import clean
from ingestion.sample import catalogue as sample
from ingestion.sample import texts as sample_words
from store.root import Root
from tests.fakes import FakeSettings, FakeText
from tests.ingestion.shop import ask
from tests.ingestion.steps import Rows, do, put, put_vectors

SURE = Prediction("B", 0.9, 0.05)


def background() -> tuple[dict[str, str], dict[str, Prediction]]:
    """Ten products that every method has right, so that all have the same skill."""
    categories = {f"right{at}": "AB"[at % 2] for at in range(10)}
    return categories, {i: Prediction(c, 0.9, 0.9) for i, c in categories.items()}


def listed(
    predictions: Mapping[str, list[Prediction]], weak: Mapping[str, Prediction] | None = None
) -> dict[str, dict[str, Any]]:
    """Rows of `suspects` by product, all of category A, from the methods' predictions; `weak` is one more method."""
    categories, base = background()
    categories |= dict.fromkeys(predictions, "A")
    parts = [{i: found[at] for i, found in predictions.items() if at < len(found)} for at in range(5)]
    found: dict[str, Mapping[str, Prediction]] = {f"m{at}": {**base, **part} for at, part in enumerate(parts) if part}
    if weak is not None:
        found["weak"] = weak
    return {row["product_id"]: row for row in suspects(categories, found)}


def test_a_suspect_is_disputed_by_most_methods() -> None:
    agreed = Prediction("A", 0.9, 0.9)
    rows = listed({"most": [SURE, SURE, agreed], "half": [SURE, agreed], "few": [SURE, agreed, agreed]})
    assert set(rows) == {"most"}
    row = rows["most"]
    assert (row["category"], row["suggested_category"], row["votes"], row["methods"]) == ("A", "B", 2, 3)


def test_a_method_without_clear_odds_disputes_nothing() -> None:
    assert set(listed({"unsure": [Prediction("B", 0.5, 0.2)], "sure": [Prediction("B", 0.7, 0.2)]})) == {"sure"}


def test_votes_for_several_categories_count_together() -> None:
    row = listed({"p": [Prediction("C", 0.9, 0.01), SURE, SURE]})["p"]
    assert (row["suggested_category"], row["votes"], row["methods"]) == ("B", 2, 3)


def test_the_lowest_mean_probability_of_a_label_comes_first() -> None:
    rows = listed(
        {"bad": [Prediction("B", 0.9, 0.1)], "worse": [SURE], "b": [SURE], "worst": [Prediction("B", 1.0, 0.0)]}
    )
    assert [(i, row["rank"]) for i, row in rows.items()] == [("worst", 1), ("b", 2), ("worse", 3), ("bad", 4)]
    assert [row["quality"] for row in rows.values()] == pytest.approx([0.0, 0.05, 0.05, 0.1])


def test_a_method_without_skill_does_not_vote() -> None:
    categories, _ = background()
    blind = {i: Prediction("B", 0.9, 0.05 if c == "A" else 0.9) for i, c in {**categories, "p": "A"}.items()}
    assert listed({"p": [Prediction("A", 0.9, 0.9)]}, weak=blind) == {}
    assert listed({"p": [SURE]}, weak=blind)["p"]["methods"] == 1


def test_a_weak_method_weighs_less_than_a_strong_one() -> None:
    _, base = background()
    weak = {**base, **{i: Prediction("B", 0.9, 0.05) for i in ("right0", "right2", "right4")}, "p": SURE}
    rows = listed({"p": [Prediction("A", 0.9, 0.9)]}, weak=weak)
    assert "p" not in rows
    rows = listed({"p": [SURE]}, weak={**weak, "p": Prediction("A", 0.9, 0.9)})
    assert rows["p"]["quality"] < (0.05 + 0.9) / 2


def test_skill_is_0_for_the_largest_category_and_1_if_right() -> None:
    categories = {"a": "A", "b": "A", "c": "A", "d": "B"}
    assert skill(categories, {i: Prediction("A", 1, 1) for i in categories}) == 0
    assert skill(categories, {i: Prediction("B", 1, 1) for i in categories}) == 0
    assert skill(categories, {i: Prediction(c, 1, 1) for i, c in categories.items()}) == 1
    assert skill({"a": "A"}, {"a": Prediction("A", 1, 1)}) == 0


def test_a_method_that_joins_others_votes_only_without_them() -> None:
    sure = {"p": SURE}
    joins = {"fusion": ["bert", "cnn"]}
    assert set(voting({"bert": sure, "cnn": sure, "fusion": sure}, joins)) == {"bert", "cnn"}
    assert set(voting({"sift": sure, "fusion": sure}, joins)) == {"sift", "fusion"}


def test_the_step_reads_the_linear_probe_of_every_method(tmp_path: Path) -> None:
    root = Root(tmp_path)
    categories, base = background()
    products = [{"product_id": i, "category": c} for i, c in {**categories, "p": "A", "q": None, "r": "A"}.items()]

    def predictions(method: str, probe: str, category: str) -> Rows:
        found = {**base, "p": Prediction(category, 0.9, 0.05 if category == "B" else 0.9)}
        rows: Rows = [
            {"product_id": i, "predicted_category": o.category, "confidence": o.confidence, "own_confidence": o.own}
            for i, o in found.items()
        ]
        rows.append({"product_id": "r", "predicted_category": "B", "confidence": 1.0, "own_confidence": None})
        return [{"method": method, "probe": probe, **row} for row in rows]

    reads = [
        put(root, "catalogue", {"products": products}),
        put(root, "probes:one", {"predictions": predictions("one", "linear", "B") + predictions("one", "knn", "A")}),
        put(root, "probes:two", {"predictions": predictions("two", "linear", "B") + predictions("two", "knn", "A")}),
        put(root, "probes:none", {}),
    ]
    rows = do(root, "suspects", module.step, reads, {"joins": {}})["suspects"]
    assert [(r["product_id"], r["suggested_category"], r["votes"], r["methods"]) for r in rows] == [("p", "B", 2, 2)]
    assert do(root, "suspects", module.step, reads[:1], {"joins": {}}) == {}


def found_early(
    root: Root, labels: dict[str, str], planted: set[str], vectors: dict[str, tuple[list[str], Vectors]]
) -> float:
    """Fraction of the planted wrong labels among twice as many first suspects."""
    catalogue = put(root, "catalogue", {"products": [{"product_id": i, "category": c} for i, c in labels.items()]})
    duplicates = put(root, "duplicates", {"duplicates": []})
    read = [catalogue]
    for method, (ids, found) in vectors.items():
        reads = [catalogue, duplicates, put_vectors(root, method, ids, found)]
        written = do(root, f"probes:{method}", probes.step, reads, {"method": method})
        read.append(put(root, f"probes:{method}", {"predictions": written["predictions"]}))
    rows = do(root, "suspects", module.step, read, {"joins": {"fusion": ["bert", "cnn"]}})["suspects"]
    return len(planted & {row["product_id"] for row in rows[: 2 * len(planted)]}) / len(planted)


def embedded(method: Method, texts: list[Text]) -> tuple[list[str], Vectors]:
    inputs = Inputs(lambda: iter(texts), len(texts), lambda: iter(()), 0, lambda _: ([], np.zeros((0, 1), np.float32)))
    batches = list(method.embed(method.resolve(), inputs, lambda done, total: None))
    return [i for b in batches for i in b.product_ids], np.concatenate([b.vectors for b in batches])


@pytest.mark.parametrize("seed", range(3))
def test_wrong_labels_of_the_sample_are_found_by_texts(tmp_path: Path, seed: int) -> None:
    products, planted = sample.plan(seed)
    texts = []
    for product in products:
        brand = product.brand or sample_words.BRANDS[0]
        wording = sample_words.WORDING[product.category]
        words = sample_words.write(wording, product.sub_type, product.colour, brand, Random(f"{seed}/{product.id}"))
        texts.append(Text(product.id, " ".join(words), clean(" ".join(words))))
    methods = (Count(Count.Settings()), Tfidf(Tfidf.Settings()), FakeText(FakeSettings(dimensions=64)))
    vectors = {method.name: embedded(method, texts) for method in methods}
    labels = {product.id: product.label for product in products}
    assert found_early(Root(tmp_path), labels, set(planted.wrong_labels), vectors) >= 0.8


@pytest.mark.models
def test_wrong_labels_of_the_sample_are_found_by_all_methods(tmp_path: Path) -> None:
    made = sample.make(tmp_path / "sample", seed=3)
    methods = ("tfidf", "bert", "use", "cnn", "fusion")
    study = {
        "methods": methods,
        "reducers": ["pca"],
    }  # only vectors are wanted
    config = Config.model_validate({"study": study})
    pipeline.ingest(made.catalogue, made.images, tmp_path / "store", config)
    vectors = {}
    for method in methods:
        ids, found = zip(*ask(tmp_path / "store", f"SELECT product_id, vector FROM embedding_{method}"), strict=True)
        vectors[method] = list(ids), np.array(found, dtype=np.float32)
    labels = dict(ask(tmp_path / "store", "SELECT product_id, category FROM products"))
    assert found_early(Root(tmp_path / "parts"), labels, set(made.truth.wrong_labels), vectors) >= 0.8
