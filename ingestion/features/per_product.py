"""From kept results per product to batches of vectors, for the methods whose vector depends on one product alone."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from ingestion.features.base import Batch, Issue, ProductImage, Text, Vectors

ROWS = 1024


def batches(results: Iterable[tuple[Text | ProductImage, bytes | Issue]]) -> Iterator[Batch]:
    """Batches of 1,024 products, given each with the bytes of its float32 vector, or with why it has none."""
    rest, dimensions = iter(results), 0
    while block := list(islice(rest, ROWS)):
        ids = [product.product_id for product, result in block if isinstance(result, bytes)]
        joined = b"".join(result for _, result in block if isinstance(result, bytes))
        dimensions = len(joined) // 4 // len(ids) if ids else dimensions
        issues = [replace(r, product_id=p.product_id) for p, r in block if isinstance(r, Issue)]
        yield Batch(ids, np.frombuffer(joined, np.float32).reshape(len(ids), dimensions), issues=issues)


def as_bytes(vectors: Vectors) -> list[bytes]:
    """The bytes of each of (n, d) vectors, as float32."""
    return [row.tobytes() for row in np.ascontiguousarray(vectors, np.float32)]
