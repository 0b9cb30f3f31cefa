"""Products that are listed more than once: exact duplicates and near-duplicates, by text and by image.

The step reads `products` of 'catalogue' (for their order and names), `texts` of 'texts' and `images` of 'images'. It
takes no parameters and no vectors, so its result does not depend on which encoders ran.

An exact duplicate has the same text but for case and white space, or the same image file. A near-duplicate is the same
listing slightly altered; a variant in another colour, size or model is another product, however similar (`texts` and
`images` of this package define the difference).
"""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ingestion.duplicates import images as near_images
from ingestion.duplicates import texts as near_texts
from ingestion.task import Work

Row = dict[str, Any]
Links = Mapping[tuple[int, int], float]


def step(work: Work) -> None:
    """Write `duplicates`."""
    products = work.read("catalogue", "products", ["product_id", "name"])
    order = products["product_id"].to_pylist()
    work.write("duplicates", of_texts(order, work.read("texts", "texts", ["product_id", "raw"]), products["name"]))
    work.progress(1, 2)
    work.write("duplicates", of_images(order, work.read("images", "images", ["product_id", "sha256", "thumbnail"])))
    work.progress(2, 2)


@dataclass(frozen=True)
class Column(Sequence[Any]):
    """Rows of an Arrow column, in the order of `rows`: a Python object is made of a value only as it is asked for."""

    values: pa.ChunkedArray
    rows: Sequence[int]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, k: Any) -> Any:
        return self.values[self.rows[k]].as_py()


def of_texts(order: Sequence[str], texts: pa.Table, names: pa.ChunkedArray) -> list[Row]:
    """Rows of `duplicates` by text; `order` are all product ids, `names` their names, if any, in the same order.

    `texts` has the columns product_id and raw.
    """
    ids, raw = texts["product_id"].to_pylist(), texts["raw"]
    rows, distinct = exact("text", order, dict(zip(ids, map(_digest, raw), strict=True)))
    row_of, place_of = ({key: k for k, key in enumerate(keys)} for keys in (ids, order))
    links = near_texts.pairs(
        Column(raw, [row_of[key] for key in distinct]), Column(names, [place_of[key] for key in distinct])
    )
    return rows + near("text", distinct, links)


def _digest(text: pa.StringScalar) -> bytes:
    """16 bytes, the same for texts that are equal but for case and white space; a whole catalogue's fit in memory."""
    return hashlib.sha256(" ".join(text.as_py().casefold().split()).encode("utf-8", "surrogatepass")).digest()[:16]


def of_images(order: Sequence[str], images: pa.Table) -> list[Row]:
    """Rows of `duplicates` by image; `images` has the columns product_id, sha256 and thumbnail."""
    ids = images["product_id"].to_pylist()
    rows, distinct = exact("image", order, dict(zip(ids, images["sha256"].to_pylist(), strict=True)))
    row_of = {key: row for row, key in enumerate(ids)}
    thumbnails = images["thumbnail"]  # not as a list: that would hold all bytes twice

    def thumbnail(k: int) -> bytes:
        encoded: bytes = thumbnails[row_of[distinct[k]]].as_py()
        return encoded

    return rows + near("image", distinct, near_images.pairs(len(distinct), thumbnail))


def exact(modality: str, order: Sequence[str], content: Mapping[str, str | bytes]) -> tuple[list[Row], list[str]]:
    """One row per product whose content equals an earlier one's, with the earliest such; and the ids of the others."""
    first: dict[str | bytes, str] = {}
    rows, distinct = [], []
    for product_id in order:
        if product_id not in content:
            continue
        original = first.setdefault(content[product_id], product_id)
        if original == product_id:
            distinct.append(product_id)
        else:
            rows.append(_row(product_id, original, modality, "exact", 1.0))
    return rows, distinct


def near(modality: str, ids: Sequence[str], links: Links) -> list[Row]:
    """One row per product that links connect to an earlier one, with the earliest of its duplicate group.

    `ids` are in catalogue order; `links` are pairs (i, j), i < j, of places in it with their similarity. The
    similarity of a pair that is connected only through others is the weakest link on the strongest path.
    """
    linked: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (i, j), similarity in sorted(links.items()):
        linked[i].append((j, similarity))
        linked[j].append((i, similarity))
    reached: set[int] = set()
    rows = []
    for earliest in sorted(linked):
        if earliest in reached:
            continue
        ahead = [(-1.0, earliest)]  # the strongest path first (Prim)
        while ahead:
            weakest, at = heapq.heappop(ahead)
            if at in reached:
                continue
            reached.add(at)
            if at != earliest:
                similarity = links.get((earliest, at), -weakest)
                rows.append((at, _row(ids[at], ids[earliest], modality, "near", similarity)))
            for other, similarity in linked[at]:
                if other not in reached:
                    heapq.heappush(ahead, (max(weakest, -similarity), other))
    return [row for _, row in sorted(rows, key=lambda found: found[0])]


def _row(product_id: str, original: str, modality: str, match: str, similarity: float) -> Row:
    return {
        "product_id": product_id,
        "duplicate_of": original,
        "modality": modality,
        "match": match,
        "similarity": similarity,
    }
