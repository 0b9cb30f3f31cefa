"""How far a category stands apart: planted vectors, the definitions by hand, and copies that must not count."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import silhouette_samples

from ingestion.judging import category_scores, scoring
from ingestion.judging.category_scores import neighbour_purity, silhouettes, standing
from ingestion.task import Work
from ingestion.vectors import normalised
from store.root import Root
from tests.ingestion.steps import Rows, do, put, put_vectors

TAG = {"method": "m", "algorithm": "kmeans", "space": "full"}


def planted(apart: float, sizes: tuple[int, ...] = (40, 40, 40)) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors of as many categories as sizes, their centres `apart` standard deviations from the origin."""
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    return normalised(apart * np.eye(len(sizes), 8)[codes] + random.normal(size=(len(codes), 8))), codes


def alone(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(len(codes))


def by_hand(unit: NDArray[np.float32], codes: NDArray[np.int64], families: NDArray[np.int64]) -> NDArray[np.float64]:
    """Neighbour purity, one product at a time."""
    similar = unit.astype(np.float64) @ unit.T
    values = []
    for i, code in enumerate(codes):
        others = np.flatnonzero(families != families[i])
        k = min(10, int((codes[others] == code).sum()))
        nearest = others[np.argsort(-similar[i, others])[:k]]
        values.append((codes[nearest] == code).mean() if k else np.nan)
    return np.array([np.nanmean(np.array(values)[codes == c]) for c in np.unique(codes)])


def test_what_lies_apart_is_pure_and_noise_is_as_pure_as_chance() -> None:
    unit, codes = planted(20)
    assert neighbour_purity(unit, codes, alone(codes)) == pytest.approx([1, 1, 1])
    assert silhouettes(unit, codes).min() > 0.8
    unit, codes = planted(0)
    assert neighbour_purity(unit, codes, alone(codes)) == pytest.approx([1 / 3] * 3, abs=0.1)
    assert np.abs(silhouettes(unit, codes)).max() < 0.05


def test_neighbour_purity_is_what_counting_by_hand_gives() -> None:
    unit, codes = planted(2, (30, 20, 6))
    families = np.arange(len(codes)) // 2
    assert neighbour_purity(unit, codes, families) == pytest.approx(by_hand(unit, codes, families))


def test_copies_make_no_category_pure() -> None:
    unit, codes = planted(0, (20, 20))
    copied, of = np.repeat(unit, 12, axis=0), np.repeat(codes, 12)
    assert neighbour_purity(copied, of, np.arange(len(of))) == pytest.approx([1, 1])
    assert neighbour_purity(copied, of, np.repeat(np.arange(len(unit)), 12)) == pytest.approx([0.5, 0.5], abs=0.2)


def test_a_small_category_can_be_pure_and_a_lone_product_has_no_purity() -> None:
    unit, codes = planted(30, (40, 4, 1))
    assert neighbour_purity(unit, codes, alone(codes)) == pytest.approx([1, 1, np.nan], nan_ok=True)
    assert np.isnan(silhouettes(unit, codes)[2])


def test_the_silhouette_is_rousseeuws_of_one_category_against_the_rest() -> None:
    unit, codes = planted(1.5, (30, 20, 10))
    known = [silhouette_samples(unit, codes == c, metric="cosine")[codes == c].mean() for c in range(3)]
    assert silhouettes(unit, codes) == pytest.approx(known, abs=1e-5)


def test_many_products_are_judged_by_a_draw_from_each_category(monkeypatch: pytest.MonkeyPatch) -> None:
    unit, codes = planted(1.5, (900, 300))
    everyone = neighbour_purity(unit, codes, alone(codes))
    monkeypatch.setattr(category_scores, "ASKED", 400)
    drawn = neighbour_purity(unit, codes, alone(codes))
    assert drawn == pytest.approx(everyone, abs=0.05)
    assert (drawn != everyone).any()


def score(root: Root, parts: list[Any], stability: Rows | None = None, sources: tuple[str, ...] = ("m",)) -> Rows:
    ids = [f"{c}{i}" for c in "AB" for i in range(5)]
    products = [{"product_id": i, "category": i[0]} for i in ids] + [{"product_id": "x"}]
    partitions = [{**TAG, "seed": 0, "product_id": i, "cluster": int(i[0] == "B")} for i in ids]
    reads = [
        put(root, "catalogue", {"products": products}),
        put(root, "clustering:m", {"partitions": partitions, "cluster_stability": stability or []}),
        *parts,
    ]
    return do(root, "scoring:m", scoring.step, reads, {"method": "m", "vector_sources": sources})["category_scores"]


def features(root: Root, method: str) -> Any:
    ids = [f"{c}{i}" for c in "AB" for i in range(5)]
    vectors = np.array([[1, 0.1 * i] for i in range(5)] + [[0.1 * i, 1] for i in range(5)] + [[1, 0.05]])
    return put_vectors(root, method, [*ids, "x"], vectors)


def test_the_step_writes_what_the_vectors_and_the_resamples_say(tmp_path: Path) -> None:
    root = Root(tmp_path)
    stability = [{**TAG, "cluster": 1, "stability": 0.8, "resamples": 20}]
    rows = score(root, [features(root, "m")], stability)
    assert [row["neighbour_purity"] for row in rows] == [1.0, 1.0]  # the product without a category is no neighbour
    assert all(row["silhouette"] > 0.5 for row in rows)
    assert [row["stability"] for row in rows] == [None, 0.8]


def test_copies_are_no_neighbours_where_they_are_known(tmp_path: Path) -> None:
    root = Root(tmp_path)
    pairs = [(f"{c}{i}", f"{c}0") for c in "AB" for i in range(1, 5)]  # all of a category are one listing
    rows = [
        {"product_id": p, "duplicate_of": o, "modality": "text", "match": "near", "similarity": 0.9} for p, o in pairs
    ]
    written = score(root, [features(root, "m"), put(root, "duplicates", {"duplicates": rows})])
    assert [row["neighbour_purity"] for row in written] == [None, None]


def test_without_vectors_the_figures_are_missing_and_lent_vectors_may_serve(tmp_path: Path) -> None:
    none = score(Root(tmp_path / "none"), [])
    assert {(row["neighbour_purity"], row["silhouette"], row["stability"]) for row in none} == {(None, None, None)}
    root = Root(tmp_path / "lent")
    assert [row["neighbour_purity"] for row in score(root, [features(root, "v")], sources=("lost", "v"))] == [1.0, 1.0]


def test_one_category_has_nothing_to_stand_apart_from(tmp_path: Path) -> None:
    root, found = Root(tmp_path), []

    def keep(work: Work) -> None:
        found.append(standing(work, "m", dict.fromkeys([f"{c}{i}" for c in "AB" for i in range(5)], "A")))

    do(root, "any", keep, [features(root, "m")], {})
    assert found == [{}]
