"""The spaces: what all products share is taken away, and noise is, but not what tells the groups apart."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from ingestion.grouping.clustering import kmeans
from ingestion.grouping.spaces import NEIGHBOURS, centred, smoothed
from ingestion.vectors import Matrix, neighbours, normalised
from tests.ingestion import planted

TRUTH = planted.truth(5, 30)


def contrast(points: Matrix) -> float:
    """The mean cosine of the products of a group, less that of the products of two."""
    cosines, same = points @ points.T, TRUTH[:, None] == TRUTH[None, :]
    return float(cosines[same].mean() - cosines[~same].mean())


@pytest.mark.parametrize("name", ["centred", "smoothed"])
def test_rows_are_of_unit_length_and_single_precision(name: str) -> None:
    vectors = planted.vectors(TRUTH, 0.5)
    points = centred(vectors) if name == "centred" else smoothed(vectors, neighbours(vectors, 30)[0])
    assert points.shape == vectors.shape
    assert points.dtype == np.float32
    assert np.linalg.norm(points, axis=1) == pytest.approx(1, abs=1e-6)


def test_what_all_products_share_no_longer_hides_what_tells_them_apart() -> None:
    shared = 20 * np.eye(16, dtype=np.float32)[0]
    hidden = normalised(planted.vectors(TRUTH, 0.3) + shared)
    assert contrast(hidden) < 0.01
    assert contrast(centred(hidden)) > 0.5


def test_centred_vectors_are_the_same_wherever_the_cloud_lay() -> None:
    vectors = planted.vectors(TRUTH, 0.5)
    assert centred((vectors + 3).astype(np.float32)) == pytest.approx(centred(vectors), abs=1e-5)


def test_equal_vectors_have_nothing_left_once_centred() -> None:
    assert not centred(np.full((10, 4), 0.5, np.float32)).any()


def test_smoothing_draws_groups_together_and_noise_goes() -> None:
    noisy = planted.vectors(TRUTH, 1.1, seed=2)
    clearer = smoothed(noisy, neighbours(noisy, 30)[0])
    assert contrast(clearer) > 2 * contrast(centred(noisy))
    assert adjusted_rand_score(TRUTH, kmeans(clearer, 5, 0)) > 0.8


def test_a_product_counts_as_much_as_two_neighbours_that_name_each_other() -> None:
    vectors = normalised(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))
    near = np.array([[0, 1], [1, 0], [2, 1], [3, 2]], dtype=np.int32)
    weights = np.array([[1, 1, 0, 0], [1, 1, 0.5, 0], [0, 0.5, 1, 0.5], [0, 0, 0.5, 1]])
    walk = weights / weights.sum(axis=1, keepdims=True)
    by_hand = normalised(walk @ walk @ (vectors - vectors.mean(axis=0)))
    assert smoothed(vectors, near) == pytest.approx(by_hand, abs=1e-6)


def test_no_more_neighbours_are_asked_than_declared() -> None:
    vectors = planted.vectors(TRUTH, 0.5)
    many, declared = (neighbours(vectors, k)[0] for k in (60, NEIGHBOURS + 1))
    assert np.array_equal(smoothed(vectors, many), smoothed(vectors, declared))


def test_without_neighbours_nothing_but_the_mean_is_taken_away() -> None:
    vectors = planted.vectors(TRUTH, 0.5)
    alone = np.arange(len(vectors), dtype=np.int32)[:, None]
    assert np.array_equal(smoothed(vectors, alone), centred(vectors))


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_the_smallest_catalogues_have_spaces_too(n: int) -> None:
    vectors = planted.vectors(TRUTH, 0.5)[::30][:n]
    for points in (centred(vectors), smoothed(vectors, neighbours(vectors, 30)[0])):
        assert points.shape == vectors.shape
        assert np.isfinite(points).all()
