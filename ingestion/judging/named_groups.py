"""The mode `study.named_groups`: each product goes to the category whose name it is nearest to, as text.

This is zero-shot classification (Yin et al. 2019), not clustering: it knows what the groups are to be called, and is
shown apart. It uses the set of the category names, never which product has which; the scores look at that afterwards.

Reads `catalogue`, `duplicates` and `features:<method>`. Parameters: {"method": m, "class": 'module:name', "settings":
{...}}, and the context {"model": Model}, as the step that made the method's vectors; it needs that method's runtime
too, for it embeds the names with the same encoder. Writes `named_groups` and `named_scores`.

A short name and a long text lie apart whatever they say, so both are centred, each on its own mean (the gap of
Liang et al. 2022). Then each name is the first centre of two rounds of spherical k-means (Dhillon & Modha 2001), which
lets the products say what the name stands for in this shop. Chosen on four catalogues with two encoders, by the mean
accuracy: names alone .72, centred .73, with one round .78, with two .79, run to the end, where centres leave their
names, .77. Names put into a sentence, or taken apart at '&' and 'and', came to the same and were left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.duplicates.groups import duplicate_groups
from ingestion.features.base import Inputs, Method, Model, Text
from ingestion.features.step import build
from ingestion.judging import learning_curves
from ingestion.judging.probes import judged
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

ENCODERS = ("bert", "use")
"""Methods that can embed a name they never met and put it near the texts that mean it: the pretrained sentence ones."""
ROUNDS = 2
BLOCK = 10_000
"""Products compared with all names at a time."""

Codes = NDArray[np.int64]


def step(
    work: Work, *, method: str, method_class: type[Method], settings: dict[str, Any], model: Model, images: Path | None
) -> None:
    """Write `named_groups` and `named_scores` of one sentence encoder; nothing where no category has a name."""
    products = work.read("catalogue", "products", ["product_id", "category"])
    categories = sorted(set(products["category"].drop_null().to_pylist()))
    if not categories:
        return
    names, anchors = embed(build(method_class, settings), model, categories, work.progress)
    product_ids, vectors = load(work, f"features:{method}", method)
    if not names or not product_ids:
        return
    placed, similarity, margin = nearest(vectors, anchors)
    rows = {
        "method": pa.repeat(method, len(product_ids)),
        "product_id": product_ids,
        "category": pa.array(names).take(pa.array(placed)),
        "similarity": similarity.astype(np.float64),
        "margin": pa.array(margin.astype(np.float64), from_pandas=True),  # NULL for NaN
    }
    work.write("named_groups", pa.table(rows))
    category_of = dict(zip(products["product_id"].to_pylist(), products["category"].to_pylist(), strict=True))
    found = {i: names[p] for i, p in zip(product_ids, placed.tolist(), strict=True)}
    copies = work.read("duplicates", "duplicates").to_pylist()
    work.write("named_scores", ({"method": method, **row} for row in scores(category_of, found, copies)))


def embed(
    method: Method, model: Model, names: list[str], progress: Callable[[int, int], None]
) -> tuple[list[str], Matrix]:
    """The names that the encoder could read, and their (names, d) vectors; a name is given as it is written."""
    texts = [Text(name, name, name.casefold()) for name in names]

    def nothing(method: str) -> tuple[list[str], Matrix]:
        return [], np.zeros((0, 0), np.float32)

    inputs = Inputs(lambda: iter(texts), len(texts), lambda: iter(()), 0, nothing)
    batches = [batch for batch in method.embed(model, inputs, progress) if batch.product_ids]
    read = [name for batch in batches for name in batch.product_ids]
    return read, np.concatenate([batch.vectors for batch in batches]) if batches else np.zeros((0, 0), np.float32)


def nearest(vectors: Matrix, anchors: Matrix) -> tuple[Codes, Matrix, Matrix]:
    """For (n, d) products and (c, d) names: (n,) the nearest name's row, the cosine to it, and its lead over the next.

    The cosine is of the centred vectors, and with the name's centre after the rounds. The lead is NaN where there is
    one name only. A group that nothing joins keeps its name as its centre.
    """
    products, centres = _centred(vectors), _centred(anchors)
    placed, similarity, margin = _closest(products, centres)
    for _ in range(ROUNDS):
        sums = np.zeros(centres.shape, np.float64)
        np.add.at(sums, placed, products)
        joined = np.linalg.norm(sums, axis=1) > 0
        centres = np.where(joined[:, None], normalised(sums.astype(np.float32)), centres)
        placed, similarity, margin = _closest(products, centres)
    return placed, similarity, margin


def scores(
    category_of: Mapping[str, str | None], placed: Mapping[str, str], copies: Iterable[Mapping[str, Any]] = ()
) -> Iterator[dict[str, Any]]:
    """Rows of `named_scores`, for the products that have both a category and a place; none without such.

    Measured as the probes' predictions are, with families of `copies` (rows of `duplicates`) as one draw.
    """
    ids = [i for i, category in category_of.items() if category is not None and i in placed]
    if not ids:
        return
    names, codes = np.unique([[category_of[i], placed[i]] for i in ids], return_inverse=True)
    own, given = codes.reshape(-1, 2).T.astype(np.int32)
    table = learning_curves.square(own, given, len(names))
    kin = duplicate_groups(ids, copies)
    for row in judged(table, own, given, kin):
        yield {**row, "products": len(ids)}


def _centred(vectors: Matrix) -> Matrix:
    """(n, d) rows at unit length, less their mean, at unit length; not centred where nothing would be left."""
    unit = normalised(vectors)
    if not np.ptp(unit, axis=0).any():
        return unit
    return normalised(unit - unit.mean(axis=0, dtype=np.float64).astype(np.float32))


def _closest(products: Matrix, centres: Matrix) -> tuple[Codes, Matrix, Matrix]:
    placed = np.zeros(len(products), np.int64)
    similarity, margin = np.zeros(len(products), np.float32), np.full(len(products), np.nan, np.float32)
    for start in range(0, len(products), BLOCK):
        cosines = products[start : start + BLOCK] @ centres.T
        at = slice(start, start + len(cosines))
        placed[at] = cosines.argmax(axis=1)
        similarity[at] = cosines.max(axis=1)
        if len(centres) > 1:
            two = np.partition(cosines, -2, axis=1)[:, -2:]
            margin[at] = two[:, 1] - two[:, 0]
    return placed, similarity, margin
