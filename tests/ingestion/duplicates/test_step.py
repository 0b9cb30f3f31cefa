"""Duplicates in the catalogue: what the step writes, their groups, and that planted ones are found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ingestion.duplicates import groups
from ingestion.duplicates import step as duplicates
from ingestion.duplicates.groups import duplicate_groups
from ingestion.duplicates.step import exact, near
from ingestion.reading import images
from ingestion.reading import texts as cleaning
from ingestion.sample import catalogue as sample
from store.root import Root
from tests.ingestion.steps import do, put

Row = dict[str, Any]
Found = dict[str, set[tuple[str, str]]]


def test_an_exact_duplicate_points_at_the_first_of_its_content() -> None:
    content = {"z": "same", "a": "same", "m": "other", "k": "same"}
    rows, distinct = exact("text", ["z", "m", "a", "lost", "k"], content)
    assert [(r["product_id"], r["duplicate_of"], r["modality"], r["match"], r["similarity"]) for r in rows] == [
        ("a", "z", "text", "exact", 1.0),
        ("k", "z", "text", "exact", 1.0),
    ]
    assert distinct == ["z", "m"]


def test_a_near_duplicate_points_at_the_earliest_of_its_group() -> None:
    rows = near("text", ["e", "d", "c", "b", "a"], {(1, 4): 0.9, (0, 3): 0.8, (3, 4): 0.95})
    assert [(r["product_id"], r["duplicate_of"], r["match"], r["similarity"]) for r in rows] == [
        ("d", "e", "near", 0.8),
        ("b", "e", "near", 0.8),
        ("a", "e", "near", 0.8),
    ]


def test_an_indirect_pair_has_the_weakest_link_on_its_strongest_path() -> None:
    rows = near("image", ["a", "b", "c", "d"], {(0, 1): 0.7, (0, 2): 0.9, (1, 2): 0.8, (1, 3): 0.99})
    assert {r["product_id"]: r["similarity"] for r in rows} == {"b": 0.7, "c": 0.9, "d": 0.8}


def test_duplicate_groups_join_both_modalities_and_are_numbered() -> None:
    rows = [("d", "a", "text"), ("c", "b", "image"), ("e", "d", "image"), ("y", "x", "text"), ("y", "f", "image")]
    table = [dict(zip(("product_id", "duplicate_of", "modality"), row, strict=True)) for row in rows]
    assert duplicate_groups(["a", "b", "c", "d", "e", "f", "x", "g"], table).tolist() == [0, 1, 1, 0, 0, 2, 2, 3]
    assert duplicate_groups(["g", "e", "a"], table).tolist() == [0, 1, 1]
    assert duplicate_groups([], table).tolist() == []
    assert duplicate_groups(["a", "b"], []).tolist() == [0, 1]


def test_exact_and_near_duplicates_of_both_modalities_are_written(tmp_path: Path) -> None:
    products, _ = some_of(seed=7, others=4)
    written = run(tmp_path, products)
    assert {(r["modality"], r["match"]) for r in written} == {
        (k, m) for k in ("text", "image") for m in ("exact", "near")
    }
    assert all(r["similarity"] == 1 if r["match"] == "exact" else 0 < r["similarity"] <= 1 for r in written)
    assert run(tmp_path / "again", products) == written


def test_names_distinguish_products_where_texts_do_not(tmp_path: Path) -> None:
    boilerplate = (
        "Genuine goods, free delivery on every order, and thirty days to send it back if it does not please you."
    )
    names = {"a": "Lumio radio", "b": "Lumio teapot", "c": "Lumio raido"}
    raw = {
        "a": boilerplate,
        "b": boilerplate + " Limited stock, order today!",
        "c": boilerplate + " Only three pieces remain here.",
    }
    parts = [
        put(Root(tmp_path), "catalogue", {"products": [{"product_id": key, "name": names[key]} for key in names]}),
        put(Root(tmp_path), "texts", {"texts": [{"product_id": key, "raw": raw[key]} for key in names]}),
        put(Root(tmp_path), "images", {}),
    ]
    rows = do(Root(tmp_path), "duplicates", duplicates.step, parts, {})["duplicates"]
    assert [(row["product_id"], row["duplicate_of"]) for row in rows] == [("c", "a")]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_catalogue_without_texts_or_images_has_no_duplicates(tmp_path: Path, count: int) -> None:
    parts = [
        put(Root(tmp_path), "catalogue", {"products": [{"product_id": f"p{k}"} for k in range(count)]}),
        put(Root(tmp_path), "texts", {}),
        put(Root(tmp_path), "images", {}),
    ]
    assert do(Root(tmp_path), "duplicates", duplicates.step, parts, {}) == {}


def test_one_product_has_no_duplicate(tmp_path: Path) -> None:
    products, _ = some_of(seed=7, others=4)
    assert run(tmp_path, products[:1]) == []


def test_planted_duplicates_and_no_others_are_found(tmp_path: Path) -> None:
    hold_the_target(tmp_path, seeds=range(10, 13), make=lambda seed: some_of(seed, others=40))


@pytest.mark.models
def test_planted_duplicates_and_no_others_in_whole_samples(tmp_path: Path) -> None:
    hold_the_target(tmp_path, seeds=range(20, 23), make=lambda seed: some_of(seed, others=1000))


def hold_the_target(
    folder: Path, seeds: range, make: Callable[[int], tuple[list[sample.Product], sample.Truth]]
) -> None:
    """All exact and nine in ten near-duplicates; of what is reported of a type at most one in twenty is false."""
    planted: Found = {duplicate_type: set() for duplicate_type in sample.DUPLICATE_TYPES}
    found: Found = {duplicate_type: set() for duplicate_type in sample.DUPLICATE_TYPES}
    for seed in seeds:
        products, truth = make(seed)
        for duplicate_type, links in truth.duplicates.items():
            planted[duplicate_type] |= {(f"{seed}/{one}", f"{seed}/{original}") for one, original in links.items()}
        for row in run(folder / str(seed), products):
            found[f"{row['match']} {row['modality']}"].add(
                (f"{seed}/{row['product_id']}", f"{seed}/{row['duplicate_of']}")
            )
    for duplicate_type in sample.DUPLICATE_TYPES:
        hits = len(found[duplicate_type] & planted[duplicate_type])
        least = 1.0 if duplicate_type.startswith("exact") else 0.9
        assert hits >= least * len(planted[duplicate_type]), (
            duplicate_type,
            planted[duplicate_type] - found[duplicate_type],
        )
        assert hits >= 0.95 * len(found[duplicate_type]), (
            duplicate_type,
            found[duplicate_type] - planted[duplicate_type],
        )


def some_of(seed: int, others: int) -> tuple[list[sample.Product], sample.Truth]:
    """The planted duplicates of the sample of that seed, their originals, and the first so many other products."""
    everything, truth = sample.plan(seed)
    pairs = [pair for links in truth.duplicates.values() for pair in links.items()]
    wanted = {product_id for pair in pairs for product_id in pair} | {product.id for product in everything[:others]}
    chosen: dict[str, sample.Product] = {}
    for product in everything:
        if product.id in wanted:
            sample.finish(product, truth, chosen, seed)
            chosen[product.id] = product
    return list(chosen.values()), truth


def run(folder: Path, products: list[sample.Product]) -> list[Row]:
    """The rows that the step writes for these products, read as a catalogue's are."""
    (folder / "images").mkdir(parents=True)
    for product in products:
        (folder / "images" / f"{product.id}.jpg").write_bytes(product.image)
    ids = [product.id for product in products]
    nothing = {column: pa.nulls(len(ids), pa.string()) for column in ("image_path", "other_images")}
    named = pa.table({"product_id": ids, **nothing, "catalogue_row": range(len(ids))})
    batches = images.read_images(named, folder / "images", 10**6, lambda done, total: None)
    image_rows = [row for batch, _ in batches for row in batch.to_pylist()]
    raw = [(p.id, cleaning.join([part for part in (p.name, p.description) if part.strip()])) for p in products]
    root = Root(folder / "store")
    parts = [
        put(root, "catalogue", {"products": [{"product_id": p.id, "name": p.name} for p in products]}),
        put(root, "texts", {"texts": [{"product_id": product_id, "raw": text} for product_id, text in raw]}),
        put(root, "images", {"images": image_rows}),
    ]
    return do(root, "duplicates", duplicates.step, parts, {}).get("duplicates", [])


def test_an_image_of_many_products_makes_no_duplicate_group() -> None:
    ids = [f"p{i}" for i in range(groups.PLACEHOLDER + 2)]
    rows = [{"product_id": i, "duplicate_of": ids[0], "modality": "image"} for i in ids[1:]]
    assert len(set(duplicate_groups(ids, rows))) == len(ids)
    assert len(set(duplicate_groups(ids, rows[:-1]))) == 2
