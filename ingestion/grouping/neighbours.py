"""The nearest neighbours of every product in a method's vectors: searched once, read by several steps.

Exact, by cosine. Maps, manifolds and the number of groups read them. Where the study rests on a sample they are the
neighbours within the sample, in a table of their own; `all_neighbours` then finds those of all products.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingestion import study_sample
from ingestion.study_sample import STEP
from ingestion.task import Work
from ingestion.vectors import Matrix, load, nearest, normalised

Near = NDArray[np.int32]


@dataclass(frozen=True)
class Neighbours:
    """For each of n products its nearest others, nearest first: (n, k) rows of `product_ids`, and their cosines."""

    product_ids: list[str]
    rows: Near
    similarity: Matrix


def step(work: Work, *, method: str, n_neighbours: int) -> None:
    """Write `neighbours` of one method, of a sample `sample_neighbours`: at most `n_neighbours` rows per product."""
    product_ids, vectors = load(work, f"features:{method}", method)
    found = nearest(normalised(vectors), n_neighbours)
    table = "sample_neighbours" if STEP in work.task.parts else "neighbours"
    write(work, table, method, pa.array(product_ids, pa.string()), *found)


def write(
    work: Work, table: str, method: str, ids: pa.Array, rows: Near, similarity: Matrix, of: pa.Array | None = None
) -> None:
    """Append the neighbours of one method to a table with the columns of `neighbours`.

    (n, k) rows of `ids` and their cosines; a row of -1 is no neighbour. `of` are the ids of the n products whose
    neighbours they are, where those are not all.
    """
    n, k = rows.shape
    columns = {
        "method": pa.repeat(method, n * k),
        "product_id": (ids if of is None else of).take(pa.array(np.repeat(np.arange(n), k))),
        "rank": pa.array(np.tile(np.arange(1, k + 1, dtype=np.int32), n)),
        "neighbour_id": ids.take(pa.array(rows.ravel(), mask=rows.ravel() < 0)),
        "similarity": pa.array(similarity.ravel()),
    }
    found = pa.table(columns)
    work.write(table, found.filter(pc.is_valid(found["neighbour_id"])))


def load_neighbours(work: Work, method: str) -> Neighbours:
    """The neighbours that `neighbours:<method>` wrote; (n, 0) arrays where there is one product."""
    product_ids = study_sample.read(work, f"features:{method}", f"embedding_{method}", ["product_id"])["product_id"]
    written = "sample_neighbours" if STEP in work.task.parts else "neighbours"
    table = work.read(f"neighbours:{method}", written, ["neighbour_id", "similarity"])
    n = len(product_ids)
    rows = pc.index_in(table["neighbour_id"], product_ids.combine_chunks()).to_numpy()
    shape = (n, len(rows) // max(n, 1))
    similarity = table["similarity"].to_numpy().astype(np.float32)
    return Neighbours(product_ids.to_pylist(), rows.astype(np.int32).reshape(shape), similarity.reshape(shape))
