"""How many groups there are: planted ones are counted, noise has none."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingestion.grouping import group_count
from ingestion.grouping.group_count import Estimate
from ingestion.vectors import nearest, normalised
from store.root import Root
from tests.ingestion.steps import Rows, do, put_neighbours, put_vectors


def planted(k: int, n: int, dimensions: int = 32, seed: int = 0) -> NDArray[np.float32]:
    """n points around k well separated centres; one centre is noise."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(k, dimensions)) * (3 if k > 1 else 0)
    return (centres[np.arange(n) % k] + draw.normal(size=(n, dimensions))).astype(np.float32)


def communities(vectors: NDArray[np.float32]) -> Estimate | None:
    unit = normalised(vectors)
    return group_count.communities(unit, nearest(unit, 30)[0])


@pytest.mark.parametrize("k", [3, 7, 15])
def test_planted_groups_are_counted_with_a_tight_range(k: int) -> None:
    found = communities(planted(k, 30 * k))
    assert found is not None
    assert found.k == k
    assert k - 1 <= found.low <= found.high <= k + 1


@pytest.mark.parametrize("seed", range(2))
def test_noise_gets_an_estimate_of_one_group(seed: int) -> None:
    found = communities(planted(1, 200, seed=seed))
    assert found is not None
    assert (found.k, found.low) == (1, 1)
    assert found.high > 5  # communities of noise in the resamples: so wide a range is of no use


def test_noise_has_no_groups_with_few_neighbours_either() -> None:
    unit = normalised(planted(1, 300, dimensions=4))
    found = group_count.communities(unit, nearest(unit, 8)[0])
    assert found is not None
    assert found.k == 1


def test_groups_of_unequal_size_are_all_counted() -> None:
    sizes = [100, 60, 40, 30, 30]
    rows = np.concatenate([np.full(size, at) for at, size in enumerate(sizes)])
    centres = np.random.default_rng(1).normal(size=(5, 32)) * 3
    vectors = centres[rows] + np.random.default_rng(2).normal(size=(len(rows), 32))
    found = communities(vectors.astype(np.float32))
    assert found is not None
    assert found.k == 5


def test_the_curve_is_the_fraction_of_resamples() -> None:
    found = communities(planted(7, 140))
    assert found is not None
    assert sum(found.fractions.values()) == pytest.approx(1)
    assert max(found.fractions, key=found.fractions.__getitem__) == 7


@pytest.mark.parametrize("n", [2, 3, 5, 17, 40])
def test_an_estimate_is_possible_for_the_number_of_products(n: int) -> None:
    found = communities(planted(2, n))
    assert found is not None
    assert 1 <= found.low <= found.k <= found.high <= n


def test_equal_products_are_one_group() -> None:
    equal = np.ones((60, 8), np.float32)
    found = communities(equal)
    assert found is not None
    assert found.k == 1


def test_two_calls_give_the_same() -> None:
    vectors = planted(4, 80) * 0.3
    assert communities(vectors) == communities(vectors)


def test_a_large_catalogue_is_measured_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_count, "COMMUNITIES_SAMPLE", 120)
    counted = communities(planted(4, 1_000))
    assert counted is not None
    assert counted.k == 4


def run(folder: Path, vectors: NDArray[np.float32], categories: int | None) -> dict[str, Rows]:
    root = Root(folder)
    reads = [put_vectors(root, "m", [f"p{i}" for i in range(len(vectors))], vectors)]
    reads.append(put_neighbours(root, reads[0]))
    return do(root, "group_count:m", group_count.step, reads, {"method": "m", "categories": categories})


def test_the_number_of_categories_does_not_change_the_estimate(tmp_path: Path) -> None:
    vectors = planted(5, 150)
    written = run(tmp_path / "with", vectors, 8)
    without = run(tmp_path / "without", vectors, None)
    assert [(r["k"], r["categories"]) for r in written["k_estimates"]] == [(5, 8)]
    assert [{**r, "categories": 8} for r in without["k_estimates"]] == written["k_estimates"]
    assert {r["categories"] for r in without["k_estimates"]} == {None}
    assert without["k_curves"] == written["k_curves"]


def test_a_single_product_gets_no_estimate(tmp_path: Path) -> None:
    assert run(tmp_path, planted(1, 1), None) == {}
