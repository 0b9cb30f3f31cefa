"""The grouping: it finds planted groups and none in noise, and neither the seed nor a category changes it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, silhouette_score

from ingestion.grouping import clustering
from ingestion.grouping.clustering import silhouette
from ingestion.grouping.resampling import resample
from ingestion.task import Work
from store.parts import Part
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import Rows, do, put, put_neighbours, put_vectors

N_GROUPS, EACH = 5, 24
TRUTH = planted.truth(N_GROUPS, EACH)
IDS = planted.names(len(TRUTH))
VECTORS = planted.vectors(TRUTH, 0.15)
NOISE = planted.nothing(len(TRUTH))
PARAMETERS = {"method": "m", "k": N_GROUPS, "seed": 0, "resamples": 4}
GROUPINGS = {"manifold": N_GROUPS, "estimated_k": 3, "embedding": N_GROUPS}
"""The number of groups of each grouping, where three are estimated."""


def counted(root: Root, k: int, method: str = "m") -> Part:
    """The part of the step that estimates the number of groups."""
    row = {"method": method, "k": k, "low": k - 1, "high": k + 1}
    return put(root, f"group_count:{method}", {"k_estimates": [row]})


def group(
    root: Root, vectors: NDArray[np.float32] = VECTORS, estimate: int | None = 3, **changes: object
) -> dict[str, Rows]:
    """What the step writes for these vectors, where so many groups were estimated."""
    made = put_vectors(root, "m", IDS[: len(vectors)], vectors)
    reads = [made, put_neighbours(root, made)] + ([counted(root, estimate)] if estimate else [])
    return do(root, "clustering:m", clustering.step, reads, {**PARAMETERS, **changes})


def labels(rows: Rows, grouping: str = "manifold") -> list[int]:
    found = [row for row in rows if row["grouping"] == grouping]
    assert [row["product_id"] for row in found] == IDS[: len(found)]
    return [row["cluster"] for row in found]


def sizes(rows: Rows) -> dict[str, int]:
    """The number of groups of each grouping."""
    return {name: len(set(labels(rows, name))) for name in dict.fromkeys(row["grouping"] for row in rows)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    return group(Root(tmp_path_factory.mktemp("clustering")))


@pytest.mark.parametrize("grouping", ["manifold", "embedding"])
def test_planted_groups_are_found(grouping: str, written: dict[str, Rows]) -> None:
    assert adjusted_rand_score(TRUTH, labels(written["partitions"], grouping)) > 0.99


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_no_groups_are_found_in_noise(grouping: str, tmp_path: Path) -> None:
    rows = group(Root(tmp_path), NOISE)
    assert abs(adjusted_rand_score(TRUTH, labels(rows["partitions"], grouping))) < 0.07


def test_each_grouping_is_made_once_numbered_from_nought(written: dict[str, Rows]) -> None:
    assert sizes(written["partitions"]) == GROUPINGS
    for grouping, k in GROUPINGS.items():
        assert set(labels(written["partitions"], grouping)) == set(range(k))
    assert [row["grouping"] for row in written["partition_scores"]] == list(GROUPINGS)


def test_without_categories_the_number_of_groups_is_the_estimate(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), estimate=5, k=None)["partitions"]
    assert sizes(rows) == {"manifold": 5, "embedding": 5}
    assert adjusted_rand_score(TRUTH, labels(rows)) == 1


@pytest.mark.parametrize("estimate", [1, None])
def test_without_categories_there_are_two_groups_at_the_least(estimate: int | None, tmp_path: Path) -> None:
    assert sizes(group(Root(tmp_path), estimate=estimate, k=None)["partitions"]) == {"manifold": 2, "embedding": 2}


@pytest.mark.parametrize("estimate", [1, None])
def test_no_estimated_groups_are_no_grouping_of_their_own(estimate: int | None, tmp_path: Path) -> None:
    assert sizes(group(Root(tmp_path), estimate=estimate)["partitions"]) == {"manifold": 5, "embedding": 5}


@pytest.mark.parametrize("k", [2, 8, 40])
def test_groups_of_the_estimate_do_not_depend_on_categories(k: int, tmp_path: Path, written: dict[str, Rows]) -> None:
    rows = group(Root(tmp_path), k=k)["partitions"]
    assert labels(rows, "estimated_k") == labels(written["partitions"], "estimated_k")


def test_each_resample_of_the_products_is_grouped_again(written: dict[str, Rows]) -> None:
    rows = written["resampled_partitions"]
    assert {(r["grouping"], r["resample"]) for r in rows} == {(g, n) for g in GROUPINGS for n in range(4)}
    for grouping in GROUPINGS:
        for number in range(4):
            drawn = [r["product_id"] for r in rows if (r["grouping"], r["resample"]) == (grouping, number)]
            assert drawn == [IDS[row] for row in resample(IDS, number)]


def test_every_group_has_a_stability_and_planted_ones_are_stable(written: dict[str, Rows]) -> None:
    rows = written["cluster_stability"]
    assert {(r["grouping"], r["cluster"]) for r in rows} == {(g, c) for g, k in GROUPINGS.items() for c in range(k)}
    assert min(r["stability"] for r in rows if r["grouping"] == "manifold") > 0.95
    assert {r["resamples"] for r in rows} == {4}


def test_groups_of_noise_are_not_stable(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), NOISE)["cluster_stability"]
    assert np.mean([r["stability"] for r in rows if r["grouping"] == "embedding"]) < 0.6


def test_every_product_of_a_planted_group_is_found_again(written: dict[str, Rows]) -> None:
    again = [row["found_again"] for row in written["partitions"] if row["grouping"] == "manifold"]
    drawn = set(np.concatenate([resample(IDS, number) for number in range(4)]).tolist())
    assert [row for row, value in enumerate(again) if value is not None] == sorted(drawn)
    assert {value for value in again if value is not None} == {1.0}


def test_a_product_between_two_groups_is_not_found_again(tmp_path: Path) -> None:
    vectors = np.delete(VECTORS, 0, axis=0)
    between = vectors[TRUTH[1:] == 0].mean(axis=0) + vectors[TRUTH[1:] == 1].mean(axis=0)
    rows = group(Root(tmp_path), np.vstack([between, vectors]).astype(np.float32), resamples=20)["partitions"]
    again = [row["found_again"] for row in rows if row["grouping"] == "embedding"]
    assert again[0] < 0.8
    assert min(again[1:]) == 1


def test_the_same_vectors_give_the_same_groups(tmp_path: Path, written: dict[str, Rows]) -> None:
    assert group(Root(tmp_path)) == written


def test_another_seed_gives_the_same_planted_groups(tmp_path: Path, written: dict[str, Rows]) -> None:
    rows = group(Root(tmp_path), seed=1)["partitions"]
    assert adjusted_rand_score(labels(rows), labels(written["partitions"])) == 1


def test_another_seed_hardly_changes_blurred_groups(tmp_path: Path) -> None:
    vectors = planted.vectors(TRUTH, 1.3)
    found = [labels(group(Root(tmp_path / str(seed)), vectors, seed=seed)["partitions"]) for seed in (0, 1)]
    assert adjusted_rand_score(TRUTH, found[0]) < 0.9  # else this would show nothing
    assert adjusted_rand_score(*found) >= 0.95


def test_the_start_with_the_least_sum_of_squares_counts() -> None:
    def within(starts: int) -> float:
        groups = clustering.kmeans(NOISE, N_GROUPS, 0, starts)
        return sum(float(((NOISE[groups == g] - NOISE[groups == g].mean(0)) ** 2).sum()) for g in range(N_GROUPS))

    assert within(30) < within(1)


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


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_there_are_at_most_as_many_groups_as_products(n: int, tmp_path: Path) -> None:
    found = sizes(group(Root(tmp_path), VECTORS[::20][:n], estimate=4).get("partitions", []))
    assert found.get("embedding", 0) == (min(n, N_GROUPS) if n > 1 else 0)
    assert found.get("manifold", 0) <= min(n, N_GROUPS)  # two or three products are one point on the manifold
    assert found.get("estimated_k", 0) <= min(n, 4)


def test_equal_products_are_one_group_without_a_warning(tmp_path: Path) -> None:
    rows = group(Root(tmp_path), np.ones((len(TRUTH), 4), np.float32))["partitions"]
    assert set(labels(rows, "embedding")) == {0}


def test_progress_counts_the_grouping_and_the_resamples(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def step(work: Work, **parameters: Any) -> None:
        observed = Work(work.task, work.writer, lambda done, total: seen.append((done, total)))
        clustering.step(observed, **parameters)

    root = Root(tmp_path)
    made = put_vectors(root, "m", IDS, VECTORS)
    do(root, "clustering:m", step, [made, put_neighbours(root, made)], {**PARAMETERS, "resamples": 2})
    assert seen == [(1, 3), (2, 3), (3, 3)]


Joined = tuple[str, list[str], Any, int]
"""A method's modality, product ids, vectors and estimated number of groups."""


