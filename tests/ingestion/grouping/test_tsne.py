"""t-SNE: the gradient is that of the definition, and a map depends on its arguments only."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.neighbors import KNeighborsClassifier

from ingestion.grouping import tsne
from ingestion.vectors import normalised

PROJECT = Path(__file__).resolve().parents[3]
COMPILE = """
import numpy as np
from scipy.sparse import csr_matrix
from ingestion.grouping import tsne
tsne.exact_gradient(np.ones((2, 2)), csr_matrix(np.eye(2)))
print(sum(tsne._compiled().stats.cache_hits.values()))
"""
GROUP_OF = np.repeat(np.arange(4), 20)


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    """(80, 16) unit vectors of four groups; the last three products equal the first."""
    random = np.random.default_rng(0)
    made = random.normal(size=(4, 16))[GROUP_OF] + 0.25 * random.normal(size=(80, 16))
    made[-3:] = made[0]
    return normalised(made.astype(np.float32))


def by_definition(points: NDArray[np.float64], joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """A quarter of the gradient of van der Maaten & Hinton 2008, equation 5."""
    difference = points[:, None] - points[None]
    near = 1 / (1 + (difference**2).sum(2))
    np.fill_diagonal(near, 0)
    force = (joint - near / near.sum()) * near
    return np.asarray((force[:, :, None] * difference).sum(1))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 30.0])
def test_the_gradient_is_that_of_the_definition(scale: float) -> None:
    random = np.random.default_rng(1)
    points = scale * random.normal(size=(80, 2))
    points[40:45] = points[0]
    joint = np.triu(random.random((80, 80)) * (random.random((80, 80)) < 0.2), 1)
    joint = (joint + joint.T) / (2 * joint.sum())
    expected = by_definition(points, joint)
    _, found = tsne.exact_gradient(points, csr_matrix(joint))
    assert found == pytest.approx(expected, abs=1e-5 * np.abs(expected).max())


def test_a_second_process_reads_the_compiled_gradient(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", COMPILE]
    hits = [subprocess.check_output(command, cwd=PROJECT, env=environment, text=True) for _ in range(2)]
    assert hits == ["0\n", "1\n"]


def test_the_gradient_needs_no_writable_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    tsne._compiled.cache_clear()
    _, found = tsne.exact_gradient(np.array([[0.0, 0.0], [1.0, 0.0]]), csr_matrix(np.eye(2)))
    assert tsne._compiled().stats.cache_path is None  # type: ignore[attr-defined]
    assert np.isfinite(found).all()
    tsne._compiled.cache_clear()


def test_a_map_is_the_same_whichever_maps_were_made_before_it(vectors: NDArray[np.float32]) -> None:
    ((_, affinity),) = tsne.affinities(vectors, [10.0])
    first = [tsne.layout(tsne.random_start(80, seed), affinity, seed) for seed in range(3)]
    assert np.array_equal(tsne.layout(tsne.random_start(80, 2), affinity, 2), first[2])
    assert not np.allclose(first[1], first[2], atol=0.1)


@pytest.mark.parametrize("exact", [True, False])
def test_groups_are_separated_with_either_gradient(
    exact: bool, vectors: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []
    monkeypatch.setattr(tsne, "MAX_EXACT", 80 if exact else 79)
    kept = tsne.exact_gradient
    monkeypatch.setattr(tsne, "exact_gradient", lambda *a, **b: used.append(1) or kept(*a, **b))
    ((_, affinity),) = tsne.affinities(vectors, [10.0])
    points = tsne.layout(tsne.random_start(80, 0), affinity, 0)
    assert bool(used) == exact
    groups = np.concatenate([GROUP_OF[:-3], [0, 0, 0]])
    assert KNeighborsClassifier(3).fit(points, groups).score(points, groups) == 1


def test_a_perplexity_that_is_too_high_is_lowered_and_used_once(vectors: NDArray[np.float32]) -> None:
    found = dict(tsne.affinities(vectors[:31], [50.0, 5.0, 30.0]))
    assert list(found) == pytest.approx([5, 30 / 3.01])
    for affinity in found.values():
        assert affinity.P.shape == (31, 31)
        assert affinity.P.sum() == pytest.approx(1)


def test_one_search_for_neighbours_serves_all_perplexities(vectors: NDArray[np.float32]) -> None:
    by_perplexity = dict(tsne.affinities(vectors, [5.0, 20.0]))
    for perplexity in (5.0, 20.0):
        ((_, alone),) = tsne.affinities(vectors, [perplexity])
        assert abs(alone.P - by_perplexity[perplexity].P).max() == 0
