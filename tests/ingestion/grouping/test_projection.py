"""The 2-D maps: they show planted groups, are reproducible, and can be drawn of the smallest catalogues."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from ingestion.grouping import projection
from ingestion.grouping.neighbours import Neighbours
from ingestion.grouping.projection import pca, trustworthiness, tsne, umap
from ingestion.vectors import nearest, normalised
from store.root import Root
from tests.ingestion.steps import do, put_vectors


def near(vectors: NDArray[np.float32]) -> Neighbours:
    return Neighbours([], *nearest(vectors, 15))


REDUCERS = {
    "pca": pca,
    "tsne": lambda vectors: tsne(vectors, 30.0),
    "umap": lambda vectors: umap(vectors, near(vectors)),
}
PROJECT = Path(__file__).resolve().parents[3]
N_GROUPS, EACH = 4, 30
REPEAT = """
import sys, numpy as np
from tests.ingestion.grouping.test_projection import REDUCERS
from ingestion.vectors import normalised
vectors = normalised(np.load(sys.argv[1]))
np.savez(sys.argv[2], **{name: reduce(vectors) for name, reduce in REDUCERS.items()})
"""


def planted(seed: int = 0) -> NDArray[np.float32]:
    """(120, 20) vectors of four groups, one after the other."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(N_GROUPS, 20))
    return (np.repeat(centres, EACH, axis=0) + 0.25 * random.normal(size=(N_GROUPS * EACH, 20))).astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    return normalised(planted())


@pytest.fixture(scope="module")
def maps(vectors: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Every reducer's map of the planted groups."""
    return {name: reduce(vectors) for name, reduce in REDUCERS.items()}


@pytest.mark.models
@pytest.mark.parametrize("name", REDUCERS)
def test_products_of_a_group_are_neighbours_on_every_map(name: str, maps: dict[str, NDArray[np.float32]]) -> None:
    groups = np.repeat(np.arange(N_GROUPS), EACH)
    points = maps[name]
    assert points.dtype == np.float32
    assert points.shape == (len(groups), 2)
    right = sum(
        KNeighborsClassifier(5).fit(np.delete(points, i, 0), np.delete(groups, i)).predict(points[[i]])[0] == groups[i]
        for i in range(len(groups))
    )
    assert right / len(groups) > (0.9 if name == "pca" else 0.99)


@pytest.mark.models
def test_the_maps_of_planted_groups_are_trustworthy(
    vectors: NDArray[np.float32], maps: dict[str, NDArray[np.float32]]
) -> None:
    values = {name: trustworthiness(vectors, maps[name]) for name in REDUCERS}
    assert min(values.values()) > 0.8
    assert min(values["tsne"], values["umap"]) > values["pca"]  # they keep neighbours; PCA keeps the coarse structure


@pytest.mark.models
def test_another_process_draws_the_same_maps(tmp_path: Path, maps: dict[str, NDArray[np.float32]]) -> None:
    np.save(tmp_path / "vectors.npy", planted())
    command = [sys.executable, "-c", REPEAT, str(tmp_path / "vectors.npy"), str(tmp_path / "maps.npz")]
    subprocess.run(command, check=True, cwd=PROJECT)
    with np.load(tmp_path / "maps.npz") as again:
        for name, points in maps.items():
            assert again[name] == pytest.approx(points, abs=1e-6), name


@pytest.mark.models
@pytest.mark.filterwarnings("ignore")  # UMAP's own, about precomputed neighbours
def test_the_umap_map_is_that_of_the_class_of_the_package(
    vectors: NDArray[np.float32], maps: dict[str, NDArray[np.float32]]
) -> None:
    from umap import UMAP  # `maps` has loaded it, without tensorflow and pynndescent

    rows, similarity = nearest(vectors, 14)
    known = np.hstack([np.arange(len(vectors))[:, None], rows]), np.hstack([0 * similarity[:, :1], 1 - similarity])
    settings = {"n_neighbors": 15, "init": "pca", "metric": "cosine", "random_state": 0, "n_jobs": 1}
    found = UMAP(precomputed_knn=(*known, None), force_approximation_algorithm=True, **settings).fit_transform(vectors)
    assert found == pytest.approx(maps["umap"], abs=1e-4)


@pytest.mark.models
@pytest.mark.parametrize("n", range(1, 17))
def test_the_smallest_catalogues_are_drawn_too(n: int) -> None:
    few = normalised(planted()[::7][:n])
    for name, reduce in REDUCERS.items():
        points = reduce(few)
        assert points.shape == (n, 2), name
        assert np.isfinite(points).all(), name


@pytest.mark.models
@pytest.mark.parametrize("name", REDUCERS)
def test_equal_vectors_and_zero_vectors_are_drawn_too(name: str) -> None:
    for few in (np.ones((20, 8), np.float32), np.zeros((20, 8), np.float32)):
        points = REDUCERS[name](normalised(few))
        assert points.shape == (20, 2)
        assert np.isfinite(points).all()


@pytest.mark.models
def test_drawing_loads_neither_tensorflow_nor_pynndescent(maps: dict[str, NDArray[np.float32]]) -> None:
    for name in projection.UNUSED:
        assert sys.modules.get(name, sys) is not None, name  # still importable
    code = "import sys; from ingestion.grouping import projection; projection._umap(); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT, capture_output=True, text=True)
    assert not set(projection.UNUSED) & set(ended.stdout.split())


@pytest.mark.parametrize("n", range(1, 13))
def test_pca_and_tsne_draw_the_smallest_catalogues(n: int) -> None:
    few = normalised(planted()[::7][:n])
    for name in ("pca", "tsne"):
        points = REDUCERS[name](few)
        assert points.shape == (n, 2)
        assert np.isfinite(points).all()


def test_principal_components_equal_those_of_the_decomposition(vectors: NDArray[np.float32]) -> None:
    centred = vectors.astype(np.float64) - vectors.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    assert np.abs(REDUCERS["pca"](vectors)) == pytest.approx(np.abs(left[:, :2] * sizes[:2]), abs=1e-4)


def test_trustworthiness_is_one_for_the_vectors_and_half_shuffled(vectors: NDArray[np.float32]) -> None:
    assert trustworthiness(vectors, vectors) == pytest.approx(1, abs=0.01)
    shuffled = np.random.default_rng(0).permutation(vectors)
    assert trustworthiness(vectors, shuffled) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("n", range(1, 13))
def test_trustworthiness_is_undefined_below_eight_products(n: int, vectors: NDArray[np.float32]) -> None:
    assert np.isnan(trustworthiness(vectors[:n], vectors[:n, :2])) == (n < 8)


def test_the_step_writes_each_declared_map_and_its_score(tmp_path: Path) -> None:
    root, ids = Root(tmp_path), [f"p{i}" for i in range(N_GROUPS * EACH)]
    reads = [put_vectors(root, "m", ids, planted())]
    parameters = {"method": "m", "reducers": ["tsne", "pca"], "perplexity": 30.0}
    written = do(root, "projection:m", projection.step, reads, parameters)
    assert [(r["reducer"], r["product_id"]) for r in written["projections"]] == [
        (reducer, i) for reducer in ("tsne", "pca") for i in ids
    ]
    assert [(r["reducer"], r["metric"]) for r in written["projection_scores"]] == [
        ("tsne", "trustworthiness"),
        ("pca", "trustworthiness"),
    ]
    expected = REDUCERS["tsne"](normalised(planted()))
    assert np.array([(r["x"], r["y"]) for r in written["projections"][:120]]) == pytest.approx(expected, abs=1e-6)
