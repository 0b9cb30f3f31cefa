"""What a group is said to be: planted words and planted vectors must come back as terms, names and central products."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.grouping import descriptions
from ingestion.grouping.descriptions import Spelling, Term, central, gather, name, telling
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
    tag = {"method": "m", "algorithm": "kmeans", "space": "full"}
    spelling = Spelling()
    texts = [{"product_id": i, "clean": spelling.lemmas(title)} for i, title in titles.items() if title]
    partitions = [{**tag, "seed": 0, "product_id": i, "cluster": c} for i, c in changes.get("groups", GROUPS).items()]
    parts = [
        put(root, "catalogue", {"products": [{"product_id": i, "name": title} for i, title in titles.items()]}),
        put(root, "texts", {"texts": texts}),
        put(root, "clustering:m", {"partitions": partitions}),
    ]
    if "vectors" in reads:
        parts.append(put_vectors(root, changes.get("lender", "m"), list(TITLES), VECTORS))
    if "duplicates" in reads:
        copy = {"product_id": "c2", "duplicate_of": "c1", "modality": "text", "match": "near", "similarity": 0.9}
        parts.append(put(root, "duplicates", {"duplicates": [copy]}))
    sources = ["lost", changes.get("lender", "m")]
    return do(root, "descriptions:m", descriptions.step, parts, {"method": "m", "vector_sources": sources})


def test_a_group_is_named_by_what_its_products_are_as_people_write_it(tmp_path: Path) -> None:
    rows = run(Root(tmp_path))["cluster_descriptions"]
    assert [(row["cluster"], row["name"], row["products"]) for row in rows] == [
        (0, "caps, baseball", 4),
        (1, "washing machine", 4),
    ]


def test_a_groups_terms_are_ranked_with_the_share_of_products_that_have_them(tmp_path: Path) -> None:
    rows = [row for row in run(Root(tmp_path))["cluster_terms"] if row["cluster"] == 1]
    assert (rows[0]["rank"], rows[0]["term"], rows[0]["fraction"]) == (1, "wash machine", 1.0)
    assert rows[0]["weight"] == pytest.approx(np.log(2))  # in one of two groups: its mean share is a half
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["weight"] for row in rows] == sorted((row["weight"] for row in rows), reverse=True)


def test_a_pair_of_words_that_stand_together_is_listed_once_and_not_as_its_words(tmp_path: Path) -> None:
    terms = {row["term"] for row in run(Root(tmp_path))["cluster_terms"]}
    assert "wash machine" in terms
    assert not {"wash", "machine"} & terms


def test_what_all_groups_share_tells_of_none() -> None:
    groups = {"a": 0, "b": 0, "c": 1, "d": 1}
    found = telling(gather({"a": "new mug", "b": "mug new", "c": "new hat", "d": "hat new"}), groups)
    assert [[t.term for t in found[g]] for g in (0, 1)] == [["mug"], ["hat"]]


def test_a_large_group_weighs_no_more_than_a_small_one() -> None:
    texts = {f"a{i}": "tie" for i in range(100)} | {f"b{i}": "sock" for i in range(4)}
    found = telling(gather(texts), {i: int(i[0] == "b") for i in texts})
    assert found[0][0].weight == found[1][0].weight


def test_makers_are_terms_but_no_names() -> None:
    titles = {f"{brand}{i}": f"{brand} mug pack" for brand in ("aria", "corvo") for i in range(3)}
    titles |= {f"x{i}": f"word{i % 2} hat" for i in range(6)}
    groups = {i: int(i[0] == "x") for i in titles}
    assert {"aria", "corvo", "mug pack"} <= {t.term for t in telling(gather(titles), groups)[0]}
    assert [t.term for t in telling(gather(titles), groups, kinds=True)[0]] == ["mug pack"]


def test_sizes_and_packaging_are_no_part_of_a_name() -> None:
    titles = {f"a{i}": f"red{i} set mug {i}" for i in range(4)} | {f"b{i}": f"red{i} kg hat" for i in range(4)}
    terms = telling(gather(titles), {i: int(i[0] == "b") for i in titles})
    assert [t.term for t in terms[1]] == ["kg hat"]
    assert [name(terms[g]) for g in (0, 1)] == [["mug"], ["hat"]]


def test_a_name_repeats_no_word_and_stops_where_terms_stop_telling() -> None:
    terms = [Term("tie", 1.0, 1.0), Term("silk tie", 0.5, 0.5), Term("red", 0.2, 0.2)]
    assert name(terms) == ["tie", "silk"]
    assert name([]) == []


def test_a_group_of_packs_is_still_named() -> None:
    assert name([Term("combo set", 1.0, 1.0), Term("cream", 0.2, 0.2), Term("soap", 0.01, 0.1)]) == ["cream"]


def test_the_most_central_products_come_first_by_mean_similarity_to_the_group(tmp_path: Path) -> None:
    rows = [row for row in run(Root(tmp_path), ("vectors",))["cluster_products"] if row["cluster"] == 0]
    unit = VECTORS[:4] / np.linalg.norm(VECTORS[:4], axis=1, keepdims=True)
    by_hand = dict(zip(TITLES, (unit @ unit.T).mean(1), strict=False))
    assert [row["product_id"] for row in rows] == sorted(by_hand, key=by_hand.__getitem__, reverse=True)
    assert {row["product_id"]: row["similarity"] for row in rows} == pytest.approx(by_hand, abs=1e-6)


def test_of_copies_only_the_most_central_is_shown(tmp_path: Path) -> None:
    shown = {row["product_id"] for row in run(Root(tmp_path), ("vectors", "duplicates"))["cluster_products"]}
    assert len(shown & {"c1", "c2"}) == 1
    assert len(shown) == len(TITLES) - 1


def test_copies_do_not_keep_others_from_the_list_of_ten() -> None:
    ids = [f"copy{i}" for i in range(20)] + [f"other{i}" for i in range(12)]
    unit = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (32, 1))
    ((_, rows),) = central(ids, unit, dict.fromkeys(ids, 0), np.array([0] * 20 + list(range(1, 13))))
    assert [row["rank"] for row in rows] == list(range(1, 11))
    assert sum(row["product_id"].startswith("copy") for row in rows) == 1


def test_another_methods_vectors_may_serve_one_that_has_none(tmp_path: Path) -> None:
    assert "cluster_products" not in run(Root(tmp_path / "none"))
    written = run(Root(tmp_path / "lent"), ("vectors",), lender="other")
    assert len(written["cluster_products"]) == len(TITLES)


def test_without_texts_a_group_has_no_name_but_its_central_products(tmp_path: Path) -> None:
    written = run(Root(tmp_path), ("vectors",), titles=dict.fromkeys(TITLES))
    assert [row["name"] for row in written["cluster_descriptions"]] == [None, None]
    assert "cluster_terms" not in written
    assert len(written["cluster_products"]) == len(TITLES)


def test_without_titles_the_name_comes_from_the_texts(tmp_path: Path) -> None:
    root, spelling = Root(tmp_path), Spelling()
    tag = {"method": "m", "algorithm": "kmeans", "space": "full", "seed": 0}
    partitions = [{**tag, "product_id": i, "cluster": c} for i, c in GROUPS.items()]
    reads = [
        put(root, "catalogue", {"products": [{"product_id": i} for i in TITLES]}),
        put(root, "texts", {"texts": [{"product_id": i, "clean": spelling.lemmas(t)} for i, t in TITLES.items()]}),
        put(root, "clustering:m", {"partitions": partitions}),
    ]
    written = do(root, "descriptions:m", descriptions.step, reads, {"method": "m", "vector_sources": ["m"]})
    assert [row["name"] for row in written["cluster_descriptions"]] == ["cap, baseball", "wash machine"]


def test_two_products_are_enough_to_be_described_without_a_fault(tmp_path: Path) -> None:
    written = run(Root(tmp_path), titles={"c1": "Cap", "m1": "Mug"}, groups={"c1": 0, "m1": 1})
    assert [(row["name"], row["products"]) for row in written["cluster_descriptions"]] == [(None, 1), (None, 1)]
