"""Products that are listed more than once: exact and near copies, by text and by picture.

A step that reads `products` of 'catalogue' (for their order and names), `texts` of 'texts' and `pictures` of 'images',
and takes no parameters and no vectors: what it finds does not depend on which encoders ran.

An exact copy has the same text but for case and white space, or the same image file. A near copy is the same listing
slightly altered; a variant in another colour, size or model is another product, however alike (see `near_text` and
`near_pictures` for where that line is drawn).
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from ingestion.duplicates import pictures as near_pictures
from ingestion.duplicates import texts as near_text
from ingestion.task import Work

Row = dict[str, Any]
Links = Mapping[tuple[int, int], float]


def step(work: Work) -> None:
    """Write `duplicates`."""
    products = work.read("catalogue", "products", ["product_id", "name"])
    order = products["product_id"].to_pylist()
    raw, names = _mapping(work.read("texts", "texts", ["product_id", "raw"])), _mapping(products)
    work.write("duplicates", of_texts(order, raw, names))
    work.progress(1, 2)
    work.write("duplicates", of_pictures(order, work.read("images", "pictures", ["product_id", "sha256", "thumbnail"])))
    work.progress(2, 2)


def _mapping(table: pa.Table) -> dict[str, Any]:
    """A table of two columns as a mapping from the first to the second."""
    return dict(zip(*(column.to_pylist() for column in table.columns), strict=True))


def of_texts(order: Sequence[str], raw: Mapping[str, str], names: Mapping[str, str | None]) -> list[Row]:
    """Rows of `duplicates` by text: `order` are all product ids, `raw` and `names` the texts and names there are."""
    rows, distinct = exact("text", order, {key: " ".join(text.casefold().split()) for key, text in raw.items()})
    return rows + near(
        "text", distinct, near_text.pairs([raw[key] for key in distinct], [names.get(key) for key in distinct])
    )


def of_pictures(order: Sequence[str], pictures: pa.Table) -> list[Row]:
    """Rows of `duplicates` by picture; `pictures` has the columns product_id, sha256 and thumbnail."""
    ids = pictures["product_id"].to_pylist()
    rows, distinct = exact("image", order, dict(zip(ids, pictures["sha256"].to_pylist(), strict=True)))
    row_of = {key: row for row, key in enumerate(ids)}
    thumbnails = pictures["thumbnail"]  # stays as it was read: a list of its bytes would be a second copy

    def thumbnail(k: int) -> bytes:
        encoded: bytes = thumbnails[row_of[distinct[k]]].as_py()
        return encoded

    return rows + near("image", distinct, near_pictures.pairs(len(distinct), thumbnail))


def exact(kind: str, order: Sequence[str], content: Mapping[str, str]) -> tuple[list[Row], list[str]]:
    """Rows for each product whose content equals an earlier one's, with the earliest; and the ids that are left."""
    first: dict[str, str] = {}
    rows, distinct = [], []
    for product_id in order:
        if product_id not in content:
            continue
        original = first.setdefault(content[product_id], product_id)
        if original == product_id:
            distinct.append(product_id)
        else:
            rows.append(_row(product_id, original, kind, "exact", 1.0))
    return rows, distinct


def near(kind: str, ids: Sequence[str], links: Links) -> list[Row]:
    """Rows for each product that links lead to an earlier one, with the earliest of its family.

    `ids` are in catalogue order; `links` are pairs (i, j), i < j, of places in it with their likeness. The similarity
    of a pair that is not linked itself, but by way of others, is the weakest link on the strongest way.
    """
    linked: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (i, j), alike in sorted(links.items()):
        linked[i].append((j, alike))
        linked[j].append((i, alike))
    reached: set[int] = set()
    rows = []
    for earliest in sorted(linked):
        if earliest in reached:
            continue
        ahead = [(-1.0, earliest)]  # the strongest way first (Prim)
        while ahead:
            weakest, at = heapq.heappop(ahead)
            if at in reached:
                continue
            reached.add(at)
            if at != earliest:
                alike = links.get((earliest, at), -weakest)
                rows.append((at, _row(ids[at], ids[earliest], kind, "near", alike)))
            for other, alike in linked[at]:
                if other not in reached:
                    heapq.heappush(ahead, (max(weakest, -alike), other))
    return [row for _, row in sorted(rows, key=lambda found: found[0])]


def _row(product_id: str, original: str, kind: str, match: str, similarity: float) -> Row:
    return {
        "product_id": product_id,
        "duplicate_of": original,
        "kind": kind,
        "match": match,
        "similarity": similarity,
    }
