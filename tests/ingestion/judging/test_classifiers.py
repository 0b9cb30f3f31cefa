"""The two probes: what they learn, and from how few products."""

from collections.abc import Callable

import numpy as np
import pytest

from ingestion.grouping.agreement import Codes
from ingestion.judging import classifiers
from ingestion.judging.classifiers import Fitted, linear, neighbours, reducer, sample
from ingestion.vectors import Matrix, normalised

PROBES = pytest.mark.parametrize("train", [linear, neighbours])


def labelled_vectors(categories: int, each: int, dimensions: int = 40, spread: float = 0.5) -> tuple[Matrix, Codes]:
    """Unit vectors around one direction a category, and their codes."""
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(categories, dtype=np.int32), each)
    centres = normalised(random.normal(size=(categories, dimensions)))
    noise = random.normal(size=(len(codes), dimensions)) * spread / np.sqrt(dimensions)
    return normalised(centres[codes] + noise.astype(np.float32)), codes


def accuracy(probe: Fitted, vectors: Matrix, codes: Codes) -> float:
    return float((probe.classes[probe.probabilities(vectors).argmax(1)] == codes).mean())


@PROBES
@pytest.mark.parametrize("categories", [2, 7, 300])
def test_separable_categories_are_predicted_few_or_many(
    train: Callable[[Matrix, Codes], Fitted], categories: int
) -> None:
    vectors, codes = labelled_vectors(categories, 8)
    assert accuracy(train(vectors[::2], codes[::2]), vectors[1::2], codes[1::2]) > 0.95


def test_the_linear_probe_learns_the_largest_categories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "MAX_CATEGORIES", 3)
    vectors, codes = labelled_vectors(5, 8)
    kept = np.flatnonzero((codes != 1) | (np.arange(len(codes)) % 2 == 0))  # the category 1 is the smallest
    assert linear(vectors[kept], codes[kept]).classes.tolist() == [0, 2, 3]
    assert neighbours(vectors[kept], codes[kept]).classes.tolist() == [0, 1, 2, 3, 4]


@PROBES
def test_the_probabilities_of_a_product_sum_to_1(train: Callable[[Matrix, Codes], Fitted]) -> None:
    vectors, codes = labelled_vectors(5, 20)
    probabilities = train(vectors, codes).probabilities(vectors[:7])
    assert probabilities.shape == (7, 5)
    assert (probabilities >= 0).all()
    assert probabilities.sum(1) == pytest.approx(1)


@PROBES
def test_one_known_category_is_predicted_for_all(train: Callable[[Matrix, Codes], Fitted]) -> None:
    vectors, codes = labelled_vectors(2, 3)
    probe = train(vectors[:3], codes[:3])
    assert probe.classes.tolist() == [0]
    assert probe.probabilities(vectors).tolist() == [[1.0]] * 6


@PROBES
def test_equal_vectors_give_the_categories_frequencies(train: Callable[[Matrix, Codes], Fitted]) -> None:
    vectors, codes = np.ones((8, 3), np.float32), np.array([0, 0, 0, 1, 0, 0, 0, 1], np.int32)
    assert train(vectors, codes).probabilities(vectors[:1])[0] == pytest.approx([0.75, 0.25], abs=0.01)


def test_wide_vectors_are_reduced_and_scaled() -> None:
    vectors, _ = labelled_vectors(5, 60, dimensions=250)
    points = reducer(vectors)(vectors)
    assert points.shape == (300, classifiers.DIMENSIONS)
    assert (points**2).sum(1).mean() == pytest.approx(1)


def test_a_common_part_of_all_vectors_changes_nothing() -> None:
    vectors, _ = labelled_vectors(5, 20)
    assert reducer(vectors + 3)(vectors + 3) == pytest.approx(reducer(vectors)(vectors), abs=1e-5)


def test_a_sample_is_stratified_and_has_one_of_each_category(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "MAX_TRAINING", 100)
    codes = np.repeat(np.arange(4, dtype=np.int32), [600, 300, 99, 1])
    np.random.default_rng(0).shuffle(codes)
    chosen = sample(codes, np.arange(1000))
    assert (np.diff(chosen) > 0).all()
    assert np.abs(np.bincount(codes[chosen]) - [60, 30, 9, 1]).max() <= 1
    assert sample(codes, np.arange(100)).tolist() == list(range(100))
