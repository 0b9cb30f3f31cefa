"""The products outside the study's sample, placed in its groups and on its maps.

A product goes to the group of the majority of its nearest sampled products by cosine, and on a map to the median of
their places, where openTSNE too puts a new point first (Kobak & Berens 2019, "The art of using t-SNE", k = 10); PCA is
linear and places it exactly. In the groups of a joint graph the nearest of each method vote, with the weight that
their edges have in the graph. Nothing is fitted, no score rests on it, and each product is placed by itself.

Reads `clusters` of `scoring:<method>`, `projections` of `projection:<method>`, and the vectors of all products.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingestion.grouping.manifold import weights
from ingestion.grouping.projection import pca
from ingestion.grouping.resampling import Labels
from ingestion.task import Work
from ingestion.vectors import Matrix, blocks, normalised

NEIGHBOURS = 10
"""Nearest sampled products that place a product: as many as the knn probe and the purity of neighbours count."""
BLOCK_PRODUCTS = 20_000
"""Products placed at a time: the rows of one block are held, not those of the catalogue."""
Near = NDArray[np.int64]
"""(n, k) rows of sampled products, nearest first; -1 where a method could not read the product."""


def step(work: Work, *, method: str, methods: Mapping[str, str], on_axes: bool = True) -> None:
    """Write the rows of `clusters` and `projections` of the products that are not in the sample.

    `methods` are those whose vectors place a product, each with its modality: the method itself, or those that a joint
    graph joins. A product that none of them could read has no row. Without `on_axes` the map by PCA, too, is one of
    other vectors than these, whose axes are not known.
    """
    clusters = work.read(f"scoring:{method}", "clusters", ["grouping", "product_id", "cluster", "matched_category"])
    have = {name: its for name, its in methods.items() if f"features:{name}" in work.task.parts}
    if not clusters.num_rows or not have:
        return
    groupings = {name: clusters.filter(pc.equal(clusters["grouping"], name)) for name in _names(clusters, "grouping")}
    sampled = next(iter(groupings.values()))["product_id"].combine_chunks()
    weight_of = weights(have) if len(have) > 1 else dict.fromkeys(have, 1.0)
    found = {name: _search(work, name, sampled) for name in have}
    product_ids = list(dict.fromkeys(product_id for ids, _, _ in found.values() for product_id in ids))
    near, votes = _aligned(product_ids, [(*one, weight_of[name]) for name, one in found.items()])
    _write_maps(work, method, product_ids, near, sampled, on_axes)
    for grouping, rows in groupings.items():
        # all groupings of a method are of the same products
        labels = rows["cluster"].to_numpy()[pc.index_in(sampled, rows["product_id"].combine_chunks()).to_numpy()]
        category_of = dict(zip(rows["cluster"].to_pylist(), rows["matched_category"].to_pylist(), strict=True))
        for at in range(0, len(product_ids), BLOCK_PRODUCTS):
            block = slice(at, at + BLOCK_PRODUCTS)
            placed = majority(np.where(near[block] < 0, -1, labels[near[block]]), votes[block])
            n = len(placed)
            columns = {"method": pa.repeat(method, n), "grouping": pa.repeat(grouping, n)}
            columns |= {"product_id": product_ids[block], "cluster": placed, "placed": pa.repeat(True, n)}
            columns |= {"matched_category": pa.array([category_of[c] for c in placed.tolist()], pa.string())}
            work.write("clusters", pa.table({**columns, "found_again": pa.nulls(n, pa.float64())}))


def majority(labels: Labels, votes: Matrix) -> Labels:
    """The label with most votes in each row of (n, v) labels, -1 for none, with (n, v) votes of 0 or more: (n,).

    Of equal ones that of the first column. Each row has a label.
    """
    support = np.empty(labels.shape)
    for column in range(labels.shape[1]):
        support[:, column] = ((labels == labels[:, [column]]) * votes).sum(axis=1)
    support = np.where(labels < 0, -1, np.round(support, 6))
    return np.asarray(labels[np.arange(len(labels)), support.argmax(axis=1)], dtype=np.int32)


def _search(work: Work, method: str, sampled: pa.Array) -> tuple[list[str], Near, Matrix]:
    """The products to place that the method could read, their nearest of `sampled` by its vectors, and the cosines."""
    import faiss  # compares all pairs as `vectors.nearest` does, in a quarter of its time

    place, among = _of_sample(work, method, sampled)
    index = faiss.IndexFlatIP(among.shape[1])
    index.add(among)
    ids, rows, cosines = list[str](), [], []
    for outside, unit in _outside(work, method, sampled):
        similar, near = index.search(unit, min(NEIGHBOURS, len(among)))
        ids += outside.to_pylist()
        rows.append(place[near])
        cosines.append(similar)
    return ids, np.concatenate(rows), np.concatenate(cosines)


def _of_sample(work: Work, method: str, sampled: pa.Array) -> tuple[NDArray[np.int64], Matrix]:
    """The rows of `sampled` that the method could read, in catalogue order, and their unit vectors."""
    places, vectors = [], []
    for ids, block in blocks(work, f"features:{method}", method):
        place = pc.fill_null(pc.index_in(ids, sampled), -1).to_numpy().astype(np.int64)
        places.append(place[place >= 0])
        vectors.append(normalised(block[place >= 0]))
    return np.concatenate(places), np.concatenate(vectors)


def _outside(work: Work, method: str, sampled: pa.Array) -> Iterator[tuple[pa.Array, Matrix]]:
    """The products outside the sample that the method could read, with their unit vectors, block by block."""
    for ids, block in blocks(work, f"features:{method}", method):
        outside = pc.invert(pc.is_in(ids, sampled))
        yield ids.filter(outside), normalised(block[outside.to_numpy(zero_copy_only=False)])


def _aligned(
    product_ids: list[str], found: list[tuple[list[str], Near, Matrix, float]]
) -> tuple[Near, NDArray[np.float32]]:
    """The nearest of all methods side by side, (n, v), and the vote of each: its method's weight, 0 for no cosine."""
    row_of = {product_id: row for row, product_id in enumerate(product_ids)}
    near, votes = [], []
    for ids, rows, cosines, weight in found:
        at = np.array([row_of[product_id] for product_id in ids], dtype=np.int64)
        near.append(np.full((len(product_ids), rows.shape[1]), -1, dtype=np.int64))
        votes.append(np.zeros(near[-1].shape, dtype=np.float32))
        near[-1][at], votes[-1][at] = rows, weight * (cosines > 0)  # a vector of zeros is near nothing
    return np.hstack(near), np.hstack(votes)


