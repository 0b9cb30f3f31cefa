"""Descriptions of groups: planted words and vectors are found again as terms, names and central products."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.grouping import descriptions
from ingestion.grouping.descriptions import Spelling, Term, bag_of_words, central_products, distinctive_terms, name_of
from store.root import Root
from tests.ingestion.steps import Rows, do, put, put_vectors

TITLES = {
    "c1": "Nordex Blue Baseball Caps",
    "c2": "Nordex Red Baseball Caps",
    "c3": "Velor Black Baseball Caps",
    "c4": "Velor White Cap",
    "m1": "Nordex Blue Washing Machine",
    "m2": "Nordex White Washing Machine 7kg",
    "m3": "Velor Red Washing Machine 8kg",
    "m4": "Velor Black Washing Machine",
}
GROUPS = {product_id: int(product_id.startswith("m")) for product_id in TITLES}
VECTORS = np.array([[1, 0], [1, 0.2], [1, -0.2], [1, 0.9], [0, 1], [0.2, 1], [-0.2, 1], [0.9, 1.0]])


def run(root: Root, reads: tuple[str, ...] = (), **changes: Any) -> dict[str, Rows]:
    titles = changes.get("titles", TITLES)
    tag = {"method": "m", "grouping": "embedding"}
    spelling = Spelling()
    texts = [{"product_id": i, "clean": spelling.lemmas(title)} for i, title in titles.items() if title]
    partitions = [{**tag, "product_id": i, "cluster": c} for i, c in changes.get("groups", GROUPS).items()]
    parts = [
        put(root, "catalogue", {"products": [{"product_id": i, "name": title} for i, title in titles.items()]}),
        put(root, "texts", {"texts": texts}),
        put(root, "clustering:m", {"partitions": partitions}),
    ]
    if "vectors" in reads:
        parts.append(put_vectors(root, changes.get("vector_source", "m"), list(TITLES), VECTORS))
    if "duplicates" in reads:
        duplicate = {"product_id": "c2", "duplicate_of": "c1", "modality": "text", "match": "near", "similarity": 0.9}
        parts.append(put(root, "duplicates", {"duplicates": [duplicate]}))
    sources = ["lost", changes.get("vector_source", "m")]
    return do(root, "descriptions:m", descriptions.step, parts, {"method": "m", "vector_sources": sources})


def test_a_group_is_named_by_its_terms_in_their_usual_spelling(tmp_path: Path) -> None:
    rows = run(Root(tmp_path))["cluster_descriptions"]
    assert [(row["cluster"], row["name"], row["products"]) for row in rows] == [
        (0, "caps, baseball", 4),
        (1, "washing machine", 4),
    ]


def test_terms_are_ranked_and_have_the_fraction_of_products(tmp_path: Path) -> None:
    rows = [row for row in run(Root(tmp_path))["cluster_terms"] if row["cluster"] == 1]
    assert (rows[0]["rank"], rows[0]["term"], rows[0]["fraction"]) == (1, "wash machine", 1.0)
    assert rows[0]["weight"] == pytest.approx(np.log(2))  # in one of two groups: its mean fraction is a half
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["weight"] for row in rows] == sorted((row["weight"] for row in rows), reverse=True)


def test_a_pair_of_words_is_listed_in_place_of_its_words(tmp_path: Path) -> None:
    terms = {row["term"] for row in run(Root(tmp_path))["cluster_terms"]}
    assert "wash machine" in terms
    assert not {"wash", "machine"} & terms


def test_a_term_of_all_groups_is_distinctive_of_none() -> None:
    groups = {"a": 0, "b": 0, "c": 1, "d": 1}
    found = distinctive_terms(bag_of_words({"a": "new mug", "b": "mug new", "c": "new hat", "d": "hat new"}), groups)
    assert [[t.term for t in found[g]] for g in (0, 1)] == [["mug"], ["hat"]]


def test_a_large_group_weighs_no_more_than_a_small_one() -> None:
    texts = {f"a{i}": "tie" for i in range(100)} | {f"b{i}": "sock" for i in range(4)}
    found = distinctive_terms(bag_of_words(texts), {i: int(i[0] == "b") for i in texts})
    assert found[0][0].weight == found[1][0].weight


def test_brands_are_terms_but_no_part_of_a_name() -> None:
    titles = {f"{brand}{i}": f"{brand} mug pack" for brand in ("aria", "corvo") for i in range(3)}
    titles |= {f"x{i}": f"word{i % 2} hat" for i in range(6)}
    groups = {i: int(i[0] == "x") for i in titles}
    assert {"aria", "corvo", "mug pack"} <= {t.term for t in distinctive_terms(bag_of_words(titles), groups)[0]}
    assert [t.term for t in distinctive_terms(bag_of_words(titles), groups, drop_openings=True)[0]] == ["mug pack"]


def test_sizes_and_packaging_are_no_part_of_a_name() -> None:
    titles = {f"a{i}": f"red{i} set mug {i}" for i in range(4)} | {f"b{i}": f"red{i} kg hat" for i in range(4)}
    terms = distinctive_terms(bag_of_words(titles), {i: int(i[0] == "b") for i in titles})
    assert [t.term for t in terms[1]] == ["kg hat"]
    assert [name_of(terms[g]) for g in (0, 1)] == [["mug"], ["hat"]]


def test_a_name_repeats_no_word_and_leaves_out_weak_terms() -> None:
    terms = [Term("tie", 1.0, 1.0), Term("silk tie", 0.5, 0.5), Term("red", 0.2, 0.2)]
    assert name_of(terms) == ["tie", "silk"]
    assert name_of([]) == []


def test_a_group_of_packs_is_still_named() -> None:
    assert name_of([Term("combo set", 1.0, 1.0), Term("cream", 0.2, 0.2), Term("soap", 0.01, 0.1)]) == ["cream"]


def test_central_products_are_ranked_by_mean_similarity(tmp_path: Path) -> None:
    rows = [row for row in run(Root(tmp_path), ("vectors",))["cluster_products"] if row["cluster"] == 0]
    unit = VECTORS[:4] / np.linalg.norm(VECTORS[:4], axis=1, keepdims=True)
    by_hand = dict(zip(TITLES, (unit @ unit.T).mean(1), strict=False))
    assert [row["product_id"] for row in rows] == sorted(by_hand, key=by_hand.__getitem__, reverse=True)
    assert {row["product_id"]: row["similarity"] for row in rows} == pytest.approx(by_hand, abs=1e-6)


def test_of_a_duplicate_group_only_the_most_central_is_listed(tmp_path: Path) -> None:
    shown = {row["product_id"] for row in run(Root(tmp_path), ("vectors", "duplicates"))["cluster_products"]}
    assert len(shown & {"c1", "c2"}) == 1
    assert len(shown) == len(TITLES) - 1


def test_duplicates_do_not_fill_the_list_of_ten() -> None:
    ids = [f"duplicate{i}" for i in range(20)] + [f"other{i}" for i in range(12)]
    unit = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (32, 1))
    ((_, rows),) = central_products(ids, unit, dict.fromkeys(ids, 0), np.array([0] * 20 + list(range(1, 13))))
    assert [row["rank"] for row in rows] == list(range(1, 11))
    assert sum(row["product_id"].startswith("duplicate") for row in rows) == 1


def test_a_method_without_vectors_uses_those_of_another(tmp_path: Path) -> None:
    assert "cluster_products" not in run(Root(tmp_path / "none"))
    written = run(Root(tmp_path / "other"), ("vectors",), vector_source="other")
    assert len(written["cluster_products"]) == len(TITLES)


def test_without_texts_a_group_has_central_products_but_no_name(tmp_path: Path) -> None:
    written = run(Root(tmp_path), ("vectors",), titles=dict.fromkeys(TITLES))
    assert [row["name"] for row in written["cluster_descriptions"]] == [None, None]
    assert "cluster_terms" not in written
    assert len(written["cluster_products"]) == len(TITLES)


def test_without_titles_the_name_comes_from_the_texts(tmp_path: Path) -> None:
    root, spelling = Root(tmp_path), Spelling()
    tag = {"method": "m", "grouping": "embedding"}
    partitions = [{**tag, "product_id": i, "cluster": c} for i, c in GROUPS.items()]
    reads = [
        put(root, "catalogue", {"products": [{"product_id": i} for i in TITLES]}),
        put(root, "texts", {"texts": [{"product_id": i, "clean": spelling.lemmas(t)} for i, t in TITLES.items()]}),
        put(root, "clustering:m", {"partitions": partitions}),
    ]
    written = do(root, "descriptions:m", descriptions.step, reads, {"method": "m", "vector_sources": ["m"]})
    assert [row["name"] for row in written["cluster_descriptions"]] == ["cap, baseball", "wash machine"]


def test_two_products_are_described_without_an_error(tmp_path: Path) -> None:
    written = run(Root(tmp_path), titles={"c1": "Cap", "m1": "Mug"}, groups={"c1": 0, "m1": 1})
    assert [(row["name"], row["products"]) for row in written["cluster_descriptions"]] == [(None, 1), (None, 1)]
