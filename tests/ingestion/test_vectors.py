"""Vectors in memory, and who is near whom."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist

from ingestion.features.step import column
from ingestion.task import Task, Work
from ingestion.vectors import load, matrix, nearest, normalised
from store.parts import PartWriter
from store.root import Root
from tests.ingestion.steps import put_vectors

VECTORS = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)


def test_vectors_come_back_as_they_were_written_in_their_order(tmp_path: Path) -> None:
    root, ids = Root(tmp_path), [f"p{i}" for i in range(40, 0, -1)]
    task = Task("s", "k", load, "plain", root, {"features:m": put_vectors(root, "m", ids, VECTORS)})
    with PartWriter(root, "k") as writer:
        found, vectors = load(Work(task, writer, lambda done, total: None), "features:m", "m")
    assert found == ids
    assert (vectors == VECTORS).all()


def test_a_column_in_chunks_and_slices_is_one_matrix() -> None:
    chunks = pa.chunked_array([column(VECTORS[:7]), column(VECTORS[7:])])
    assert (matrix(chunks) == VECTORS).all()
    assert (matrix(chunks.slice(5, 4)) == VECTORS[5:9]).all()


def test_normalised_rows_have_length_one_or_are_zero() -> None:
    vectors = np.vstack([VECTORS, np.zeros((1, 6), np.float32)])
    scaled = normalised(vectors)
    assert scaled.dtype == np.float32
    assert np.linalg.norm(scaled[:-1], axis=1) == pytest.approx(1, abs=1e-6)
    assert (scaled[-1] == 0).all()


def test_the_nearest_are_those_by_cosine_without_the_row_itself() -> None:
    unit = normalised(VECTORS)
    rows, similarity = nearest(unit, 5)
    expected = np.sort(cdist(VECTORS, VECTORS, "cosine"), axis=1)[:, 1:6]
    assert not (rows == np.arange(40)[:, None]).any()
    assert 1 - similarity == pytest.approx(expected, abs=1e-6)


def test_equal_rows_are_each_others_nearest_the_earlier_first() -> None:
    rows, similarity = nearest(normalised(np.repeat(VECTORS[:5], 8, axis=0)), 4)
    assert similarity == pytest.approx(1, abs=1e-6)
    assert (rows // 8 == np.arange(40)[:, None] // 8).all()
    assert rows[7].tolist() == [0, 1, 2, 3]
    assert nearest(normalised(np.ones((200, 8), np.float32)), 5)[0][100].tolist() == [0, 1, 2, 3, 4]


def test_there_are_at_most_as_many_nearest_as_other_rows() -> None:
    assert nearest(normalised(VECTORS[:3]), 10)[0].shape == (3, 2)


def test_the_nearest_among_other_rows_are_those_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.vectors.MAX_COSINES", 50)  # in blocks
    unit = normalised(VECTORS)
    rows, similarity = nearest(unit[:15], 4, unit[15:])
    every = cdist(VECTORS[:15], VECTORS[15:], "cosine")
    assert (rows == np.argsort(every, axis=1)[:, :4]).all()
    assert 1 - similarity == pytest.approx(np.sort(every, axis=1)[:, :4], abs=1e-6)
    assert nearest(unit[:2], 9, unit[:3])[0].shape == (2, 3)  # a row that is among them counts


def test_no_rows_have_no_nearest() -> None:
    assert nearest(VECTORS[:0], 3)[0].shape == (0, 0)
    assert nearest(VECTORS[:0], 3, VECTORS)[0].shape == (0, 3)
