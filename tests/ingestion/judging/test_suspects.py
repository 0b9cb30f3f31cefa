"""Suspects: who is one, whose word counts, and whether wrong labels that were planted are found."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from ingestion.config import Config
from ingestion.features.base import Inputs, Method, Picture, Text, Vectors
from ingestion.features.count import Count
from ingestion.features.tfidf import Tfidf
from ingestion.judging import probes
from ingestion.judging import suspects as module
from ingestion.judging.suspects import Opinion, skill, suspects, voices
from ingestion.pipeline import ingest as pipeline
from ingestion.reading.texts import clean
from ingestion.sample import catalogue as sample
from ingestion.sample import texts as sample_words
from store.root import Root
from tests.fakes import FakeSettings, FakeText
from tests.ingestion.shop import ask
from tests.ingestion.steps import Rows, do, put, put_vectors

SURE = Opinion("B", 0.9, 0.05)


def backdrop() -> tuple[dict[str, str], dict[str, Opinion]]:
    """Ten products that every method has right, so that all have the same skill."""
    categories = {f"right{at}": "AB"[at % 2] for at in range(10)}
    return categories, {i: Opinion(c, 0.9, 0.9) for i, c in categories.items()}


def listed(
    opinions: Mapping[str, list[Opinion]], weak: Mapping[str, Opinion] | None = None
) -> dict[str, dict[str, Any]]:
    """Rows of `suspects` by product, all of category A, from what the methods say; `weak` is one more method."""
    categories, base = backdrop()
    categories |= dict.fromkeys(opinions, "A")
    said = [{i: found[at] for i, found in opinions.items() if at < len(found)} for at in range(5)]
    found: dict[str, Mapping[str, Opinion]] = {f"m{at}": {**base, **part} for at, part in enumerate(said) if part}
    if weak is not None:
        found["weak"] = weak
    return {row["product_id"]: row for row in suspects(categories, found)}


def test_a_suspect_is_disputed_by_most_methods() -> None:
    agreed = Opinion("A", 0.9, 0.9)
    rows = listed({"most": [SURE, SURE, agreed], "half": [SURE, agreed], "few": [SURE, agreed, agreed]})
    assert set(rows) == {"most"}
    row = rows["most"]
    assert (row["category"], row["suggested_category"], row["votes"], row["methods"]) == ("A", "B", 2, 3)


def test_a_method_that_is_in_two_minds_disputes_nothing() -> None:
    assert set(listed({"unsure": [Opinion("B", 0.5, 0.2)], "sure": [Opinion("B", 0.7, 0.2)]})) == {"sure"}


def test_methods_that_dispute_a_label_for_different_categories_count_together_and_most_are_followed() -> None:
    row = listed({"p": [Opinion("C", 0.9, 0.01), SURE, SURE]})["p"]
    assert (row["suggested_category"], row["votes"], row["methods"]) == ("B", 2, 3)


def test_the_quality_is_the_mean_probability_of_the_label_and_the_worst_comes_first() -> None:
    rows = listed({"bad": [Opinion("B", 0.9, 0.1)], "worse": [SURE], "b": [SURE], "worst": [Opinion("B", 1.0, 0.0)]})
    assert [(i, row["rank"]) for i, row in rows.items()] == [("worst", 1), ("b", 2), ("worse", 3), ("bad", 4)]
    assert [row["quality"] for row in rows.values()] == pytest.approx([0.0, 0.05, 0.05, 0.1])


def test_a_method_that_knows_nothing_is_not_heard() -> None:
    categories, _ = backdrop()
    blind = {i: Opinion("B", 0.9, 0.05 if c == "A" else 0.9) for i, c in {**categories, "p": "A"}.items()}
    assert listed({"p": [Opinion("A", 0.9, 0.9)]}, weak=blind) == {}
    assert listed({"p": [SURE]}, weak=blind)["p"]["methods"] == 1


def test_a_weak_method_counts_less_than_a_strong_one() -> None:
    _, base = backdrop()
    weak = {**base, **{i: Opinion("B", 0.9, 0.05) for i in ("right0", "right2", "right4")}, "p": SURE}
    rows = listed({"p": [Opinion("A", 0.9, 0.9)]}, weak=weak)
    assert "p" not in rows
    rows = listed({"p": [SURE]}, weak={**weak, "p": Opinion("A", 0.9, 0.9)})
    assert rows["p"]["quality"] < (0.05 + 0.9) / 2


def test_skill_is_nought_for_naming_the_largest_category_and_one_for_being_right() -> None:
    categories = {"a": "A", "b": "A", "c": "A", "d": "B"}
    assert skill(categories, {i: Opinion("A", 1, 1) for i in categories}) == 0
    assert skill(categories, {i: Opinion("B", 1, 1) for i in categories}) == 0
    assert skill(categories, {i: Opinion(c, 1, 1) for i, c in categories.items()}) == 1
    assert skill({"a": "A"}, {"a": Opinion("A", 1, 1)}) == 0


def test_a_method_that_joins_others_is_heard_only_where_they_are_not() -> None:
    said = {"p": SURE}
    joins = {"fusion": ["bert", "cnn"]}
    assert set(voices({"bert": said, "cnn": said, "fusion": said}, joins)) == {"bert", "cnn"}
    assert set(voices({"sift": said, "fusion": said}, joins)) == {"sift", "fusion"}


def test_the_step_reads_the_linear_probe_of_every_method(tmp_path: Path) -> None:
    root = Root(tmp_path)
    categories, base = backdrop()
    products = [{"product_id": i, "category": c} for i, c in {**categories, "p": "A", "q": None, "r": "A"}.items()]

    def predictions(method: str, probe: str, category: str) -> Rows:
        said = {**base, "p": Opinion(category, 0.9, 0.05 if category == "B" else 0.9)}
        rows: Rows = [
            {"product_id": i, "predicted_category": o.category, "confidence": o.confidence, "own_confidence": o.own}
            for i, o in said.items()
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
    """Share of the planted wrong labels among the first twice as many suspects."""
    catalogue = put(root, "catalogue", {"products": [{"product_id": i, "category": c} for i, c in labels.items()]})
    copies = put(root, "duplicates", {"duplicates": []})
    read = [catalogue]
    for method, (ids, found) in vectors.items():
        reads = [catalogue, copies, put_vectors(root, method, ids, found)]
        written = do(root, f"probes:{method}", probes.step, reads, {"method": method})
        read.append(put(root, f"probes:{method}", {"predictions": written["predictions"]}))
    rows = do(root, "suspects", module.step, read, {"joins": {"fusion": ["bert", "cnn"]}})["suspects"]
    return len(planted & {row["product_id"] for row in rows[: 2 * len(planted)]}) / len(planted)


def embedded(method: Method, texts: list[Text]) -> tuple[list[str], Vectors]:
    def nothing() -> Iterator[Picture]:
        return iter(())

    inputs = Inputs(lambda: iter(texts), len(texts), nothing, 0, lambda _: ([], np.zeros((0, 1), np.float32)))
    batches = list(method.embed(method.resolve(), inputs, lambda done, total: None))
    return [i for b in batches for i in b.product_ids], np.concatenate([b.vectors for b in batches])


@pytest.mark.parametrize("seed", range(3))
def test_wrong_labels_of_the_sample_are_found_by_its_words_alone(tmp_path: Path, seed: int) -> None:
    products, planted = sample.plan(seed)
    texts = []
    for product in products:
        brand = product.brand or sample_words.BRANDS[0]
        words = sample_words.write(
            product.category, product.sub_type, product.colour, brand, Random(f"{seed}/{product.id}")
        )
        texts.append(Text(product.id, " ".join(words), clean(" ".join(words))))
    methods = (Count(Count.Settings()), Tfidf(Tfidf.Settings()), FakeText(FakeSettings(dimensions=64)))
    vectors = {method.name: embedded(method, texts) for method in methods}
    labels = {product.id: product.label for product in products}
    assert found_early(Root(tmp_path), labels, set(planted.wrong_labels), vectors) >= 0.8


@pytest.mark.models
def test_wrong_labels_of_the_sample_are_found_by_its_words_and_pictures(tmp_path: Path) -> None:
    made = sample.make(tmp_path / "sample", seed=3)
    methods = ("tfidf", "bert", "use", "cnn", "fusion")
    study = {
        "methods": methods,
        "seeds": 1,
        "reducers": ["pca"],
        "manifold_dimensions": 500,
    }  # no UMAP: only vectors are wanted
    config = Config.model_validate({"study": study})
    pipeline.ingest(made.catalogue, made.images, tmp_path / "store", config)
    vectors = {}
    for method in methods:
        ids, found = zip(*ask(tmp_path / "store", f"SELECT product_id, vector FROM embedding_{method}"), strict=True)
        vectors[method] = list(ids), np.array(found, dtype=np.float32)
    labels = dict(ask(tmp_path / "store", "SELECT product_id, category FROM products"))
    assert found_early(Root(tmp_path / "parts"), labels, set(made.truth.wrong_labels), vectors) >= 0.8
