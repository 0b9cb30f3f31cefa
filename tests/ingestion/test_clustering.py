"""The grouping: it finds what is planted, makes nothing of noise, repeats itself."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import ward as ward_tree
from sklearn.metrics import adjusted_rand_score, silhouette_score

from ingestion import clustering
from ingestion.clustering import ALGORITHMS, silhouette
from ingestion.task import Work
from store.root import Root
from tests.ingestion.steps import Rows, do, put, put_vectors

KINDS, EACH = 5, 24
TRUTH = np.repeat(np.arange(KINDS), EACH)
IDS = [f"p{i:03d}" for i in range(len(TRUTH))]
PARAMETERS = {"method": "m", "k": KINDS, "seeds": 3, "dimensions": 200, "neighbours": 15}
"""With more dimensions than products the manifold is the plain one of tiny catalogues: no UMAP, no seconds."""


def planted() -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(KINDS, 16))
    return (centres[TRUTH] + 0.15 * random.normal(size=(len(TRUTH), 16))).astype(np.float32)


def noise() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(len(TRUTH), 16)).astype(np.float32)


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
    return group(Root(tmp_path_factory.mktemp("clustering")), planted())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("seed", range(3))
def test_planted_groups_are_found_by_every_seed(algorithm: str, seed: int, written: dict[str, Rows]) -> None:
    if algorithm == "kmeans" or seed == 0:
        assert adjusted_rand_score(TRUTH, labels(written["partitions"], algorithm, "full", seed)) > 0.99
    assert adjusted_rand_score(TRUTH, labels(written["partitions"], algorithm, "manifold", seed)) > 0.6


@pytest.mark.models
def test_planted_groups_are_found_in_a_real_manifold(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), planted(), dimensions=10)["partitions"]
    for algorithm in ALGORITHMS:
        for seed in range(3):
            assert adjusted_rand_score(TRUTH, labels(rows, algorithm, "manifold", seed)) > 0.99


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_nothing_is_found_in_noise(algorithm: str, tmp_path: Path) -> None:
    rows = group(Root(tmp_path), noise())
    assert abs(adjusted_rand_score(TRUTH, labels(rows["partitions"], algorithm, "full", 0))) < 0.05
    worth = {r["algorithm"]: r["value"] for r in rows["partition_scores"] if r["space"] == "full"}
    assert worth[algorithm] < 0.15


def test_groups_are_numbered_from_nought_to_k_less_one(written: dict[str, Rows]) -> None:
    assert {row["cluster"] for row in written["partitions"]} == set(range(KINDS))


def test_every_space_and_seed_is_grouped_and_ward_where_its_seed_matters(written: dict[str, Rows]) -> None:
    found = {(r["algorithm"], r["space"], r["seed"]) for r in written["partitions"]}
    kmeans = {("kmeans", space, seed) for space in ("full", "manifold", "map") for seed in range(3)}
    ward = {("ward", "full", 0), ("ward", "map", 0), *(("ward", "manifold", seed) for seed in range(3))}
    assert found == kmeans | ward
    assert {(r["algorithm"], r["space"], r["seed"]) for r in written["partition_scores"]} == found


def test_the_same_vectors_give_the_same_groups(tmp_path: Path, written: dict[str, Rows]) -> None:
    assert group(Root(tmp_path), planted()) == written


def test_ward_is_that_of_scipy() -> None:
    vectors = noise()
    expected = fcluster(ward_tree(vectors), KINDS, "maxclust")
    assert adjusted_rand_score(clustering.ward(vectors, KINDS, 0), expected) == 1


def test_ward_groups_a_sample_of_a_large_catalogue_and_gives_the_rest_to_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clustering, "WARD_SAMPLE", 60)
    assert adjusted_rand_score(TRUTH, clustering.ward(planted(), KINDS, 0)) > 0.99


def test_the_silhouette_is_scikit_learns_and_not_a_number_where_it_is_not_defined() -> None:
    assert silhouette(planted(), TRUTH.astype(np.int32)) == pytest.approx(silhouette_score(planted(), TRUTH))
    assert np.isnan(silhouette(planted(), np.zeros(len(TRUTH), np.int32)))
    assert np.isnan(silhouette(planted(), np.arange(len(TRUTH), dtype=np.int32)))


def test_without_a_tsne_map_the_other_spaces_are_grouped(tmp_path: Path) -> None:
    root = Root(tmp_path)
    reads = [
        put_vectors(root, "m", IDS, planted()),
        put(root, "projection:m", {"projections": drawn(root, "pca", planted()[:, :2])}),
    ]
    rows = do(root, "clustering:m", clustering.step, reads, {**PARAMETERS, "seeds": 1})["partitions"]
    assert {row["space"] for row in rows} == {"full", "manifold"}


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_there_are_at_most_as_many_groups_as_products(n: int, tmp_path: Path) -> None:
    root = Root(tmp_path)
    reads = [put_vectors(root, "m", IDS[:n], planted()[::20][:n]), put(root, "projection:m", {})]
    rows = do(root, "clustering:m", clustering.step, reads, PARAMETERS).get("partitions", [])
    assert len({row["cluster"] for row in rows}) == (min(n, KINDS) if n > 1 else 0)


def test_equal_products_are_one_group_without_a_warning(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), np.ones((len(TRUTH), 4), np.float32), seeds=1)["partitions"]
    assert set(labels(rows, "kmeans", "full", 0)) == {0}


def test_progress_counts_all_spaces(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def step(work: Work) -> None:
        clustering.step(Work(work.task, work.writer, lambda done, total: seen.append((done, total))))

    root = Root(tmp_path)
    reads = [
        put_vectors(root, "m", IDS, planted()),
        put(root, "projection:m", {"projections": drawn(root, "tsne", planted()[:, :2])}),
    ]
    do(root, "clustering:m", step, reads, {**PARAMETERS, "seeds": 2})
    assert seen == [(done, 6) for done in range(1, 7)]