def joint(root: Root, modality: str, k: int | None = N_GROUPS, **vectors: Joined) -> dict[str, Rows]:
    """What the joint step writes for these methods."""
    reads, methods = [], {}
    for method, (its, ids, points, estimate) in vectors.items():
        methods[method] = its
        if ids:
            reads.append(put_vectors(root, method, ids, points))
            reads += [put_neighbours(root, reads[-1]), counted(root, estimate, method)]
    joining = {"method": "joint", "modality": modality, "methods": methods, "k": k, "categories": 7}
    return do(root, "clustering:joint", clustering.joint, reads, {**PARAMETERS, **joining})


def test_text_and_image_jointly_find_what_neither_finds_alone(tmp_path: Path) -> None:
    coarse, fine = planted.vectors(TRUTH // 2, 0.1), planted.vectors(TRUTH % 2, 0.1, seed=1)
    rows = joint(Root(tmp_path), "text+image", t=("text", IDS, coarse, 3), i=("image", IDS, fine, 2))
    assert adjusted_rand_score(TRUTH, labels(rows["partitions"])) > 0.8
    (model,) = rows["models"]
    assert (model["model"], model["products"]) == ("joint graph of t, i", len(IDS))


def test_the_joint_estimate_is_the_median_of_its_methods(tmp_path: Path) -> None:
    methods = {f"t{k}": ("text", IDS, VECTORS, k) for k in (4, 6, 9)}
    rows = joint(Root(tmp_path), "text", **methods)
    assert rows["k_estimates"] == [{"method": "joint", "k": 6, "low": 3, "high": 10, "categories": 7}]
    assert sizes(rows["partitions"]) == {"manifold": N_GROUPS, "estimated_k": 6}
    assert sizes(joint(Root(tmp_path / "without"), "text", k=None, **methods)["partitions"]) == {"manifold": 6}


def test_every_product_is_placed_that_any_method_could_read(tmp_path: Path) -> None:
    half = len(IDS) // 2
    texts = ("text", IDS[: half + 20], VECTORS[: half + 20], 3)
    images = ("image", IDS[half - 20 :], VECTORS[half - 20 :], 3)
    rows = joint(Root(tmp_path), "text+image", t=texts, i=images)["partitions"]
    assert {row["product_id"] for row in rows} == set(IDS)


def test_without_a_method_of_each_modality_nothing_is_joined(tmp_path: Path) -> None:
    assert joint(Root(tmp_path), "text+image", t=("text", IDS, VECTORS, 5), i=("image", [], None, 1)) == {}
