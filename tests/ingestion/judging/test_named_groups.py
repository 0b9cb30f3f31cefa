"""Groups by the categories' names: what the names decide, and what the products' categories must not change."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.config import Config
from ingestion.features import registry
from ingestion.features.base import Inputs, Method, Text
from ingestion.features.registry import build
from ingestion.judging import named_groups
from ingestion.judging.named_groups import ENCODERS, embed, nearest, scores
from store.root import Root
from tests.fakes import FakeSettings, FakeText
from tests.ingestion.steps import Rows, do, put, put_vectors

WORDS = {"Mug": "mug cup tea coffee", "Watch": "watch dial strap wrist", "Sheet": "sheet cotton bed pillow"}


def shop(n: int = 30, seed: int = 0) -> list[tuple[str, str, str]]:
    """(product id, category, text): each text has the word that names its category, and two others of its own."""
    draw, rows = np.random.default_rng(seed), []
    for at in range(n):
        name = list(WORDS)[at % 3]
        words = [name.lower(), *draw.choice(WORDS[name].split(), 2), f"x{at % 7}"]
        rows.append((f"p{at:03d}", name, " ".join(words)))
    return rows


def vectors_of(method: Method, texts: list[tuple[str, str]]) -> np.ndarray[Any, Any]:
    rows = [Text(i, text, text) for i, text in texts]
    inputs = Inputs(lambda: iter(rows), len(rows), lambda: iter(()), 0, lambda m: ([], np.zeros((0, 0), np.float32)))
    return np.concatenate([b.vectors for b in method.embed(method.resolve(), inputs, lambda a, b: None)])


def run(
    folder: Path, products: Rows, vectors: np.ndarray[Any, Any], ids: list[str], duplicates: Rows | None = None
) -> dict[str, Rows]:
    root, method = Root(folder), FakeText(FakeSettings(dimensions=vectors.shape[1]))
    reads = [
        put(root, "catalogue", {"products": products}),
        put(root, "duplicates", {"duplicates": duplicates or []}),
        put_vectors(root, "faketext", ids, vectors),
    ]
    encoder = {"method_class": FakeText, "settings": {"dimensions": vectors.shape[1]}, "model": method.resolve()}
    return do(root, "named:faketext", named_groups.step, reads, {"method": "faketext", "images": None, **encoder})


def test_each_product_goes_to_the_most_similar_name(tmp_path: Path) -> None:
    rows = shop()
    vectors = vectors_of(FakeText(FakeSettings(dimensions=64)), [(i, text) for i, _, text in rows])
    written = run(tmp_path, [{"product_id": i, "category": c} for i, c, _ in rows], vectors, [i for i, _, _ in rows])
    assert [r["category"] for r in written["named_groups"]] == [c for _, c, _ in rows]
    assert all(0 < r["margin"] <= 2 and 0 < r["similarity"] <= 1 for r in written["named_groups"])
    assert {r["metric"]: r["value"] for r in written["named_scores"]} == pytest.approx(
        dict.fromkeys(("ari", "ami", "accuracy", "macro_f1"), 1.0)
    )


def test_categories_change_only_the_scores(tmp_path: Path) -> None:
    rows = shop()
    ids = [i for i, _, _ in rows]
    vectors = vectors_of(FakeText(FakeSettings(dimensions=64)), [(i, text) for i, _, text in rows])
    right = run(tmp_path / "right", [{"product_id": i, "category": c} for i, c, _ in rows], vectors, ids)
    turned = [{"product_id": i, "category": list(WORDS)[(at + 1) % 3]} for at, i in enumerate(ids)]
    wrong = run(tmp_path / "wrong", turned, vectors, ids)
    assert wrong["named_groups"] == right["named_groups"]
    assert {r["metric"]: r["value"] for r in wrong["named_scores"]}["accuracy"] == 0.0


def test_a_product_without_a_category_is_placed_but_not_scored(tmp_path: Path) -> None:
    rows = shop(12)
    products = [{"product_id": i, "category": c if i != "p004" else None} for i, c, _ in rows]
    vectors = vectors_of(FakeText(FakeSettings(dimensions=64)), [(i, text) for i, _, text in rows])
    written = run(tmp_path, products, vectors, [i for i, _, _ in rows])
    assert "p004" in {r["product_id"] for r in written["named_groups"]}
    assert {r["products"] for r in written["named_scores"]} == {11}


def test_without_any_category_there_is_nothing_to_name(tmp_path: Path) -> None:
    assert run(tmp_path, [{"product_id": "p", "category": None}], np.ones((1, 8)), ["p"]) == {}


@pytest.mark.parametrize("n", [1, 2])
def test_one_category_takes_all_products_with_no_margin(tmp_path: Path, n: int) -> None:
    ids = [f"p{i}" for i in range(n)]
    written = run(tmp_path, [{"product_id": i, "category": "Mug"} for i in ids], np.eye(n, 8) + 0.1, ids)
    assert [(r["category"], r["margin"]) for r in written["named_groups"]] == [("Mug", None)] * n


def test_a_name_that_the_encoder_cannot_read_is_left_out(tmp_path: Path) -> None:
    names, anchors = embed(
        FakeText(FakeSettings()), FakeText(FakeSettings()).resolve(), ["Mug", " "], lambda a, b: None
    )
    assert (names, anchors.shape) == (["Mug"], (1, 16))
    written = run(tmp_path, [{"product_id": "p", "category": " "}], np.ones((1, 16)), ["p"])
    assert written == {}


def test_a_gap_between_names_and_texts_is_removed() -> None:
    draw = np.random.default_rng(0)
    names = np.eye(3, 16)
    codes = np.arange(60) % 3
    texts = names[codes] + 0.2 * draw.normal(size=(60, 16))
    gap = np.zeros(16)
    gap[1] = 4  # all texts are moved towards the second name
    placed, _, _ = nearest((texts + gap).astype(np.float32), names.astype(np.float32))
    assert placed.tolist() == codes.tolist()


def test_products_move_a_name_to_what_it_stands_for() -> None:
    """The second name is off its products; by the name alone a part of them would go to the first."""
    draw = np.random.default_rng(1)
    true = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    names = np.array([[1.0, 0, 0, 0], [0.75, 0.65, 0, 0], [0, 0, 1, 0]])
    codes = np.arange(150) % 3
    texts = true[codes] + 0.25 * draw.normal(size=(150, 4))
    placed, _, _ = nearest(texts.astype(np.float32), names.astype(np.float32))
    assert np.mean(placed == codes) > 0.98


def test_equal_products_go_to_one_name() -> None:
    placed, similarity, margin = nearest(np.ones((5, 4), np.float32), np.eye(3, 4, dtype=np.float32))
    assert len(set(placed.tolist())) == 1
    assert np.isfinite(similarity).all()
    assert np.isfinite(margin).all()


def test_named_groups_are_not_matched_to_categories() -> None:
    own = {"a": "A", "b": "A", "c": "B", "d": "B"}
    swapped = {row["metric"]: row["value"] for row in scores(own, {"a": "B", "b": "B", "c": "A", "d": "A"})}
    assert (swapped["ari"], swapped["accuracy"], swapped["macro_f1"]) == (1, 0, 0)


def test_the_scores_have_intervals_around_them() -> None:
    draw = np.random.default_rng(0)
    own = {f"p{i}": "ABC"[i % 3] for i in range(200)}
    named = {i: c if draw.random() < 0.8 else "A" for i, c in own.items()}
    found = {row["metric"]: row for row in scores(dict(own), named)}
    right = float(np.mean([own[i] == named[i] for i in own]))
    assert found["accuracy"]["value"] == right
    # the jackknife of a fraction is the binomial error; the rule of three adds the mistakes that were not met
    half = np.hypot(1.96 * np.sqrt(right * (1 - right) / 199), 3 / 200)
    assert found["accuracy"]["high"] - right == pytest.approx(half, rel=1e-3)
    assert all(row["low"] < row["value"] < row["high"] for row in found.values())


def test_duplicates_of_a_product_count_as_one_draw() -> None:
    own = {f"p{i}": "ABC"[i % 3] for i in range(120)}
    named = {i: c if int(i[1:]) % 8 else "A" for i, c in own.items()}
    duplicates = [{"product_id": f"p{i}", "duplicate_of": f"p{i % 24}", "modality": "text"} for i in range(24, 120)]
    single, grouped = ({r["metric"]: r for r in scores(dict(own), named, rows)} for rows in ((), duplicates))
    assert grouped["accuracy"]["value"] == single["accuracy"]["value"]
    assert grouped["accuracy"]["low"] < single["accuracy"]["low"]


def test_the_step_reads_the_duplicates(tmp_path: Path) -> None:
    rows = shop()
    vectors = vectors_of(FakeText(FakeSettings(dimensions=64)), [(i, text) for i, _, text in rows])
    products = [{"product_id": i, "category": "Mug" if at < 6 else c} for at, (i, c, _) in enumerate(rows)]
    ids = [i for i, _, _ in rows]
    link = {"duplicate_of": ids[0], "modality": "text", "match": "near", "similarity": 1.0}
    duplicates = [{"product_id": i, **link} for i in ids[1:6]]  # four of them are not in their category's group
    single, grouped = (run(tmp_path / name, products, vectors, ids, of) for name, of in (("a", []), ("b", duplicates)))
    width = [
        next(r["high"] - r["low"] for r in w["named_scores"] if r["metric"] == "accuracy") for w in (single, grouped)
    ]
    assert width[1] > width[0]


def test_the_mode_is_off_unless_it_is_asked_for() -> None:
    assert Config().study.named_groups is False
    assert Config.model_validate({"study": {"named_groups": True}}).study.named_groups is True


def test_the_encoders_are_methods_of_the_registry_that_read_text() -> None:
    assert [registry.METHODS[name].modality for name in ENCODERS] == ["text", "text"]


@pytest.mark.models
@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_real_encoder_puts_products_under_the_right_names(encoder: str) -> None:
    method = build(encoder, {})
    texts = [
        ("Watches", "A quartz chronograph with a leather strap, water resistant"),
        ("Watches", "Analog timepiece for men, steel bracelet"),
        ("Watches", "Digital wrist watch with alarm"),
        ("Kitchen & Dining", "Ceramic coffee mug, dishwasher safe"),
        ("Kitchen & Dining", "Set of six dinner plates and bowls"),
        ("Kitchen & Dining", "Non-stick frying pan for cooking"),
        ("Bedding", "Double bedsheet with two pillow covers"),
        ("Bedding", "Cotton duvet cover, king size bed"),
        ("Bedding", "Soft blanket and pillow set for the bedroom"),
    ]
    names, anchors = embed(method, method.resolve(), sorted({c for c, _ in texts}), lambda done, total: None)
    vectors = vectors_of(method, [(str(at), text) for at, (_, text) in enumerate(texts)])
    placed, _, _ = nearest(vectors, anchors)
    assert sum(names[at] == c for at, (c, _) in zip(placed.tolist(), texts, strict=True)) >= 8
