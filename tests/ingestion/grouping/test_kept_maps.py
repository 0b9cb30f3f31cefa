"""A map that is kept stays where it is: products that are new are placed on it, until so many changed."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingestion.features.frozen import THIS, Refit
from ingestion.grouping import projection
from ingestion.grouping.kept_maps import NEIGHBOURS, keep, kept
from ingestion.vectors import normalised
from store.chunks import Chunks
from store.root import Root
from tests.ingestion.steps import do, put_vectors

N = 60
IDS = [f"p{i}\nline" for i in range(N)]
"""Ids may hold anything, line breaks too."""


def planted(seed: int = 0) -> NDArray[np.float32]:
    """(60, 12) unit vectors of three groups, one after the other."""
    random = np.random.default_rng(seed)
    return normalised(np.repeat(random.normal(size=(3, 12)), N // 3, axis=0) + 0.3 * random.normal(size=(N, 12)))


VECTORS = planted()
PLACES = {
    name: np.random.default_rng(i).normal(size=(N, 2)).astype(np.float32) for i, name in enumerate(("tsne", "umap"))
}


@pytest.fixture
def chunks(tmp_path: Path) -> Chunks:
    """Where the maps of the first fifty products were kept."""
    chunks = Chunks(Root(tmp_path), "a" * 32)
    keep(chunks, "never", IDS[:50], VECTORS[:50], {name: places[:50] for name, places in PLACES.items()})
    return chunks


def test_products_stay_where_they_were_and_new_ones_are_put_between_their_nearest(chunks: Chunks) -> None:
    places, fitted = kept(chunks, "never", ("pca", "tsne", "umap"), IDS[10:], VECTORS[10:])
    assert fitted == "an earlier catalogue, of which 20.0% changed since"
    assert list(places) == ["tsne", "umap"]
    for name, points in places.items():
        assert np.array_equal(points[:40], PLACES[name][10:50])
        nearest = np.argsort(-(VECTORS[50:] @ VECTORS[:50].T), axis=1)[:, :NEIGHBOURS]
        assert points[40:] == pytest.approx(np.median(PLACES[name][nearest], axis=1), abs=1e-5)


def test_a_changed_product_is_placed_by_its_new_vector(chunks: Chunks) -> None:
    vectors = VECTORS[:50].copy()
    vectors[0] = vectors[49]  # now as one of another group
    points = kept(chunks, "never", ("tsne",), IDS[:50], vectors)[0]["tsne"]
    assert np.array_equal(points[1:], PLACES["tsne"][1:50])
    assert not np.allclose(points[0], PLACES["tsne"][0])


def test_the_last_digits_of_a_vector_do_not_count_as_a_change(chunks: Chunks) -> None:
    places, fitted = kept(chunks, 0.01, ("tsne",), IDS[:50], normalised(VECTORS[:50] + 1e-5))
    assert fitted == THIS
    assert np.array_equal(places["tsne"], PLACES["tsne"][:50])


@pytest.mark.parametrize(("refit", "stays"), [("always", False), (0.15, False), (0.25, True), ("never", True)])
def test_the_setting_says_from_what_change_on_maps_are_drawn_anew(chunks: Chunks, refit: Refit, stays: bool) -> None:
    places, fitted = kept(chunks, refit, ("tsne",), IDS[10:], VECTORS[10:])
    assert bool(places) == stays == (fitted != THIS)


@pytest.mark.parametrize("vectors", [planted(seed=1)[:50], planted()[:50, :8]], ids=["others", "shorter"])
def test_vectors_of_another_model_have_the_maps_drawn_anew(chunks: Chunks, vectors: NDArray[np.float32]) -> None:
    assert kept(chunks, "never", ("tsne",), IDS[:50], normalised(vectors)) == ({}, THIS)


def test_maps_are_drawn_anew_where_no_kept_product_is_left(chunks: Chunks) -> None:
    assert kept(chunks, "never", ("tsne",), IDS[50:], VECTORS[50:]) == ({}, THIS)


def test_nothing_is_kept_where_every_run_draws_anew(tmp_path: Path) -> None:
    chunks = Chunks(Root(tmp_path), "a" * 32)
    keep(chunks, "always", IDS, VECTORS, PLACES)
    keep(chunks, "never", IDS, VECTORS, {"pca": PLACES["tsne"]})
    assert not chunks.used


def test_the_step_draws_once_and_says_what_its_maps_were_drawn_of(tmp_path: Path) -> None:
    root = Root(tmp_path)
    parameters = {"method": "m", "reducers": ["tsne", "pca"], "perplexity": 5.0, "refit": "never"}

    def drawn(first: int, last: int) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
        reads = [put_vectors(root, "m", IDS[first:last], VECTORS[first:last])]
        written = do(root, "projection:m", projection.step, reads, parameters, Chunks(root, "b" * 32))
        places = {r["product_id"]: (r["x"], r["y"]) for r in written["projections"] if r["reducer"] == "tsne"}
        return places, {r["reducer"]: r["fitted"] for r in written["projection_scores"]}

    before, fitted = drawn(0, 50)
    assert fitted == {"tsne": THIS, "pca": THIS}
    after, fitted = drawn(1, 51)
    assert fitted == {"tsne": "an earlier catalogue, of which 2.0% changed since", "pca": THIS}
    assert all(after[i] == before[i] for i in IDS[1:50])
    assert np.isfinite(after[IDS[50]]).all()
