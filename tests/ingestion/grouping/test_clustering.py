"""The grouping: it finds planted groups and none in noise, and is reproducible."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import ward as ward_tree
from sklearn.metrics import adjusted_rand_score, silhouette_score

from ingestion.grouping import clustering
from ingestion.grouping.clustering import silhouette
from ingestion.grouping.resampling import resample
from ingestion.task import Work
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import Rows, do, put, put_neighbours, put_vectors

N_GROUPS, EACH = 5, 24
TRUTH = planted.truth(N_GROUPS, EACH)
IDS = planted.names(len(TRUTH))
VECTORS = planted.vectors(TRUTH, 0.15)
NOISE = planted.nothing(len(TRUTH))
PARAMETERS = {"method": "m", "k": N_GROUPS, "seeds": 3, "resamples": 4}
GROUPINGS = {("kmeans", "full"), ("kmeans", "manifold"), ("kmeans", "map"), ("ward", "manifold")}
"""What is made of the vectors, by algorithm and space."""


def drawn(root: Root, reducer: str, points: NDArray[np.float32]) -> Rows:
    names = ("method", "reducer", "product_id", "x", "y")
    return [dict(zip(names, ("m", reducer, i, *p), strict=True)) for i, p in zip(IDS, points.tolist(), strict=True)]


def group(root: Root, vectors: NDArray[np.float32], **changes: object) -> dict[str, Rows]:
    """What the step writes for these vectors, with a t-SNE map that is their first two columns."""
    projections = put(root, "projection:m", {"projections": drawn(root, "tsne", vectors[:, :2])})
    made = put_vectors(root, "m", IDS[: len(vectors)], vectors)
    reads = [made, put_neighbours(root, made), projections]
    return do(root, "clustering:m", clustering.step, reads, {**PARAMETERS, **changes})


def labels(rows: Rows, algorithm: str, space: str, seed: int) -> list[int]:
    found = [r for r in rows if (r["algorithm"], r["space"], r["seed"]) == (algorithm, space, seed)]
    assert [r["product_id"] for r in found] == IDS
    return [r["cluster"] for r in found]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    return group(Root(tmp_path_factory.mktemp("clustering")), VECTORS)


@pytest.mark.parametrize(("algorithm", "space"), sorted(GROUPINGS - {("kmeans", "map")}))
def test_planted_groups_are_found(algorithm: str, space: str, written: dict[str, Rows]) -> None:
    for seed in range(1 if algorithm == "ward" else 3):
        assert adjusted_rand_score(TRUTH, labels(written["partitions"], algorithm, space, seed)) > 0.99


@pytest.mark.parametrize(("algorithm", "space"), sorted(GROUPINGS))
def test_no_groups_are_found_in_noise(algorithm: str, space: str, tmp_path: Path) -> None:
    rows = group(Root(tmp_path), NOISE)
    assert abs(adjusted_rand_score(TRUTH, labels(rows["partitions"], algorithm, space, 0))) < 0.07


def test_groups_are_numbered_from_nought_to_k_less_one(written: dict[str, Rows]) -> None:
    assert {row["cluster"] for row in written["partitions"]} == set(range(N_GROUPS))


def test_every_space_is_grouped_by_every_seed_and_once_by_ward(written: dict[str, Rows]) -> None:
    found = {(r["algorithm"], r["space"], r["seed"]) for r in written["partitions"]}
    assert found == {(*g, seed) for g in GROUPINGS for seed in range(1 if g[0] == "ward" else 3)}
    measured = {(r["algorithm"], r["space"], r["seed"]) for r in written["partition_scores"]}
    assert measured == found


def test_each_resample_of_the_products_is_grouped_again(written: dict[str, Rows]) -> None:
    rows = written["resampled_partitions"]
    assert {(r["algorithm"], r["space"], r["seed"]) for r in rows} == {(*g, n) for g in GROUPINGS for n in range(4)}
    for number in range(4):
        drawn = [
            r["product_id"] for r in rows if (r["algorithm"], r["space"], r["seed"]) == ("ward", "manifold", number)
        ]
        assert drawn == [IDS[row] for row in resample(IDS, number)]


def test_every_group_has_a_stability_and_planted_ones_are_stable(written: dict[str, Rows]) -> None:
    rows = written["cluster_stability"]
    assert {(r["algorithm"], r["space"], r["cluster"]) for r in rows} == {
        (*grouping, cluster) for grouping in GROUPINGS for cluster in range(N_GROUPS)
    }
    assert min(r["stability"] for r in rows if r["space"] == "manifold") > 0.95
    assert {r["resamples"] for r in rows} == {4}


def test_groups_of_noise_are_not_stable(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), NOISE)["cluster_stability"]
    assert np.mean([r["stability"] for r in rows if (r["algorithm"], r["space"]) == ("kmeans", "full")]) < 0.6


def test_the_same_vectors_give_the_same_groups(tmp_path: Path, written: dict[str, Rows]) -> None:
    assert group(Root(tmp_path), VECTORS) == written


def test_ward_is_that_of_scipy() -> None:
    vectors = NOISE
    expected = fcluster(ward_tree(vectors), N_GROUPS, "maxclust")
    assert adjusted_rand_score(clustering.ward(vectors, N_GROUPS, 0), expected) == 1


def test_ward_assigns_products_outside_its_sample_to_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clustering, "WARD_SAMPLE", 60)
    assert adjusted_rand_score(TRUTH, clustering.ward(VECTORS, N_GROUPS, 0)) > 0.99


def test_ward_groups_a_large_catalogue_of_equal_products_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "WARD_SAMPLE", 60)
    assert len(clustering.ward(np.ones((len(TRUTH), 4), np.float32), N_GROUPS, 0)) == len(TRUTH)


def test_the_silhouette_of_a_large_catalogue_is_that_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = silhouette(VECTORS, TRUTH)
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 60)
    assert silhouette(VECTORS, TRUTH) == silhouette(VECTORS, TRUTH) == pytest.approx(whole, abs=0.05)
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 2)
    assert np.isnan(silhouette(VECTORS, (np.arange(len(TRUTH)) == 0).astype(np.int32)))  # all of it in one group


def test_the_silhouette_is_scikit_learns_or_nan() -> None:
    assert silhouette(VECTORS, TRUTH.astype(np.int32)) == pytest.approx(silhouette_score(VECTORS, TRUTH))
    assert np.isnan(silhouette(VECTORS, np.zeros(len(TRUTH), np.int32)))
    assert np.isnan(silhouette(VECTORS, np.arange(len(TRUTH), dtype=np.int32)))


def grouped_without_a_map(root: Root, reducers: list[str], seeds: int) -> dict[str, Rows]:
    """What the step writes for the planted vectors where only these reducers drew them."""
    maps = [row for reducer in reducers for row in drawn(root, reducer, VECTORS[:, :2])]
    made = put_vectors(root, "m", IDS, VECTORS)
    reads = [made, put_neighbours(root, made), put(root, "projection:m", {"projections": maps} if maps else {})]
    return do(root, "clustering:m", clustering.step, reads, {**PARAMETERS, "seeds": seeds})


@pytest.mark.parametrize("reducers", [[], ["pca"], ["pca", "umap"]])
def test_without_a_tsne_map_the_other_spaces_are_grouped(reducers: list[str], tmp_path: Path) -> None:
    rows = grouped_without_a_map(Root(tmp_path), reducers, 1)["partitions"]
    assert {(row["algorithm"], row["space"]) for row in rows} == {g for g in GROUPINGS if g[1] != "map"}


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_there_are_at_most_as_many_groups_as_products(n: int, tmp_path: Path) -> None:
    root = Root(tmp_path)
    made = put_vectors(root, "m", IDS[:n], VECTORS[::20][:n])
    reads = [made, put_neighbours(root, made), put(root, "projection:m", {})]
    rows = do(root, "clustering:m", clustering.step, reads, PARAMETERS).get("partitions", [])
    assert len({row["cluster"] for row in rows}) == (min(n, N_GROUPS) if n > 1 else 0)


def test_equal_products_are_one_group_without_a_warning(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), np.ones((len(TRUTH), 4), np.float32), seeds=1)["partitions"]
    assert set(labels(rows, "kmeans", "full", 0)) == {0}


def test_progress_counts_the_seeds_and_the_resamples(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def step(work: Work, **parameters: Any) -> None:
        observed = Work(work.task, work.writer, lambda done, total: seen.append((done, total)))
        clustering.step(observed, **parameters)

    root = Root(tmp_path)
    made = put_vectors(root, "m", IDS, VECTORS)
    reads = [made, put_neighbours(root, made), put(root, "projection:m", {})]
    do(root, "clustering:m", step, reads, {**PARAMETERS, "resamples": 1})
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def joint(root: Root, modality: str, **vectors: tuple[str, list[str], Any]) -> dict[str, Rows]:
    """What the joint step writes for methods given as (modality, product ids, vectors)."""
    reads, methods = [], {}
    for method, (its, ids, points) in vectors.items():
        methods[method] = its
        if ids:
            reads.append(put_vectors(root, method, ids, points))
            reads.append(put_neighbours(root, reads[-1]))
    parameters = {**PARAMETERS, "method": "joint", "modality": modality, "methods": methods}
    return do(root, "clustering:joint", clustering.joint, reads, parameters)


def test_text_and_image_jointly_find_what_neither_finds_alone(tmp_path: Path) -> None:
    coarse, fine = planted.vectors(TRUTH // 2, 0.1), planted.vectors(TRUTH % 2, 0.1, seed=1)
    rows = joint(Root(tmp_path), "text+image", t=("text", IDS, coarse), i=("image", IDS, fine))
    assert adjusted_rand_score(TRUTH, labels(rows["partitions"], "kmeans", "manifold", 0)) > 0.8
    assert {(r["algorithm"], r["space"]) for r in rows["partitions"]} == {("kmeans", "manifold"), ("ward", "manifold")}
    (model,) = rows["models"]
    assert (model["model"], model["products"]) == ("joint graph of t, i", len(IDS))


def test_every_product_is_placed_that_any_method_could_read(tmp_path: Path) -> None:
    half = len(IDS) // 2
    texts, images = ("text", IDS[: half + 20], VECTORS[: half + 20]), ("image", IDS[half - 20 :], VECTORS[half - 20 :])
    rows = joint(Root(tmp_path), "text+image", t=texts, i=images)["partitions"]
    assert {row["product_id"] for row in rows} == set(IDS)


def test_without_a_method_of_each_modality_nothing_is_joined(tmp_path: Path) -> None:
    assert joint(Root(tmp_path), "text+image", t=("text", IDS, VECTORS), i=("image", [], None)) == {}
