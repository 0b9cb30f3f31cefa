"""An embedding in memory, and who is near whom in it."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.task import Work
from store import tables

Matrix = NDArray[np.float32]


def load(work: Work, step: str, method: str) -> tuple[list[str], Matrix]:
    """The product ids and the (n, d) vectors that a step wrote, in catalogue order."""
    rows = work.read(step, tables.EMBEDDING + method)
    return rows["product_id"].to_pylist(), matrix(rows["vector"])


def vector_source(work: Work, methods: Iterable[str]) -> str | None:
    """The first of these methods whose vectors the step was given; None if it was given those of none."""
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


def neighbours(vectors: Matrix, k: int) -> tuple[NDArray[np.int32], Matrix]:
    """The k nearest rows of each row by cosine, itself first: (n, k) indices and cosine distances, exact."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=min(k, len(vectors)), metric="cosine", algorithm="brute").fit(vectors)
    distances, indices = search.kneighbors(vectors)
    # Equal rows may come before the row itself; both UMAP and t-SNE rely on the row being its own first neighbour.
    own = np.arange(len(vectors))
    for row in np.flatnonzero(indices[:, 0] != own):
        at = np.flatnonzero(indices[row] == row)
        swap = at[0] if len(at) else indices.shape[1] - 1
        indices[row, swap], indices[row, 0] = indices[row, 0], row
        distances[row, swap], distances[row, 0] = distances[row, 0], 0.0
    return indices.astype(np.int32), np.maximum(distances, 0).astype(np.float32)
