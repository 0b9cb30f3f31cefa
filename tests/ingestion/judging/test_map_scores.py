"""Scores of t-SNE maps depend on perplexity and seed, and a map shows groups in noise."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from ingestion.grouping.clustering import kmeans, silhouette
from ingestion.judging import map_scores
from ingestion.vectors import normalised
from store.root import Root
from tests.ingestion.steps import Rows, do, put, put_vectors

ROOT = Path(__file__).resolve().parents[3]
TRUTH = np.repeat(np.arange(4), 30)
IDS = [f"p{i:03d}" for i in range(len(TRUTH))]
PARAMETERS = {"method": "m", "k": 4, "perplexities": [5.0, 20.0], "seeds": 2}
AGAIN = """
import sys, numpy as np
from ingestion.judging.map_scores import map_partitions
found = map_partitions(np.load(sys.argv[1]), 4, [5.0, 20.0], range(2))
np.save(sys.argv[2], [[*p.groups, *p.quality.values()] for p in found])
"""


def planted() -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    return (random.normal(size=(4, 16))[TRUTH] + 0.2 * random.normal(size=(len(TRUTH), 16))).astype(np.float32)


def score(root: Root, vectors: NDArray[np.float32], categories: list[str | None], **changes: object) -> Rows:
    """What the step writes for these products."""
    products: Rows = [{"product_id": i, "category": c} for i, c in zip(IDS, categories, strict=False)]
    reads = [put(root, "catalogue", {"products": products}), put_vectors(root, "m", IDS[: len(vectors)], vectors)]
    return do(root, "map_scores:m", map_scores.step, reads, {**PARAMETERS, **changes}).get("map_scores", [])


def names() -> list[str | None]:
    return [f"category {code}" for code in TRUTH]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return score(Root(tmp_path_factory.mktemp("map_scores")), planted(), names())


def test_every_perplexity_and_seed_has_its_scores(written: Rows) -> None:
    found = [(r["method"], r["perplexity"], r["seed"], r["metric"]) for r in written]
    metrics = ("ari", "ami", "silhouette", "trustworthiness")
    assert found == [("m", p, seed, metric) for p in (5.0, 20.0) for seed in range(2) for metric in metrics]


def test_planted_groups_are_found_on_every_map(written: Rows) -> None:
    for metric in ("ari", "ami", "trustworthiness"):
        assert min(r["value"] for r in written if r["metric"] == metric and r["perplexity"] == 20) > 0.9, metric


def test_another_map_gives_another_answer(written: Rows) -> None:
    silhouettes = {r["value"] for r in written if r["metric"] == "silhouette"}
    assert len(silhouettes) == 4


def test_another_process_finds_the_same_to_the_last_digit(tmp_path: Path) -> None:
    vectors = normalised(planted())
    np.save(tmp_path / "vectors.npy", vectors)
    command = [sys.executable, "-c", AGAIN, str(tmp_path / "vectors.npy"), str(tmp_path / "partitions.npy")]
    subprocess.run(command, check=True, cwd=ROOT)
    partitions = map_scores.map_partitions(vectors, 4, [5.0, 20.0], range(2))
    here = [[*p.groups, *p.quality.values()] for p in partitions]
    assert np.array_equal(np.load(tmp_path / "partitions.npy"), here)


def test_agreement_is_scikit_learns_over_categorised_products() -> None:
    groups = np.random.default_rng(0).integers(0, 4, len(TRUTH)).astype(np.int32)
    groups[:40] = TRUTH[:40]
    categories = [None if at % 5 == 0 else name for at, name in enumerate(names())]
    has = np.array([category is not None for category in categories])
    found = map_scores.agreements(groups, categories)
    assert found["ari"] == pytest.approx(adjusted_rand_score(TRUTH[has], groups[has]))
    assert found["ami"] == pytest.approx(adjusted_mutual_info_score(TRUTH[has], groups[has]))


@pytest.mark.parametrize("categories", [[None] * 120, ["one"] * 119 + [None]])
def test_without_two_categories_there_is_no_agreement(categories: list[str | None], tmp_path: Path) -> None:
    rows = score(Root(tmp_path), planted(), categories, seeds=1)
    assert {r["metric"] for r in rows} == {"silhouette", "trustworthiness"}


def test_categories_do_not_change_the_groups(tmp_path: Path, written: Rows) -> None:
    shuffled = [f"category {code}" for code in np.random.default_rng(0).permutation(TRUTH)]
    rows = score(Root(tmp_path), planted(), list(shuffled))
    blind = [[r for r in found if r["metric"] in {"silhouette", "trustworthiness"}] for found in (rows, written)]
    assert blind[0] == blind[1]
    assert max(r["value"] for r in rows if r["metric"] == "ari") < 0.1


@pytest.mark.parametrize("n", [1, 2, 4, 5, 6, 9, 20])
def test_the_smallest_catalogue_with_a_map_has_five_products(n: int, tmp_path: Path) -> None:
    rows = score(Root(tmp_path), planted()[:: len(TRUTH) // n][:n], names()[:n], seeds=1)
    assert bool(rows) == (n >= 5)
    assert all(r["perplexity"] <= n / 3 and np.isfinite(r["value"]) for r in rows)


def test_equal_products_have_no_map(tmp_path: Path) -> None:
    assert score(Root(tmp_path), np.ones((len(TRUTH), 4), np.float32), names()) == []


def test_a_large_catalogue_is_sampled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(map_scores, "MAX_PRODUCTS", 60)
    rows = map_scores.sample(len(TRUTH))
    assert len(set(rows)) == 60
    assert list(rows) == sorted(rows)
    assert list(map_scores.sample(60)) == list(range(60))
    written = score(Root(tmp_path), planted(), names(), seeds=1)
    assert min(r["value"] for r in written if r["metric"] == "ari" and r["perplexity"] > 15) > 0.9
    assert max(r["perplexity"] for r in written) == pytest.approx(59 / 3.01)  # that of sixty products, not of 120


def test_a_map_shows_groups_in_pure_noise() -> None:
    """Why no verdict rests on a map: k-means finds no groups in noise, but seems to find some on a map of it."""
    noise = normalised(np.random.default_rng(0).normal(size=(200, 50)).astype(np.float32))
    truly = silhouette(noise, kmeans(noise, 7, 0))
    shown = [p.quality["silhouette"] for p in map_scores.map_partitions(noise, 7, [5.0, 30.0], range(2))]
    assert truly < 0.03
    assert min(shown) > 0.3
    assert min(shown) > 10 * truly
