"""The manifold: it draws groups together, needs no seed, and joins what several methods say."""

import numpy as np
import pytest
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score

from ingestion.grouping import manifold as module
from ingestion.grouping.clustering import kmeans
from ingestion.grouping.manifold import graph, joined, manifold, part, weights
from ingestion.grouping.neighbours import Neighbours
from ingestion.grouping.resampling import resample
from ingestion.vectors import nearest
from tests.ingestion import planted

GROUPS, EACH = 5, 40
TRUTH = planted.truth(GROUPS, EACH)
IDS = planted.names(len(TRUTH))


def near(points: np.ndarray, k: int = 30) -> Neighbours:
    return Neighbours(IDS[: len(points)], *nearest(points, k))


def test_noisy_planted_groups_are_found_on_the_manifold() -> None:
    points = planted.vectors(TRUTH, 0.9)
    assert adjusted_rand_score(TRUTH, kmeans(manifold(graph(near(points)), GROUPS), GROUPS, 0)) > 0.95


def test_the_graph_is_symmetric_with_few_neighbours_if_n_is_small() -> None:
    made = graph(near(planted.vectors(TRUTH, 0.5)))
    assert (made != made.T).nnz == 0
    assert set(np.unique(made.data)) == {0.5, 1.0}
    assert made.sum() == len(TRUTH) * round(np.sqrt(len(TRUTH)))


@pytest.mark.parametrize("dense", [0, 10_000])
def test_all_eigenvectors_or_a_few_give_the_same_groups(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DENSE", dense)
    monkeypatch.setattr(module, "DIMENSIONS", 10)
    made = graph(near(planted.vectors(TRUTH, 0.9)))
    expected = SpectralClustering(GROUPS, affinity="precomputed", random_state=0).fit_predict(made.toarray())
    assert adjusted_rand_score(expected, kmeans(manifold(made, GROUPS), GROUPS, 0)) > 0.95


def test_a_joint_graph_separates_what_one_method_does_not() -> None:
    coarse, fine = TRUTH // 2, TRUTH % 2  # three groups by one, two by the other
    one, two = (graph(near(planted.vectors(groups, 0.3, seed=seed))) for seed, groups in ((0, coarse), (1, fine)))
    both = joined([(0.5, IDS, one), (0.5, IDS, two)], IDS)
    assert adjusted_rand_score(TRUTH, kmeans(manifold(one, GROUPS), GROUPS, 0)) < 0.8
    assert adjusted_rand_score(TRUTH, kmeans(manifold(both, GROUPS), GROUPS, 0)) > 0.95


def test_a_product_without_one_method_is_placed_by_the_other() -> None:
    points = planted.vectors(TRUTH, 0.3)
    some = np.arange(0, len(TRUTH), 2)
    half = graph(Neighbours([IDS[row] for row in some], *nearest(points[some], 10)))
    whole = joined([(0.5, IDS, graph(near(points))), (0.5, [IDS[row] for row in some], half)], IDS)
    assert adjusted_rand_score(TRUTH, kmeans(manifold(whole, GROUPS), GROUPS, 0)) > 0.99


def test_the_weight_of_a_modality_is_split_over_its_methods() -> None:
    found = weights({"bert": "text", "use": "text", "cnn": "image"})
    assert found == pytest.approx({"bert": 0.325, "use": 0.325, "cnn": 0.35})


def test_a_resample_is_grouped_as_with_a_new_neighbour_search() -> None:
    points, rows = planted.vectors(TRUTH, 0.9), resample(IDS, 0)
    taken = kmeans(manifold(part(graph(near(points)), rows), GROUPS), GROUPS, 0)
    anew = kmeans(manifold(graph(Neighbours([], *nearest(points[rows], 30))), GROUPS), GROUPS, 0)
    assert adjusted_rand_score(taken, anew) > 0.9


@pytest.mark.parametrize("all_eigenvectors", [True, False])
def test_equal_graphs_give_equal_manifolds(all_eigenvectors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DENSE", 10_000 if all_eigenvectors else 0)
    monkeypatch.setattr(module, "DIMENSIONS", 10)
    listings = np.repeat(planted.nothing(25), 40, axis=0)  # the graph falls into parts: the search starts anew
    for points in (planted.nothing(1000), listings):
        made = graph(Neighbours([], *nearest(points, 30)))
        first = manifold(made, GROUPS)
        assert all(np.array_equal(first, manifold(made.copy(), GROUPS)) for _ in range(3))


@pytest.mark.parametrize("all_eigenvectors", [True, False])
def test_a_product_without_neighbours_lies_at_the_origin(
    all_eigenvectors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_DENSE", 10_000 if all_eigenvectors else 0)
    monkeypatch.setattr(module, "DIMENSIONS", 10)
    points = planted.vectors(TRUTH, 0.5)
    points[7] = 0
    made = manifold(graph(near(points)), GROUPS)
    assert not made[7].any()
    assert np.linalg.norm(np.delete(made, 7, axis=0), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_a_handful_of_products_has_a_manifold(n: int) -> None:
    points = manifold(graph(near(planted.vectors(TRUTH, 0.5)[::9][:n])), 2)
    assert points.shape[0] == n
    assert np.isfinite(points).all()
