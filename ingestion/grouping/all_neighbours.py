"""The nearest neighbours of all products, where the study rests on a sample: for the product page and for SQL.

Exact up to MAX_EXACT products. Above, the cost of comparing all pairs is the only one of a run that grows with the
square of the catalogue, and an index takes its place: nearest-neighbour descent (Dong, Moses & Li 2011, "Efficient
k-nearest neighbor graph construction for generic similarity measures") of pynndescent, which umap-learn needs anyway.
With a seed and one thread it gives the same neighbours in every process. Its recall is measured on a draw of the
products and published in `neighbour_searches`.
"""

import numpy as np

from ingestion.grouping.neighbours import Near, Neighbours, write
from ingestion.task import Work
from ingestion.vectors import Matrix, load, nearest, normalised

NEIGHBOURS = 10
"""Neighbours kept of each product: the product page shows eight."""
MAX_EXACT = 20_000
"""Up to so many products all pairs are compared."""
INDEX_NEIGHBOURS = 30
"""Neighbours that the index looks for, of which the nearest NEIGHBOURS are kept: the more, the higher the recall."""
QUERIES = 500
"""Products whose neighbours are searched exactly too: a recall of .98 is then known to some .005."""
SAME = 1e-6
"""Two cosines that differ by less are equally near."""
BLOCK_PRODUCTS = 10_000


def step(work: Work, *, method: str) -> None:
    """Write `neighbours` of all products of one method, and how they were searched to `neighbour_searches`."""
    product_ids, vectors = load(work, f"features:{method}", method)
    unit = normalised(vectors)
    exact = len(unit) <= MAX_EXACT
    rows, cosines = nearest(unit, NEIGHBOURS) if exact else indexed(unit, NEIGHBOURS)
    write(work, "neighbours", method, Neighbours(product_ids, rows, cosines))
    row = {"method": method, "search": "exact" if exact else "pynndescent", "products": len(unit)}
    measured = {"recall": 1.0, "queries": None} if exact else {"recall": recall(unit, cosines), "queries": QUERIES}
    work.write("neighbour_searches", [{**row, "neighbours": rows.shape[1], **measured}])


def indexed(unit: Matrix, k: int) -> tuple[Near, Matrix]:
    """The k nearest other rows by cosine of each of (n, d) unit rows, by an index: (n, k) rows and their cosines.

    Approximate, nearest first, k below INDEX_NEIGHBOURS, n above it. Equal vectors give equal results.
    """
    from pynndescent import NNDescent

    index = NNDescent(unit, metric="cosine", n_neighbors=INDEX_NEIGHBOURS, random_state=0, n_jobs=1)
    found = index.neighbor_graph[0]
    rows, cosines = np.empty((len(unit), k), np.int32), np.empty((len(unit), k), np.float32)
    for start in range(0, len(unit), BLOCK_PRODUCTS):
        block = found[start : start + BLOCK_PRODUCTS]
        own = np.arange(start, start + len(block))[:, None]
        similar = np.einsum("nd,nkd->nk", unit[start : start + len(block)], unit[block])
        similar[(block == own) | (block < 0)] = -np.inf  # an index counts a product as its own neighbour
        order = np.lexsort((block, -np.round(similar, 6)))[:, :k]
        rows[start : start + len(block)] = np.take_along_axis(block, order, axis=1)
        cosines[start : start + len(block)] = np.take_along_axis(similar, order, axis=1)
    return rows, np.clip(cosines, -1, 1)


def recall(unit: Matrix, cosines: Matrix) -> float:
    """The fraction of the true neighbours that were found, 0 to 1, of a seeded draw of the (n, d) unit rows.

    `cosines` are (n, k), those of the neighbours that were found: one counts that is as near as the k-th true one.
    """
    k = cosines.shape[1]
    queries = np.random.default_rng(0).choice(len(unit), min(QUERIES, len(unit)), replace=False)
    true = nearest(unit[queries], k + 1, unit)[1]  # the nearest is the product itself
    return float((cosines[queries] >= true[:, -1:] - SAME).mean())
