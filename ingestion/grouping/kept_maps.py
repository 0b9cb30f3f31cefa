"""Maps that keep their layout while a catalogue changes, so that a nightly run need not draw them anew (`study.refit`).

t-SNE and UMAP place every product by all others: one new product moves the whole map. A kept map is the digests of the
products' ids, their unit vectors and their places, in a file beside the results per product (`store.chunks`). Products
whose vectors have not changed stay where they are; others are placed as `judging.placing` places products outside a
sample, at the median of their nearest kept ones' places (Kobak & Berens 2019, k = 10). PCA is cheap and drawn anew.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingestion.features.frozen import THIS, Refit, changed_since
from ingestion.vectors import Matrix, nearest
from store.chunks import Chunks, digest_of

REDUCERS = ("tsne", "umap")
"""The maps that are kept."""
NEIGHBOURS = 10
"""Nearest kept products that place a new one: as many as place those outside a sample."""
UNCHANGED = 0.04
"""Up to this distance two unit vectors count as one, a cosine of .9992: half precision, in which they are kept, moves
them by .0005."""


@dataclass(frozen=True)
class KeptMaps:
    """What a later run needs of the maps that were drawn of n products: (n, 16) digests of their ids, (n, d) unit
    vectors, and (n, 2) places by reducer.
    """

    digests: NDArray[np.uint8]
    unit: Matrix
    places: dict[str, Matrix]

    def rows(self, product_ids: Sequence[str], unit: Matrix) -> NDArray[np.int64]:
        """The row of each product among the kept ones; -1 where it is new or its vector changed.

        All are -1 where most products that are in both have other vectors: these are of another model then.
        """
        at = pc.index_in(_column(_digests(product_ids)), _column(self.digests))
        rows = np.asarray(pc.fill_null(at, -1).to_numpy(), dtype=np.int64)
        known = rows >= 0
        if unit.shape[1] != self.unit.shape[1]:
            return np.full_like(rows, -1)
        same = known & (np.linalg.norm(unit - self.unit[rows], axis=1) <= UNCHANGED)
        return np.where(same & (2 * same.sum() > known.sum()), rows, -1)

    def place(self, reducer: str, rows: NDArray[np.int64], unit: Matrix) -> Matrix:
        """The places of (m, d) unit vectors on a kept map, with their `rows` in it: (m, 2)."""
        placed, new = self.places[reducer][rows], rows < 0
        if new.any():
            near, _ = nearest(unit[new], NEIGHBOURS, self.unit)
            placed[new] = np.median(self.places[reducer][near], axis=1)
        return placed


def kept(
    chunks: Chunks, refit: Refit, reducers: Iterable[str], product_ids: Sequence[str], unit: Matrix
) -> tuple[dict[str, Matrix], str]:
    """The places of n products with (n, d) unit vectors on the maps of an earlier run, (n, 2) by reducer, and in words
    what these maps were drawn of.

    No places where the maps are to be drawn anew, and then given to `keep`: where `refit` is "always", none was kept,
    or the fraction of products that are new or changed, or of kept ones that are gone or changed, is at least `refit`;
    with "never", all.
    """
    wanted = [reducer for reducer in reducers if reducer in REDUCERS]
    if refit == "always" or not wanted or (data := chunks.newest()) is None:
        return {}, THIS
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        maps = KeptMaps(file["digests"], file["unit"].astype(np.float32), {name: file[name] for name in wanted})
    rows = maps.rows(product_ids, unit)
    changed = 1 - (rows >= 0).sum() / max(len(rows), len(maps.unit))
    if changed >= (1 if refit == "never" else refit):
        return {}, THIS
    return {name: maps.place(name, rows, unit) for name in wanted}, changed_since(changed)


def keep(chunks: Chunks, refit: Refit, product_ids: Sequence[str], unit: Matrix, places: Mapping[str, Matrix]) -> None:
    """Keep the maps, (n, 2) by reducer, that were drawn of n products with (n, d) unit vectors, for later runs."""
    wanted = {reducer: points for reducer, points in places.items() if reducer in REDUCERS}
    if refit == "always" or not wanted:
        return
    file = io.BytesIO()
    np.savez(file, digests=_digests(product_ids), unit=unit.astype(np.float16), **wanted)  # type: ignore[arg-type]
    chunks.keep("maps", file.getvalue())


def _digests(product_ids: Sequence[str]) -> NDArray[np.uint8]:
    """A digest of each id: (n, 16)."""
    return np.frombuffer(b"".join(map(digest_of, product_ids)), np.uint8).reshape(-1, 16)


def _column(digests: NDArray[np.uint8]) -> pa.Array:
    return pa.array([row.tobytes() for row in digests], pa.binary(16))