def _write_maps(work: Work, method: str, product_ids: list[str], near: Near, sampled: pa.Array, on_axes: bool) -> None:
    """Write `projections` of a method that has maps: a joint graph has none, so `near` are the method's own."""
    step = f"projection:{method}"
    if step not in work.task.parts:
        return
    drawn = work.read(step, "projections")
    for reducer in _names(drawn, "reducer"):
        rows = drawn.filter(pc.equal(drawn["reducer"], reducer))
        points = np.stack([rows["x"].to_numpy(), rows["y"].to_numpy()], axis=1)
        points = points[pc.index_in(sampled, rows["product_id"].combine_chunks()).to_numpy()]
        exact = on_axes and reducer == "pca"
        places = _on_axes(work, method, sampled) if exact else np.median(points[near], axis=1)
        n = len(product_ids)
        columns = {"method": pa.repeat(method, n), "reducer": pa.repeat(reducer, n), "product_id": product_ids}
        work.write("projections", pa.table({**columns, "x": places[:, 0], "y": places[:, 1]}))


def _on_axes(work: Work, method: str, sampled: pa.Array) -> Matrix:
    """The places of the products outside the sample on its first two principal components: (n, 2)."""
    fitted = _of_sample(work, method, sampled)[1]
    return pca(fitted, (unit for _, unit in _outside(work, method, sampled)))


def _names(rows: pa.Table, column: str) -> list[str]:
    """The different values of a column, in their order."""
    return list(rows[column].unique().to_pylist())
