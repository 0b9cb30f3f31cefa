"""An embedding in memory, and its nearest neighbours."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.study_sample import of_study
from ingestion.task import Work
from store import tables

Matrix = NDArray[np.float32]
MAX_COSINES = 20_000_000
"""Cosines held at a time: 80 MB, and four times as much for ordering them."""


def load(work: Work, step: str, method: str) -> tuple[list[str], Matrix]:
    """The product ids and the (n, d) vectors that a step wrote, in catalogue order.

    Those of the sample only, in a step that rests on one (`study_sample`).
    """
    ids, vectors = zip(*blocks(work, step, method), strict=True)
    return pa.chunked_array(ids).to_pylist(), np.concatenate(vectors)


def blocks(work: Work, step: str, method: str) -> Iterator[tuple[pa.Array, Matrix]]:
    """As `load`, some thousand products at a time, so that the vectors of all are never held."""
    for rows in of_study(work, work.batches(step, tables.EMBEDDING + method)):
        yield rows["product_id"].combine_chunks(), matrix(rows["vector"])


def vector_source(work: Work, methods: Iterable[str]) -> str | None:
    """The first of these methods whose vectors the step may read; None if there is none."""
    return next((method for method in methods if f"features:{method}" in work.task.parts), None)


def matrix(column: pa.ChunkedArray) -> Matrix:
    """A fixed-size-list column of n vectors of d floats as an (n, d) array."""
    size = column.type.list_size
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32).reshape(-1, size)


def normalised(vectors: Matrix) -> Matrix:
    """Rows scaled to length one, so that Euclidean distance orders as cosine does; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def nearest(unit: Matrix, k: int, among: Matrix | None = None) -> tuple[NDArray[np.int32], Matrix]:
    """The k nearest rows by cosine of each of (n, d) unit rows, nearest first: (n, k) rows and cosines, exact.

    They are looked for among the (m, d) unit rows of `among` or, without it, among the other rows of `unit`: at most m
    or n - 1. Of rows that are equally near, to six digits, the earlier, so that two processes agree. No more than
    MAX_COSINES are held at a time.
    """
    others = unit if among is None else among
    n, m = len(unit), len(others)
    k = max(0, min(k, m - 1 if among is None else m))
    later = np.arange(m) * 1e-12  # far less than the digits that count, up to a million rows
    rows, cosines = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    block = max(1, MAX_COSINES // max(m, 1))
    for start in range(0, n if k else 0, block):
        stop = min(n, start + block)
        similar = unit[start:stop] @ others.T
        if among is None:
            similar[np.arange(stop - start), np.arange(start, stop)] = -np.inf
        distance = similar.astype(np.float64)
        np.subtract(later, np.round(distance, 6, out=distance), out=distance)  # in place: a block is held once
        near = np.argpartition(distance, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distance, near, axis=1), axis=1)
        rows[start:stop] = np.take_along_axis(near, order, axis=1)
        cosines[start:stop] = np.take_along_axis(similar, rows[start:stop], axis=1)
    return rows, np.clip(cosines, -1, 1)
