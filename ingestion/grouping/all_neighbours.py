"""The nearest neighbours of all products, where the study rests on a sample: for the product page and for SQL.

Exact up to MAX_EXACT products. Above, the cost of comparing all pairs is the only one of a run that grows with the
square of the catalogue, and an index takes its place: the inverted file of faiss (Sivic & Zisserman 2003; Douze et al.
2024, "The Faiss library"). Its cells are those of k-means on a draw of the products, and a product is compared with
those in the PROBES cells nearest to it, exactly. Vectors are read block by block; the index holds all of one method,
four bytes a dimension, and nothing else does. Its recall is measured on a draw of the products and published in
`neighbour_searches`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.grouping.neighbours import Near, write
from ingestion.task import Work
from ingestion.vectors import Matrix, blocks, load, nearest, normalised

NEIGHBOURS = 10
"""Neighbours kept of each product: the product page shows eight."""
MAX_EXACT = 20_000
"""Up to so many products all pairs are compared."""
CELLS_BY_ROOT = 4
"""Cells of the index by the square root of the number of products: 4 to 16 are usual (faiss, "Guidelines to choose an
index"). The fewest, since their making costs as much as the searches at a million products."""
PROBES = 64
"""Cells that are searched for a product: the fewest of 16, 32, 64 and 128 with a recall above .98 on the vectors of
100,000 texts (docs/benchmarks.md)."""
TRAINING = 40
"""Products per cell that the cells are made of, the least that faiss does not warn about."""
ROUNDS = 10
"""Rounds of the k-means that makes the cells (faiss has 25, with the same recall here)."""
QUERIES = 500
"""Products whose neighbours are searched in all cells too: a recall of .98 is then known to some .005."""
SAME = 1e-6
"""Two cosines that differ by less are equally near."""
Blocks = Callable[[], Iterator[tuple[pa.Array, Matrix]]]
"""A fresh pass over the product ids and the unit vectors of all products, block by block."""


def step(work: Work, *, method: str) -> None:
    """Write `neighbours` of all products of one method, and how they were searched to `neighbour_searches`."""
    products = work.task.parts[f"features:{method}"].files[f"embedding_{method}"].rows
    if products <= MAX_EXACT:
        product_ids, vectors = load(work, f"features:{method}", method)
        found = nearest(normalised(vectors), NEIGHBOURS)
        write(work, "neighbours", method, pa.array(product_ids, pa.string()), *found)
        measured = {"search": "exact", "recall": 1.0, "queries": None}
    else:
        measured = {"search": "faiss", **_by_index(work, method, products)}
    row = {"method": method, "products": products, "neighbours": min(NEIGHBOURS, products - 1)}
    work.write("neighbour_searches", [row | measured])


def _by_index(work: Work, method: str, products: int) -> dict[str, Any]:
    """Write `neighbours` as an index finds them; its recall and over how many products that was measured."""

    def unit() -> Iterator[tuple[pa.Array, Matrix]]:
        for ids, vectors in blocks(work, f"features:{method}", method):
            yield ids, normalised(vectors)

    ids, index = build(unit, products)
    at = 0
    for block, vectors in unit():
        rows, cosines = search(index, vectors, at)
        write(work, "neighbours", method, ids, rows, cosines, block)
        at += len(block)
        work.progress(at, products)
    return {"recall": recall(index, _drawn(unit, products, QUERIES)), "queries": QUERIES}


def build(unit: Blocks, products: int) -> tuple[pa.Array, Any]:
    """The product ids, and an index (faiss) of their unit vectors by cosine. Equal vectors give equal indexes."""
    import faiss

    cells = int(CELLS_BY_ROOT * products**0.5)
    training = _drawn(unit, products, min(products, TRAINING * cells))
    dimensions = training.shape[1]
    # faiss does not own the quantiser: it must live as long as the index, which keeps a reference to it
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimensions), dimensions, cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.spherical, index.nprobe = ROUNDS, True, PROBES
    index.cp.min_points_per_centroid = 1  # or it prints a warning just above MAX_EXACT, where there are fewer
    index.train(training)
    ids = []
    for block, vectors in unit():
        index.add(vectors)
        ids.append(block)
    return pa.concat_arrays(ids), index


def search(index: Any, unit: Matrix, first: int) -> tuple[Near, Matrix]:
    """The nearest other products of (n, d) unit rows, those of the index from `first` on, nearest first.

    (n, NEIGHBOURS) rows of the index and their cosines; of equal ones the earlier. -1 where the cells hold no more.
    """
    cosines, rows = index.search(unit, NEIGHBOURS + 1)
    own = rows == np.arange(first, first + len(unit))[:, None]
    own[~own.any(axis=1), -1] = True  # a product that has many equal ones may not be among them: the last goes
    order = np.lexsort((rows, -np.round(cosines, 6), own))[:, :-1]
    rows, cosines = (np.take_along_axis(values, order, axis=1) for values in (rows, cosines))
    return rows.astype(np.int32), np.clip(cosines, -1, 1)


def recall(index: Any, unit: Matrix) -> float:
    """The fraction of the true neighbours that the index finds, 0 to 1, of (n, d) unit rows that it holds.

    One counts that is as near as the last true one.
    """
    found, probes = index.search(unit, NEIGHBOURS + 1)[0], index.nprobe
    index.nprobe = index.nlist
    true = index.search(unit, NEIGHBOURS + 1)[0]
    index.nprobe = probes
    return float((found[:, 1:] >= true[:, -1:] - SAME).mean())


def _drawn(unit: Blocks, products: int, size: int) -> Matrix:
    """The unit vectors of a seeded draw of so many products: (size, d)."""
    wanted = np.sort(np.random.default_rng(0).choice(products, size, replace=False))
    found, at = [], 0
    for block, vectors in unit():
        found.append(vectors[wanted[(wanted >= at) & (wanted < at + len(block))] - at])
        at += len(block)
    return np.concatenate(found)
