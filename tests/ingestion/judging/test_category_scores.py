"""How separable a category is: planted vectors, the definitions by hand, and duplicates that must not count."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import silhouette_samples

from ingestion.judging import scoring
from ingestion.judging.category_scores import load_separability, neighbour_purity, silhouettes
from ingestion.task import Work
from ingestion.vectors import nearest, normalised
from store.parts import Part
from store.root import Root
from tests.ingestion.steps import Rows, do, put, put_neighbours, put_vectors

TAG = {"method": "m", "grouping": "embedding"}


def planted(distance: float, sizes: tuple[int, ...] = (40, 40, 40)) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors of as many categories as sizes, their centres `distance` standard deviations from the origin."""
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    return normalised(distance * np.eye(len(sizes), 8)[codes] + random.normal(size=(len(codes), 8))), codes


def purity(unit: NDArray[np.float32], codes: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    return neighbour_purity(nearest(unit, 30)[0], codes, groups)


def singles(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(len(codes))


def by_hand(
    unit: NDArray[np.float32], codes: NDArray[np.int64], duplicate_groups: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Neighbour purity, one product at a time."""
    similar = unit.astype(np.float64) @ unit.T
    values = []
    for i, code in enumerate(codes):
        others = np.flatnonzero(duplicate_groups != duplicate_groups[i])
        k = min(10, int((codes[others] == code).sum()))
        nearest = others[np.argsort(-similar[i, others])[:k]]
        values.append((codes[nearest] == code).mean() if k else np.nan)
    return np.array([np.nanmean(np.array(values)[codes == c]) for c in np.unique(codes)])


def test_separate_categories_are_pure_and_noise_is_at_chance() -> None:
    unit, codes = planted(20)
    assert purity(unit, codes, singles(codes)) == pytest.approx([1, 1, 1])
    assert silhouettes(unit, codes).min() > 0.8
    unit, codes = planted(0)
    assert purity(unit, codes, singles(codes)) == pytest.approx([1 / 3] * 3, abs=0.1)
    assert np.abs(silhouettes(unit, codes)).max() < 0.05


def test_neighbour_purity_is_what_counting_by_hand_gives() -> None:
    unit, codes = planted(2, (30, 20, 6))
    pairs = np.arange(len(codes)) // 2
    assert purity(unit, codes, pairs) == pytest.approx(by_hand(unit, codes, pairs))


def test_duplicates_make_no_category_pure() -> None:
    unit, codes = planted(0, (20, 20))
    repeated, of = np.repeat(unit, 12, axis=0), np.repeat(codes, 12)
    assert purity(repeated, of, np.arange(len(of))) == pytest.approx([1, 1])
    assert purity(repeated, of, np.repeat(np.arange(len(unit)), 12)) == pytest.approx([0.5, 0.5], abs=0.2)


def test_a_small_category_can_be_pure_a_single_product_cannot() -> None:
    unit, codes = planted(30, (40, 4, 1))
    assert purity(unit, codes, singles(codes)) == pytest.approx([1, 1, np.nan], nan_ok=True)
    assert np.isnan(silhouettes(unit, codes)[2])


def test_the_silhouette_is_rousseeuws_of_one_against_the_rest() -> None:
    unit, codes = planted(1.5, (30, 20, 10))
    known = [silhouette_samples(unit, codes == c, metric="cosine")[codes == c].mean() for c in range(3)]
    assert silhouettes(unit, codes) == pytest.approx(known, abs=1e-5)


def test_a_product_without_a_category_is_no_neighbour() -> None:
    unit, codes = planted(20)
    codes[:10] = -1
    assert purity(unit, codes, singles(codes)) == pytest.approx([1, 1, 1])


def score(root: Root, parts: list[Any], stability: Rows | None = None, sources: tuple[str, ...] = ("m",)) -> Rows:
    ids = [f"{c}{i}" for c in "AB" for i in range(5)]
    products = [{"product_id": i, "category": i[0]} for i in ids] + [{"product_id": "x"}]
    partitions = [{**TAG, "product_id": i, "cluster": int(i[0] == "B")} for i in ids]
    reads = [
        put(root, "catalogue", {"products": products}),
        put(root, "clustering:m", {"partitions": partitions, "cluster_stability": stability or []}),
        *parts,
    ]
    return do(root, "scoring:m", scoring.step, reads, {"method": "m", "vector_sources": sources})["category_scores"]


def features(root: Root, method: str) -> list[Part]:
    ids = [f"{c}{i}" for c in "AB" for i in range(5)]
    vectors = np.array([[1, 0.1 * i] for i in range(5)] + [[0.1 * i, 1] for i in range(5)] + [[1, 0.05]])
    made = put_vectors(root, method, [*ids, "x"], vectors)
    return [made, put_neighbours(root, made)]


def test_the_step_writes_separability_and_stability(tmp_path: Path) -> None:
    root = Root(tmp_path)
    stability = [{**TAG, "cluster": 1, "stability": 0.8, "resamples": 20}]
    rows = score(root, features(root, "m"), stability)
    assert [row["neighbour_purity"] for row in rows] == [1.0, 1.0]  # a product without a category is no neighbour
    assert all(row["silhouette"] > 0.5 for row in rows)
    assert [row["stability"] for row in rows] == [None, 0.8]


def test_duplicates_are_no_neighbours_where_they_are_known(tmp_path: Path) -> None:
    root = Root(tmp_path)
    pairs = [(f"{c}{i}", f"{c}0") for c in "AB" for i in range(1, 5)]  # each category is one duplicate group
    rows = [
        {"product_id": p, "duplicate_of": o, "modality": "text", "match": "near", "similarity": 0.9} for p, o in pairs
    ]
    written = score(root, [*features(root, "m"), put(root, "duplicates", {"duplicates": rows})])
    assert [row["neighbour_purity"] for row in written] == [None, None]


def test_another_methods_vectors_serve_where_it_has_none(tmp_path: Path) -> None:
    none = score(Root(tmp_path / "none"), [])
    assert {(row["neighbour_purity"], row["silhouette"], row["stability"]) for row in none} == {(None, None, None)}
    root = Root(tmp_path / "other")
    assert [row["neighbour_purity"] for row in score(root, features(root, "v"), sources=("lost", "v"))] == [1.0, 1.0]


def test_one_category_has_no_separability(tmp_path: Path) -> None:
    root, found = Root(tmp_path), []

    def keep(work: Work) -> None:
        found.append(load_separability(work, "m", dict.fromkeys([f"{c}{i}" for c in "AB" for i in range(5)], "A")))

    do(root, "any", keep, features(root, "m"), {})
    assert found == [{}]
