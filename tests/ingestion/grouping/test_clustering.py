"""The grouping: it finds what is planted, makes nothing of noise, repeats itself."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import ward as ward_tree
from sklearn.metrics import adjusted_rand_score, silhouette_score

from ingestion.grouping import clustering
from ingestion.grouping.clustering import MEMBERS, silhouette
from ingestion.grouping.consensus import consensus
from ingestion.grouping.resampling import resample
from ingestion.task import Work
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import Rows, do, put, put_vectors

KINDS, EACH = 5, 24
TRUTH = planted.truth(KINDS, EACH)
IDS = planted.names(len(TRUTH))
VECTORS = planted.vectors(TRUTH, 0.15)
NOISE = planted.nothing(len(TRUTH))
ALGORITHMS = ("kmeans", "ward")
PARAMETERS = {"method": "m", "k": KINDS, "seeds": 3, "dimensions": 200, "n_neighbours": 15}
"""With more dimensions than products the manifold is the plain one of tiny catalogues: no UMAP, no seconds."""
GROUPINGS = {
    *(("kmeans", space) for space in ("full", "centred", "smoothed", "manifold", "map")),
    *(("ward", space) for space in ("full", "manifold", "map")),
    ("consensus", "ensemble"),
}
"""What is made of the vectors, by algorithm and space."""


def drawn(root: Root, reducer: str, points: NDArray[np.float32]) -> Rows:
    names = ("method", "reducer", "product_id", "x", "y")
    return [dict(zip(names, ("m", reducer, i, *p), strict=True)) for i, p in zip(IDS, points.tolist(), strict=True)]


def group(root: Root, vectors: NDArray[np.float32], **changes: object) -> dict[str, Rows]:
    """What the step writes for these vectors, with a t-SNE map that is their first two columns."""
    projections = put(root, "projection:m", {"projections": drawn(root, "tsne", vectors[:, :2])})
    reads = [put_vectors(root, "m", IDS[: len(vectors)], vectors), projections]
    return do(root, "clustering:m", clustering.step, reads, {**PARAMETERS, **changes})


def labels(rows: Rows, algorithm: str, space: str, seed: int) -> list[int]:
    found = [r for r in rows if (r["algorithm"], r["space"], r["seed"]) == (algorithm, space, seed)]
    assert [r["product_id"] for r in found] == IDS
    return [r["cluster"] for r in found]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    return group(Root(tmp_path_factory.mktemp("clustering")), VECTORS)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("seed", range(3))
def test_planted_groups_are_found_by_every_seed(algorithm: str, seed: int, written: dict[str, Rows]) -> None:
    if algorithm == "kmeans" or seed == 0:
        assert adjusted_rand_score(TRUTH, labels(written["partitions"], algorithm, "full", seed)) > 0.99
    assert adjusted_rand_score(TRUTH, labels(written["partitions"], algorithm, "manifold", seed)) > 0.6


@pytest.mark.models
def test_planted_groups_are_found_in_a_real_manifold(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), VECTORS, dimensions=10)["partitions"]
    for algorithm in ALGORITHMS:
        for seed in range(3):
            assert adjusted_rand_score(TRUTH, labels(rows, algorithm, "manifold", seed)) > 0.99


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_nothing_is_found_in_noise(algorithm: str, tmp_path: Path) -> None:
    rows = group(Root(tmp_path), NOISE)
    assert abs(adjusted_rand_score(TRUTH, labels(rows["partitions"], algorithm, "full", 0))) < 0.05
    worth = {r["algorithm"]: r["value"] for r in rows["partition_scores"] if r["space"] == "full"}
    assert worth[algorithm] < 0.15


def test_groups_are_numbered_from_nought_to_k_less_one(written: dict[str, Rows]) -> None:
    assert {row["cluster"] for row in written["partitions"]} == set(range(KINDS))


def test_every_space_and_seed_is_grouped_and_ward_where_its_seed_matters(written: dict[str, Rows]) -> None:
    found = {(r["algorithm"], r["space"], r["seed"]) for r in written["partitions"]}
    once = {("ward", "full"), ("ward", "map")}  # their space is always the same, and Ward has no seed
    assert found == {(*grouping, seed) for grouping in GROUPINGS for seed in range(1 if grouping in once else 3)}
    measured = {(r["algorithm"], r["space"], r["seed"]) for r in written["partition_scores"]}
    assert measured == {row for row in found if row[0] != "consensus"}  # of several spaces: there is no one to measure


@pytest.mark.parametrize("seed", range(3))
def test_a_seeds_consensus_is_that_of_its_kmeans_groups_in_the_members_spaces(
    seed: int, written: dict[str, Rows]
) -> None:
    members = [np.array(labels(written["partitions"], "kmeans", s, seed), np.int32) for s in MEMBERS]
    joined = consensus(members, [1.0] * len(members), KINDS, seed)
    assert labels(written["partitions"], "consensus", "ensemble", seed) == joined.tolist()
    assert adjusted_rand_score(TRUTH, joined) > 0.99


def test_the_map_has_no_say_in_the_consensus(tmp_path: Path, written: dict[str, Rows]) -> None:
    assert "map" not in MEMBERS
    without = grouped_without_a_map(Root(tmp_path), ["pca"], 3)
    for seed in range(3):
        known = labels(written["partitions"], "consensus", "ensemble", seed)
        assert labels(without["partitions"], "consensus", "ensemble", seed) == known


def test_a_part_of_the_products_is_grouped_again_for_each_seed(written: dict[str, Rows]) -> None:
    rows = written["resampled_partitions"]
    assert {(r["algorithm"], r["space"], r["seed"]) for r in rows} == {
        ("kmeans", space, seed) for space in MEMBERS for seed in range(3)
    }
    for seed in range(3):
        drawn = [r["product_id"] for r in rows if (r["space"], r["seed"]) == ("manifold", seed)]
        assert drawn == [IDS[row] for row in resample(IDS, seed)]


def test_every_group_that_is_shown_has_a_stability_and_planted_ones_come_back(written: dict[str, Rows]) -> None:
    rows = written["cluster_stability"]
    assert {(r["algorithm"], r["space"], r["cluster"]) for r in rows} == {
        (*grouping, cluster) for grouping in GROUPINGS for cluster in range(KINDS)
    }
    assert {r["stability"] for r in rows if r["space"] == "ensemble"} == {1.0}
    assert {r["resamples"] for r in rows} == {3}


def test_groups_of_noise_do_not_come_back(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), NOISE)["cluster_stability"]
    assert np.mean([r["stability"] for r in rows if (r["algorithm"], r["space"]) == ("kmeans", "full")]) < 0.6


def test_the_same_vectors_give_the_same_groups(tmp_path: Path, written: dict[str, Rows]) -> None:
    assert group(Root(tmp_path), VECTORS) == written


def test_ward_is_that_of_scipy() -> None:
    vectors = NOISE
    expected = fcluster(ward_tree(vectors), KINDS, "maxclust")
    assert adjusted_rand_score(clustering.ward(vectors, KINDS, 0), expected) == 1


def test_ward_groups_a_sample_of_a_large_catalogue_and_gives_the_rest_to_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clustering, "WARD_SAMPLE", 60)
    assert adjusted_rand_score(TRUTH, clustering.ward(VECTORS, KINDS, 0)) > 0.99


def test_ward_groups_a_large_catalogue_of_equal_products_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "WARD_SAMPLE", 60)
    assert len(clustering.ward(np.ones((len(TRUTH), 4), np.float32), KINDS, 0)) == len(TRUTH)


def test_the_silhouette_of_a_large_catalogue_is_that_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = silhouette(VECTORS, TRUTH)
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 60)
    assert silhouette(VECTORS, TRUTH) == silhouette(VECTORS, TRUTH) == pytest.approx(whole, abs=0.05)
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 2)
    assert np.isnan(silhouette(VECTORS, (np.arange(len(TRUTH)) == 0).astype(np.int32)))  # all of it in one group


def test_the_silhouette_is_scikit_learns_and_not_a_number_where_it_is_not_defined() -> None:
    assert silhouette(VECTORS, TRUTH.astype(np.int32)) == pytest.approx(silhouette_score(VECTORS, TRUTH))
    assert np.isnan(silhouette(VECTORS, np.zeros(len(TRUTH), np.int32)))
    assert np.isnan(silhouette(VECTORS, np.arange(len(TRUTH), dtype=np.int32)))


def grouped_without_a_map(root: Root, reducers: list[str], seeds: int) -> dict[str, Rows]:
    """What the step writes for the planted vectors where only these reducers drew them."""
    maps = [row for reducer in reducers for row in drawn(root, reducer, VECTORS[:, :2])]
    reads = [put_vectors(root, "m", IDS, VECTORS), put(root, "projection:m", {"projections": maps} if maps else {})]
    return do(root, "clustering:m", clustering.step, reads, {**PARAMETERS, "seeds": seeds})


@pytest.mark.parametrize("reducers", [[], ["pca"], ["pca", "umap"]])
def test_without_a_tsne_map_the_other_spaces_are_grouped(reducers: list[str], tmp_path: Path) -> None:
    rows = grouped_without_a_map(Root(tmp_path), reducers, 1)["partitions"]
    assert {(row["algorithm"], row["space"]) for row in rows} == {g for g in GROUPINGS if g[1] != "map"}


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_there_are_at_most_as_many_groups_as_products(n: int, tmp_path: Path) -> None:
    root = Root(tmp_path)
    reads = [put_vectors(root, "m", IDS[:n], VECTORS[::20][:n]), put(root, "projection:m", {})]
    rows = do(root, "clustering:m", clustering.step, reads, PARAMETERS).get("partitions", [])
    assert len({row["cluster"] for row in rows}) == (min(n, KINDS) if n > 1 else 0)


def test_equal_products_are_one_group_without_a_warning(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), np.ones((len(TRUTH), 4), np.float32), seeds=1)["partitions"]
    assert set(labels(rows, "kmeans", "full", 0)) == {0}


def test_progress_counts_the_seeds(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def step(work: Work) -> None:
        clustering.step(Work(work.task, work.writer, lambda done, total: seen.append((done, total))))

    root = Root(tmp_path)
    reads = [
        put_vectors(root, "m", IDS, VECTORS),
        put(root, "projection:m", {"projections": drawn(root, "tsne", VECTORS[:, :2])}),
    ]
    do(root, "clustering:m", step, reads, PARAMETERS)
    assert seen == [(1, 3), (2, 3), (3, 3)]
