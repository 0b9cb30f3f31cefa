"""The neighbours: exact, without the product itself, the same in any order of search."""

from pathlib import Path

import numpy as np
import pytest

from ingestion import vectors
from ingestion.grouping.neighbours import load_neighbours
from ingestion.task import Task, Work
from ingestion.vectors import nearest, normalised
from store.parts import PartWriter
from store.root import Root
from tests.ingestion.steps import put_neighbours, put_vectors

POINTS = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
IDS = [f"p{i}" for i in range(60, 0, -1)]


def test_neighbours_are_read_back_in_the_order_of_the_vectors(tmp_path: Path) -> None:
    root = Root(tmp_path)
    made = put_vectors(root, "m", IDS, POINTS)
    near = put_neighbours(root, made, 7)
    task = Task("s", "k", load_neighbours, "plain", root, {p.step: p for p in (made, near)})
    with PartWriter(root, "k") as writer:
        found = load_neighbours(Work(task, writer, lambda done, total: None), "m")
    rows, similarity = nearest(normalised(POINTS), 7)
    assert found.product_ids == IDS
    assert (found.rows == rows).all()
    assert found.similarity == pytest.approx(similarity, abs=1e-6)


def test_one_product_has_no_neighbours(tmp_path: Path) -> None:
    root = Root(tmp_path)
    made = put_vectors(root, "m", ["p"], POINTS[:1])
    near = put_neighbours(root, made)
    task = Task("s", "k", load_neighbours, "plain", root, {p.step: p for p in (made, near)})
    with PartWriter(root, "k") as writer:
        assert load_neighbours(Work(task, writer, lambda done, total: None), "m").rows.shape == (1, 0)


def test_a_search_in_blocks_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = normalised(np.vstack([POINTS, POINTS[:5]]))  # ties, too
    whole = nearest(unit, 10)
    monkeypatch.setattr(vectors, "MAX_COSINES", 7 * len(unit))
    rows, similarity = nearest(unit, 10)
    assert (rows == whole[0]).all()
    assert similarity == pytest.approx(whole[1], abs=1e-6)
