"""What labels would add: supervised probes on the same vectors, cross-validated, and their learning curve.

The ceiling of a method is what a classifier reaches on its vectors when it is trained on the categories of four fifths
of the products and predicts the rest. A grouping without labels is not expected to exceed it. A duplicate group lies in
one fold, so that no product is recognised by a near-duplicate.

Parts: `catalogue`, `features:<method>`, `duplicates`. Parameters: `method`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.duplicates.groups import duplicate_groups
from ingestion.grouping.agreement import Codes, Table
from ingestion.judging import intervals, learning_curves
from ingestion.judging.classifiers import Fitted, linear, neighbours, sample
from ingestion.judging.intervals import DuplicateGroups
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised

FOLDS = 5
"""A probe is then trained on four products in five, with moderate bias and variance (Kohavi 1995)."""
BLOCK_PRODUCTS = 10_000
"""Products predicted at a time, since their probabilities of all categories are held."""
PROBES: dict[str, Callable[[Matrix, Codes], Fitted]] = {"linear": linear, "knn": neighbours}


def step(work: Work, *, method: str) -> None:
    """Write `predictions`, `ceilings` and `learning_curves` of one method; nothing for fewer than two categories."""
    product_ids, vectors = load(work, f"features:{method}", method)
    products = work.read("catalogue", "products", ["product_id", "category"])
    category_of = dict(zip(products["product_id"].to_pylist(), products["category"].to_pylist(), strict=True))
    labelled = [at for at, product_id in enumerate(product_ids) if category_of[product_id] is not None]
    product_ids = [product_ids[at] for at in labelled]
    names, found = np.unique([category_of[i] for i in product_ids], return_inverse=True)
    groups = duplicate_groups(product_ids, work.read("duplicates", "duplicates").to_pylist())
    if len(names) < 2 or len(np.unique(groups)) < 2:
        return
    codes, vectors = found.astype(np.int32), normalised(vectors[labelled])
    folds = assign_folds(codes, groups)
    for done, (probe, train) in enumerate(PROBES.items()):
        predicted, confidence, own = out_of_sample(train, vectors, codes, folds)
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
        work.write("ceilings", ({**tag, **row} for row in ceilings(codes, predicted, groups)))
        work.progress(done + 1, len(PROBES) + 1)
    work.write("learning_curves", ({"method": method, **row} for row in learning_curves.curve(vectors, codes, groups)))
    work.progress(len(PROBES) + 1, len(PROBES) + 1)


def assign_folds(codes: Codes, duplicate_groups: DuplicateGroups) -> Codes:
    """(n,) fold numbers 0 to FOLDS - 1 (fewer for fewer groups): stratified, each duplicate group in one fold.

    The duplicate groups of each category, large ones first, go to the folds in turn. scikit-learn's
    StratifiedGroupKFold finds similar folds by a search that takes 36 s for 100,000 products (not repeatable).
    """
    _, first, group, sizes = np.unique(duplicate_groups, return_index=True, return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng(0).permutation(len(first))
    fold = np.empty(len(first), dtype=np.int32)
    fold[np.lexsort((shuffled, -sizes, codes[first]))] = np.arange(len(first)) % FOLDS
    return np.asarray(fold[group])


def out_of_sample(
    train: Callable[[Matrix, Codes], Fitted], vectors: Matrix, codes: Codes, folds: Codes
) -> tuple[Codes, NDArray[np.float32], NDArray[np.float32]]:
    """The predictions for (n, d) unit vectors of probes that `train` fits to the other folds: three arrays (n,).

    They are the most probable category's code, its probability, and the probability of the product's own category, NaN
    where the other folds have no product of that category.
    """
    n = len(codes)
    predicted, confidence, own = np.zeros(n, np.int32), np.zeros(n, np.float32), np.full(n, np.nan, np.float32)
    for fold in range(int(folds.max()) + 1):
        known = sample(codes, np.flatnonzero(folds != fold))
        probe = train(vectors[known], codes[known])
        held = np.flatnonzero(folds == fold)
        for rows in np.split(held, range(BLOCK_PRODUCTS, len(held), BLOCK_PRODUCTS)):
            probabilities = probe.probabilities(vectors[rows])
            predicted[rows], confidence[rows] = probe.classes[probabilities.argmax(1)], probabilities.max(1)
            at = np.minimum(np.searchsorted(probe.classes, codes[rows]), len(probe.classes) - 1)
            seen = np.flatnonzero(probe.classes[at] == codes[rows])
            own[rows[seen]] = probabilities[seen, at[seen]]
    return predicted, confidence, own


def ceilings(codes: Codes, predicted: Codes, duplicate_groups: DuplicateGroups) -> Iterator[dict[str, Any]]:
    """Rows of `ceilings`, one per measure, from (n,) true and predicted category codes and duplicate groups."""
    table = learning_curves.confusion_table(codes, predicted, int(codes.max()) + 1)
    groups = np.unique(duplicate_groups, return_inverse=True)[1].astype(np.int64)
    return scores_of(table, codes, predicted, groups)


def scores_of(
    table: Table, codes: Codes, predicted: Codes, duplicate_groups: DuplicateGroups
) -> Iterator[dict[str, Any]]:
    """Each measure of a table of true and predicted categories, with its 95 % interval; None for fewer than 3 draws.

    `codes` and `predicted` are the (n,) codes that it counts; `duplicate_groups` are (n,), numbered without gaps.
    """
    for metric, measure in learning_curves.MEASURES.items():
        value, ends = measure(table), None
        if len(codes) > 2:  # the jackknife needs three
            parts = intervals.influences(intervals.deviations(measure, table, codes, predicted), duplicate_groups)
            fraction = metric in {"accuracy", "macro_f1"}
            # without any mistake the jackknife error is 0; ARI and AMI count pairs, whose products can both be wrong
            beyond = intervals.RULE_OF_THREE / len(codes) * (1 if fraction else 2)
            error = float(np.sqrt((parts**2).sum()))
            ends = intervals.interval(value, error, beyond, least=0.0 if fraction else -1.0)
        low, high = ends or (None, None)
        yield {"metric": metric, "value": value, "low": low, "high": high}
