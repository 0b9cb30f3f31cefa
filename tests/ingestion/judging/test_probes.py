"""The ceilings: cross-validated, duplicates in one fold, and catalogues that are too small to be probed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ingestion.grouping.agreement import Codes
from ingestion.judging import probes
from ingestion.judging.classifiers import Fitted, linear
from ingestion.judging.probes import assign_folds, ceilings, out_of_sample
from ingestion.vectors import Matrix
from store.root import Root
from tests.ingestion.judging.test_classifiers import labelled_vectors
from tests.ingestion.steps import Rows, do, put, put_vectors


def probe(
    root: Root, vectors: NDArray[Any], categories: list[str | None], duplicates: dict[int, int]
) -> dict[str, Rows]:
    """What the step writes; `duplicates` maps places of products to those that they duplicate."""
    ids = [f"p{at}" for at in range(len(categories))]
    link = {"modality": "text", "match": "exact", "similarity": 1.0}
    rows = [{"product_id": ids[place], "duplicate_of": ids[first], **link} for place, first in duplicates.items()]
    reads = [
        put(
            root,
            "catalogue",
            {"products": [{"product_id": i, "category": c} for i, c in zip(ids, categories, strict=True)]},
        ),
        put_vectors(root, "m", ids, vectors),
        put(root, "duplicates", {"duplicates": rows}),
    ]
    return do(root, "probes:m", probes.step, reads, {"method": "m"})


def by(rows: Rows, probe: str, metric: str) -> dict[str, Any]:
    return next(row for row in rows if (row["probe"], row["metric"]) == (probe, metric))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """Three categories of 40; the last product has no category."""
    vectors, codes = labelled_vectors(3, 40, spread=0.5)
    categories: list[str | None] = [*("ABC"[code] for code in codes[:-1]), None]
    return probe(Root(tmp_path_factory.mktemp("probes")), vectors, categories, {})


def test_each_product_is_predicted_once_by_each_probe(planted: dict[str, Rows]) -> None:
    assert [(row["probe"], row["product_id"]) for row in planted["predictions"]] == [
        (name, f"p{at}") for name in ("linear", "knn") for at in range(119)
    ]


def test_planted_categories_have_a_ceiling_near_one(planted: dict[str, Rows]) -> None:
    for name in ("linear", "knn"):
        for metric in ("accuracy", "macro_f1", "ari", "ami"):
            row = by(planted["ceilings"], name, metric)
            assert row["value"] > 0.95
            assert row["low"] < row["value"] <= row["high"] <= 1
            assert (row["folds"], row["products"]) == (5, 119)


def test_the_learning_curve_has_the_measures_of_the_ceiling(planted: dict[str, Rows]) -> None:
    assert {row["labels"] for row in planted["learning_curves"]} == {5, 10, 20}
    assert {row["metric"] for row in planted["learning_curves"]} == {row["metric"] for row in planted["ceilings"]}


def test_confidences_are_those_of_predicted_and_own_category(planted: dict[str, Rows]) -> None:
    truth = dict(zip([f"p{at}" for at in range(119)], "A" * 40 + "B" * 40 + "C" * 39, strict=True))
    for row in planted["predictions"]:
        assert 0 <= row["own_confidence"] <= row["confidence"] <= 1
        own = truth[row["product_id"]] == row["predicted_category"]
        assert (row["own_confidence"] == row["confidence"]) is own


def test_the_same_vectors_give_the_same_rows_again(planted: dict[str, Rows], tmp_path: Path) -> None:
    vectors, codes = labelled_vectors(3, 40, spread=0.5)
    categories: list[str | None] = [*("ABC"[code] for code in codes[:-1]), None]
    assert probe(Root(tmp_path), vectors, categories, {}) == planted


def test_noise_has_a_ceiling_at_chance(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 20))
    written = probe(Root(tmp_path), vectors, ["A", "B", "C"] * 100, {})
    for name in ("linear", "knn"):
        assert by(written["ceilings"], name, "accuracy")["low"] < 1 / 3
        assert abs(by(written["ceilings"], name, "ari")["value"]) < 0.05


def test_duplicates_do_not_raise_the_ceiling(tmp_path: Path) -> None:
    """Noise listed twice: a probe that is trained on the duplicate is right each time."""
    noise = np.random.default_rng(0).normal(size=(150, 40))
    twice, categories = np.concatenate([noise, noise]), ["A", "B", "C"] * 100
    known = probe(Root(tmp_path / "known"), twice, categories, {150 + at: at for at in range(150)})
    unknown = probe(Root(tmp_path / "unknown"), twice, categories, {})
    assert by(unknown["ceilings"], "knn", "accuracy")["value"] > 0.7
    assert by(known["ceilings"], "knn", "accuracy")["low"] < 1 / 3


def test_folds_are_stratified_and_hold_whole_duplicate_groups() -> None:
    random = np.random.default_rng(1)
    codes = np.repeat(np.arange(4, dtype=np.int32), [200, 100, 50, 7])
    groups = np.r_[np.arange(40).repeat(2), 40 + np.arange(len(codes) - 80)]
    order = random.permutation(len(codes))
    codes, groups = codes[order], groups[order]
    folds = assign_folds(codes, groups)
    assert all(len(np.unique(folds[groups == group])) == 1 for group in np.unique(groups))
    for code, size in enumerate(np.bincount(codes)):
        found = np.bincount(folds[codes == code], minlength=5)
        assert np.abs(found - size / 5).max() < 2


def test_there_are_no_more_folds_than_duplicate_groups() -> None:
    assert sorted(assign_folds(np.array([0, 1, 0, 1], np.int32), np.array([0, 1, 2, 2]))) == [0, 0, 1, 2]


def test_a_probe_is_not_trained_on_the_fold_it_predicts() -> None:
    vectors, codes = labelled_vectors(2, 10)
    folds = np.tile(np.arange(5, dtype=np.int32), 4)
    seen: list[set[bytes]] = []

    def train(known: Matrix, labels: Codes) -> Fitted:
        seen.append({row.tobytes() for row in known})
        fitted = linear(known, labels)

        def probabilities(held: Matrix) -> NDArray[Any]:
            assert not seen[-1] & {row.tobytes() for row in held}
            return np.asarray(fitted.probabilities(held))

        return Fitted(fitted.classes, probabilities)

    out_of_sample(train, vectors, codes, folds)
    assert [len(known) for known in seen] == [16] * 5


def test_a_category_of_one_fold_has_no_own_confidence() -> None:
    vectors, codes = labelled_vectors(3, 10)
    codes[:10], codes[0] = 1, 0
    _, _, own = out_of_sample(linear, vectors, codes, np.tile(np.arange(5, dtype=np.int32), 6))
    assert np.isnan(own).tolist() == [True] + [False] * 29


def test_duplicate_groups_widen_the_interval_of_the_ceiling() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 3, 300).astype(np.int32)
    predicted = np.where(np.arange(300) // 10 % 3 == 0, (codes + 1) % 3, codes).astype(np.int32)
    singles, grouped = (list(ceilings(codes, predicted, g)) for g in (np.arange(300), np.arange(300) // 10))
    for single, group in zip(singles, grouped, strict=True):
        assert single["value"] == group["value"]
        assert group["high"] - group["low"] > 2 * (single["high"] - single["low"])


def test_an_accuracy_has_the_binomial_interval() -> None:
    codes = np.repeat(np.arange(2, dtype=np.int32), 200)
    predicted = np.where(np.arange(400) % 10 == 0, 1 - codes, codes).astype(np.int32)
    row = next(row for row in ceilings(codes, predicted, np.arange(400)) if row["metric"] == "accuracy")
    assert row["value"] == pytest.approx(0.9)
    assert row["high"] - row["value"] == pytest.approx(1.96 * (0.9 * 0.1 / 400) ** 0.5, rel=0.05)


def test_predictions_without_a_mistake_have_an_interval() -> None:
    codes = np.repeat(np.arange(2, dtype=np.int32), 50)
    rows = {row["metric"]: row for row in ceilings(codes, codes, np.arange(100))}
    assert rows["accuracy"]["low"] == pytest.approx(0.97)
    assert rows["ari"]["low"] == pytest.approx(0.94)


@pytest.mark.parametrize(
    ("categories", "duplicates"),
    [
        ([None, None, None], {}),
        (["A", "A", "A"], {}),
        (["A"], {}),
        (["A", "B"], {1: 0}),
    ],
    ids=["no category", "one category", "one product", "one duplicate group"],
)
def test_nothing_is_written_without_two_categories_and_groups(
    tmp_path: Path, categories: list[str | None], duplicates: dict[int, int]
) -> None:
    assert probe(Root(tmp_path), np.eye(3)[: len(categories)], categories, duplicates) == {}


@pytest.mark.parametrize("categories", [["A", "B"], ["A", "A", "B"], ["A", "B", "C", "D", "E", "F"]])
def test_the_smallest_catalogues_are_probed_without_a_curve(tmp_path: Path, categories: list[str | None]) -> None:
    written = probe(Root(tmp_path), np.eye(6)[: len(categories)], categories, {})
    assert len(written["predictions"]) == 2 * len(categories)
    assert "learning_curves" not in written


def test_many_categories_some_of_one_product_are_probed(tmp_path: Path) -> None:
    vectors, codes = labelled_vectors(300, 4)
    categories: list[str | None] = [f"c{code}" for code in codes]
    categories[:20] = [f"single{at}" for at in range(20)]
    written = probe(Root(tmp_path), vectors, categories, {})
    assert by(written["ceilings"], "linear", "accuracy")["value"] > 0.9
    unknown = [row["product_id"] for row in written["predictions"] if row["own_confidence"] is None]
    assert unknown == 2 * [f"p{at}" for at in range(20)]
