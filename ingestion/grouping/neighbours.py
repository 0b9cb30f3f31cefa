"""The nearest neighbours of every product in a method's vectors: searched once, read by several steps.

Exact, by cosine. Maps, manifolds, the number of groups and the product page read the table `neighbours`.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.task import Work
from ingestion.vectors import Matrix, load, nearest, normalised


@dataclass(frozen=True)
class Neighbours:
    """For each of n products its nearest others, nearest first: (n, k) rows of `product_ids`, and their cosines."""

    product_ids: list[str]
    rows: NDArray[np.int32]
    similarity: Matrix


def step(work: Work, *, method: str, n_neighbours: int) -> None:
    """Write `neighbours` of one method: at most `n_neighbours` rows per product."""
    product_ids, vectors = load(work, f"features:{method}", method)
    rows, similarity = nearest(normalised(vectors), n_neighbours)
    n, k = rows.shape
    ids = pa.array(product_ids)
    columns = {
        "method": pa.repeat(method, n * k),
        "product_id": ids.take(pa.array(np.repeat(np.arange(n), k))),
        "rank": pa.array(np.tile(np.arange(1, k + 1, dtype=np.int32), n)),
        "neighbour_id": ids.take(pa.array(rows.ravel())),
        "similarity": pa.array(similarity.ravel()),
    }
    work.write("neighbours", pa.table(columns))


def load_neighbours(work: Work, method: str) -> Neighbours:
    """The neighbours that `neighbours:<method>` wrote; (n, 0) arrays where there is one product."""
    product_ids = work.read(f"features:{method}", f"embedding_{method}", ["product_id"])["product_id"]
    table = work.read(f"neighbours:{method}", "neighbours", ["neighbour_id", "similarity"])
    n = len(product_ids)
    rows = pa.compute.index_in(table["neighbour_id"], product_ids.combine_chunks()).to_numpy()
    shape = (n, len(rows) // max(n, 1))
    similarity = table["similarity"].to_numpy().astype(np.float32)
    return Neighbours(product_ids.to_pylist(), rows.astype(np.int32).reshape(shape), similarity.reshape(shape))
