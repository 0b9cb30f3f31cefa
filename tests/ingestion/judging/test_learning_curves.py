"""The learning curve: what is labelled, what is counted, and what comes of it."""

from typing import Any

import numpy as np
import pytest

from ingestion.judging import learning_curves
from ingestion.judging.classifiers import reducer
from ingestion.judging.learning_curves import accuracy, curve, draw, labels_per_category, macro_f1
from tests.ingestion.judging.test_classifiers import labelled_vectors


def values(rows: list[dict[str, Any]], metric: str = "accuracy") -> dict[int, float]:
    return {row["labels"]: row["value"] for row in rows if row["metric"] == metric}


def test_more_labels_do_better() -> None:
    vectors, codes = labelled_vectors(4, 80, spread=2.5)
    found = values(list(curve(vectors, codes, np.arange(320))))
    assert list(found) == [5, 10, 20, 50]
    assert found[5] < found[20] < 1
    assert found[5] > 0.3


def test_each_size_has_four_measures_with_their_ranges() -> None:
    vectors, codes = labelled_vectors(3, 30, spread=2.5)
    rows = list(curve(vectors, codes, np.arange(90)))
    assert {(row["labels"], row["metric"]) for row in rows} == {
        (size, metric) for size in (5, 10, 20) for metric in ("accuracy", "macro_f1", "ari", "ami")
    }
    assert all(row["low"] <= row["value"] <= row["high"] and row["draws"] == 10 for row in rows)
    assert {row["labels"]: row["products"] for row in rows} == {5: 75, 10: 60, 20: 30}


def test_noise_stays_at_chance_however_many_labels() -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 10)).astype(np.float32)
    codes = np.tile(np.arange(4, dtype=np.int32), 100)
    assert list(values(list(curve(vectors, codes, np.arange(400)))).values()) == pytest.approx([0.25] * 4, abs=0.08)


def test_a_duplicate_of_a_labelled_product_is_not_scored() -> None:
    vectors, codes = labelled_vectors(2, 10)
    repeated, groups = np.repeat(vectors, 3, axis=0), np.repeat(np.arange(20), 3)
    table = draw(reducer(repeated)(repeated), np.repeat(codes, 3), groups, 5, seed=0)
    assert table.sum() == 3 * (20 - 10)


def test_a_duplicate_group_of_two_categories_gives_one_label() -> None:
    vectors, codes = labelled_vectors(2, 40)
    groups = np.r_[np.arange(40), np.arange(40)]  # each product is filed under both
    assert draw(reducer(vectors)(vectors), codes, groups, 5, seed=0).sum() == 2 * (40 - 10)


def test_a_category_keeps_five_products_or_half_unlabelled() -> None:
    assert labels_per_category(np.array([0, 1, 2, 5, 9, 10, 12, 100]), 10).tolist() == [0, 0, 1, 2, 4, 5, 7, 10]


def test_a_size_that_most_categories_lack_is_left_out() -> None:
    vectors, codes = labelled_vectors(3, 12)
    assert list(values(list(curve(vectors, codes, np.arange(36))))) == [5]
    assert list(curve(vectors, codes, np.repeat(np.arange(9), 4))) == []  # three duplicate groups per category


def test_a_size_that_would_take_too_many_labels_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_curves, "MAX_TRAINING", 40)
    vectors, codes = labelled_vectors(3, 30)
    assert list(values(list(curve(vectors, codes, np.arange(90))))) == [5, 10]


def test_at_most_a_declared_number_is_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_curves, "MAX_TESTED", 25)
    vectors, codes = labelled_vectors(3, 30)
    assert {row["products"] for row in curve(vectors, codes, np.arange(90))} == {25}


def test_the_measures_are_those_of_a_worked_example() -> None:
    table = np.array([[3, 1, 0], [0, 2, 0], [1, 1, 0]])
    assert accuracy(table) == pytest.approx(5 / 8)
    # A: 2*3/(4+4); B: 2*2/(2+4); C is never right
    assert macro_f1(table) == pytest.approx((6 / 8 + 4 / 6 + 0) / 3)
    assert macro_f1(np.array([[3, 1], [0, 0]])) == pytest.approx(6 / 7)  # B has no product to be right or wrong on
