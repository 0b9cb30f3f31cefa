"""The mode `study.named_groups`: each product goes to the category whose name is most similar to its text.

This is zero-shot classification (Yin et al. 2019), not clustering, as it uses the names of the categories; its results
are shown separately. It does not use which product has which category; only the scores do.

Reads `catalogue`, `duplicates` and `features:<method>`. Parameters: {"method": m, "class": 'module:name', "settings":
{...}}, and the context {"model": Model}, as the step that made the method's vectors; it needs that method's runtime
too, for it embeds the names with the same encoder. Writes `named_groups` and `named_scores`.

Embeddings of short names and of long texts differ by a constant part whatever their content (the gap of Liang et al.
2022), so each set is centred on its own mean. Then the names are the first centres of two rounds of spherical k-means
(Dhillon & Modha 2001), which moves each centre to the products of this shop that the name stands for. Chosen by the
mean accuracy on four catalogues with two encoders (not repeatable): names alone .72, centred .73, with one round .78,
with two .79, and .77 to convergence, where centres move away from their names. Names within a sentence, or split at '&'
and 'and', scored the same and were left out.
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
from ingestion.judging.probes import scores_of
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

ENCODERS = ("bert", "use")
"""The pretrained sentence encoders: they embed a name near the texts of the same meaning, also an unknown one."""
ROUNDS = 2
"""Of spherical k-means; the module's docstring says why."""
BLOCK_PRODUCTS = 10_000
"""Products compared with all names at a time."""

NameRows = NDArray[np.int64]
"""(n,) rows of the names."""


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
    nearest_name, similarity, margin = nearest(vectors, anchors)
    rows = {
        "method": pa.repeat(method, len(product_ids)),
        "product_id": product_ids,
        "category": pa.array(names).take(pa.array(nearest_name)),
        "similarity": similarity.astype(np.float64),
        "margin": pa.array(margin.astype(np.float64), from_pandas=True),  # NULL for NaN
    }
    work.write("named_groups", pa.table(rows))
    category_of = dict(zip(products["product_id"].to_pylist(), products["category"].to_pylist(), strict=True))
    found = {i: names[p] for i, p in zip(product_ids, nearest_name.tolist(), strict=True)}
    duplicates = work.read("duplicates", "duplicates").to_pylist()
    work.write("named_scores", ({"method": method, **row} for row in scores(category_of, found, duplicates)))


def embed(
    method: Method, model: Model, names: list[str], progress: Callable[[int, int], None]
) -> tuple[list[str], Matrix]:
    """The names that the encoder could read, as they are written, and their (names, d) vectors."""
    texts = [Text(name, name, name.casefold()) for name in names]

    def no_vectors(method: str) -> tuple[list[str], Matrix]:
        return [], np.zeros((0, 0), np.float32)

    inputs = Inputs(lambda: iter(texts), len(texts), lambda: iter(()), 0, no_vectors)
    batches = [batch for batch in method.embed(model, inputs, progress) if batch.product_ids]
    read = [name for batch in batches for name in batch.product_ids]
    return read, np.concatenate([batch.vectors for batch in batches]) if batches else np.zeros((0, 0), np.float32)


def nearest(vectors: Matrix, anchors: Matrix) -> tuple[NameRows, Matrix, Matrix]:
    """For (n, d) products and (c, d) names: (n,) rows of the nearest names, cosines to them, and margins to the next.

    The cosines, -1 to 1, are those of centred vectors to the centres after the rounds. The margins are NaN where there
    is one name only. A name that is nearest to no product stays its centre.
    """
    products, centres = _centred(vectors), _centred(anchors)
    rows, similarity, margin = _closest(products, centres)
    for _ in range(ROUNDS):
        sums = np.zeros(centres.shape, np.float64)
        np.add.at(sums, rows, products)
        occupied = np.linalg.norm(sums, axis=1) > 0
        centres = np.where(occupied[:, None], normalised(sums.astype(np.float32)), centres)
        rows, similarity, margin = _closest(products, centres)
    return rows, similarity, margin


def scores(
    category_of: Mapping[str, str | None], named: Mapping[str, str], duplicates: Iterable[Mapping[str, Any]] = ()
) -> Iterator[dict[str, Any]]:
    """Rows of `named_scores` over the products that have a category and a named group; none without such products.

    The measures are those of the probes; products that rows of `duplicates` connect count as one draw.
    """
    ids = [i for i, category in category_of.items() if category is not None and i in named]
    if not ids:
        return
    names, codes = np.unique([[category_of[i], named[i]] for i in ids], return_inverse=True)
    own, nearest_name = codes.reshape(-1, 2).T.astype(np.int32)
    table = learning_curves.confusion_table(own, nearest_name, len(names))
    for row in scores_of(table, own, nearest_name, duplicate_groups(ids, duplicates)):
        yield {**row, "products": len(ids)}


def _centred(vectors: Matrix) -> Matrix:
    """(n, d) rows at unit length, less their mean, at unit length; not centred where all rows are equal."""
    unit = normalised(vectors)
    if not np.ptp(unit, axis=0).any():
        return unit
    return normalised(unit - unit.mean(axis=0, dtype=np.float64).astype(np.float32))


def _closest(products: Matrix, centres: Matrix) -> tuple[NameRows, Matrix, Matrix]:
    placed = np.zeros(len(products), np.int64)
    similarity, margin = np.zeros(len(products), np.float32), np.full(len(products), np.nan, np.float32)
    for start in range(0, len(products), BLOCK_PRODUCTS):
        cosines = products[start : start + BLOCK_PRODUCTS] @ centres.T
        at = slice(start, start + len(cosines))
        placed[at] = cosines.argmax(axis=1)
        similarity[at] = cosines.max(axis=1)
        if len(centres) > 1:
            two = np.partition(cosines, -2, axis=1)[:, -2:]
            margin[at] = two[:, 1] - two[:, 0]
    return placed, similarity, margin
