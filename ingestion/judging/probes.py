"""What labels would buy: supervised probes on the same vectors, out of sample, and their learning curve.

The ceiling of a method is what a classifier reaches on its vectors when it is given the categories of four fifths of
the products and asked for the rest: a grouping without labels is not expected to pass it. Near-copies stand in one
fold, so that no product is recognised by its twin.

Parts: `catalogue`, `features:<method>`, `duplicates`. Parameters: `method`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.duplicates.groups import duplicate_groups
from ingestion.grouping.agreement import Table
from ingestion.judging import intervals, learning_curves
from ingestion.judging.classifiers import Codes, Fitted, linear, neighbours, sample
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

FOLDS = 5
"""Five: a probe then learns from four products in five, with moderate bias and variance (Kohavi 1995)."""
CHUNK = 10_000
"""Products predicted at a time, whose probabilities of all categories are held."""
PROBES: dict[str, Callable[[Matrix, Codes], Fitted]] = {"linear": linear, "knn": neighbours}


def step(work: Work, *, method: str) -> None:
    """Write `predictions`, `ceilings` and `learning_curves` of one method; nothing for fewer than two categories."""
    product_ids, vectors = load(work, f"features:{method}", method)
    products = work.read("catalogue", "products", ["product_id", "category"])
    category_of = dict(zip(products["product_id"].to_pylist(), products["category"].to_pylist(), strict=True))
    labelled = [at for at, product_id in enumerate(product_ids) if category_of[product_id] is not None]
    product_ids = [product_ids[at] for at in labelled]
    names, found = np.unique([category_of[i] for i in product_ids], return_inverse=True)
    families = duplicate_groups(product_ids, work.read("duplicates", "duplicates").to_pylist())
    if len(names) < 2 or len(np.unique(families)) < 2:
        return
    codes, vectors = found.astype(np.int32), normalised(vectors[labelled])
    folds = deal(codes, families)
    for done, (probe, learn) in enumerate(PROBES.items()):
        predicted, confidence, own = out_of_sample(learn, vectors, codes, folds)
        columns = {
            "method": pa.repeat(method, len(codes)),
            "product_id": product_ids,
            "probe": pa.repeat(probe, len(codes)),
            "predicted_category": names[predicted],
            "confidence": confidence,
            "own_confidence": pa.array(own, mask=np.isnan(own)),
        }
        work.write("predictions", pa.table(columns))
        tag = {"method": method, "probe": probe, "folds": int(folds.max()) + 1, "products": len(codes)}
        work.write("ceilings", ({**tag, **row} for row in ceilings(codes, predicted, families)))
        work.progress(done + 1, len(PROBES) + 1)
    work.write(
        "learning_curves", ({"method": method, **row} for row in learning_curves.curve(vectors, codes, families))
    )
    work.progress(len(PROBES) + 1, len(PROBES) + 1)


def deal(codes: Codes, families: NDArray[Any]) -> Codes:
    """(n,) fold numbers 0 to FOLDS - 1 (fewer folds of fewer families): stratified, each family in one fold.

    The families of each category, large ones first, are dealt to the folds like cards. scikit-learn's
    StratifiedGroupKFold finds much the same by search, which takes 36 s for 100,000 products.
    """
    _, first, family, sizes = np.unique(families, return_index=True, return_inverse=True, return_counts=True)
    chance = np.random.default_rng(0).permutation(len(first))
    fold = np.empty(len(first), dtype=np.int32)
    fold[np.lexsort((chance, -sizes, codes[first]))] = np.arange(len(first)) % FOLDS
    return np.asarray(fold[family])


def out_of_sample(
    learn: Callable[[Matrix, Codes], Fitted], vectors: Matrix, codes: Codes, folds: Codes
) -> tuple[Codes, NDArray[np.float32], NDArray[np.float32]]:
    """What a probe that learnt from the other folds says of each of (n, d) unit vectors: three arrays (n,).

    The most probable category's code, its probability, and the probability of the product's own category: NaN where
    the other folds have no product of it, so that the probe could not know it.
    """
    n = len(codes)
    predicted, confidence, own = np.zeros(n, np.int32), np.zeros(n, np.float32), np.full(n, np.nan, np.float32)
    for fold in range(int(folds.max()) + 1):
        train = sample(codes, np.flatnonzero(folds != fold))
        probe = learn(vectors[train], codes[train])
        held = np.flatnonzero(folds == fold)
        for rows in np.split(held, range(CHUNK, len(held), CHUNK)):
            shares = probe.shares(vectors[rows])
            predicted[rows], confidence[rows] = probe.classes[shares.argmax(1)], shares.max(1)
            at = np.minimum(np.searchsorted(probe.classes, codes[rows]), len(probe.classes) - 1)
            known = np.flatnonzero(probe.classes[at] == codes[rows])
            own[rows[known]] = shares[known, at[known]]
    return predicted, confidence, own


def ceilings(codes: Codes, predicted: Codes, families: NDArray[Any]) -> Iterator[dict[str, Any]]:
    """Rows of `ceilings` from (n,) true and predicted category codes and families: one per measure."""
    table = learning_curves.square(codes, predicted, int(codes.max()) + 1)
    numbers = np.unique(families, return_inverse=True)[1].astype(np.int64)
    return judged(table, codes, predicted, numbers)


def judged(table: Table, codes: Codes, predicted: Codes, families: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """Each measure of a table of true and predicted categories, with its interval.

    `codes` and `predicted` are the (n,) codes that it counts, `families` their families, numbered without gaps.
    """
    for metric, measure in learning_curves.MEASURES.items():
        value, ends = measure(table), None
        if len(codes) > 2:  # of fewer, nothing is left to leave one out of
            parts = intervals.influences(intervals.deviations(measure, table, codes, predicted), families)
            share = metric in {"accuracy", "macro_f1"}
            # Where no mistake was seen the jackknife sees no spread; a pair has two products that can be mistaken.
            beyond = intervals.RULE_OF_THREE / len(codes) * (1 if share else 2)
            error = float(np.sqrt((parts**2).sum()))
            ends = intervals.interval([value], error, beyond, least=0.0 if share else -1.0)
        low, high = ends or (None, None)
        yield {"metric": metric, "value": value, "low": low, "high": high}
