"""The resamples of the products: what they draw, and how far groups and products are found again in them."""

import numpy as np
import pytest

from ingestion.grouping.clustering import kmeans
from ingestion.grouping.resampling import RESAMPLE_FRACTION, found_again, resample, stability
from ingestion.vectors import Matrix
from tests.ingestion import planted

TRUTH = planted.truth(5, 40)
IDS = planted.names(20_000)


def test_about_as_many_products_are_drawn_as_a_bootstrap_holds() -> None:
    assert pytest.approx(0.632, abs=0.001) == RESAMPLE_FRACTION
    for seed in range(3):
        assert len(resample(IDS, seed)) / len(IDS) == pytest.approx(
            RESAMPLE_FRACTION, abs=4 * np.sqrt(RESAMPLE_FRACTION * 0.37 / len(IDS))
        )


def test_whether_a_product_is_drawn_depends_on_no_other() -> None:
    some = IDS[::-3]
    drawn = {IDS[row] for row in resample(IDS, 0)}
    assert {some[row] for row in resample(some, 0)} == drawn & set(some)


def test_the_rows_are_in_order_and_none_twice() -> None:
    rows = resample(IDS, 1)
    assert (np.diff(rows) > 0).all()


def test_another_seed_draws_other_products_independently() -> None:
    one, other = (set(resample(IDS, seed).tolist()) for seed in (0, 1))
    assert len(one & other) / len(IDS) == pytest.approx(RESAMPLE_FRACTION**2, abs=0.02)


def test_nothing_is_drawn_of_nothing() -> None:
    assert len(resample([], 0)) == 0


def test_stability_is_the_mean_jaccard_with_the_nearest_group() -> None:
    groups = np.array([0, 0, 0, 1, 1, 2], np.int32)
    first = np.array([0, 1, 3, 4]), np.array([0, 0, 0, 1], np.int32)
    second = np.array([0, 2]), np.array([0, 1], np.int32)
    assert list(stability(groups, [first, second])) == [
        {"cluster": 0, "stability": pytest.approx((2 / 3 + 1 / 2) / 2), "resamples": 2},
        {"cluster": 1, "stability": 0.5, "resamples": 1},
    ]  # of group 2 no product was drawn


def test_without_a_resample_there_is_no_stability() -> None:
    assert list(stability(TRUTH, [])) == []
    assert np.isnan(found_again(TRUTH, [])).all()


def test_found_again_is_the_fraction_of_the_draws_by_hand() -> None:
    groups = np.array([0, 0, 0, 1, 1, 2], np.int32)
    first = np.array([0, 1, 3, 4]), np.array([1, 1, 0, 1], np.int32)  # 0 and 1 in the group of 0; 4 there too
    second = np.array([0, 1, 2, 4]), np.array([0, 0, 1, 1], np.int32)  # 2 with 4, in the group of 4
    assert found_again(groups, [first, second]).tolist() == pytest.approx([1, 1, 0, 1, 0.5, np.nan], nan_ok=True)


def test_groups_of_a_resample_are_matched_one_to_one() -> None:
    groups = np.array([0, 0, 0, 0, 1, 1], np.int32)  # both groups of the resample hold more of 0 than of 1
    one = np.arange(6), np.array([0, 0, 0, 1, 1, 0], np.int32)
    assert found_again(groups, [one]).tolist() == [1, 1, 1, 0, 1, 0]
    assert found_again(groups, [(np.arange(6), np.zeros(6, np.int32))]).tolist() == [1, 1, 1, 1, 0, 0]


def stabilities(vectors: Matrix) -> list[float]:
    """The stability of each k-means group over five resamples."""
    ids = planted.names(len(vectors))
    resampled = [(rows, kmeans(vectors[rows], 5, seed)) for seed in range(5) for rows in [resample(ids, seed)]]
    return [float(row["stability"]) for row in stability(kmeans(vectors, 5, 0), resampled)]


def test_planted_groups_are_stable() -> None:
    assert stabilities(planted.vectors(TRUTH, 0.1)) == [1.0] * 5


def test_groups_of_noise_are_not_stable() -> None:
    found = stabilities(planted.nothing(len(TRUTH)))
    assert len(found) == 5
    assert np.mean(found) < 0.6  # Hennig's "not stable"
