"""The interval of a sample's score holds that of all products: how samples differ, and what fewer products lose."""

from pathlib import Path

import numpy as np
import pytest

from ingestion import study_sample
from ingestion.grouping import clustering
from ingestion.judging import scoring
from ingestion.study_sample import draw
from ingestion.vectors import Matrix
from store.parts import Part
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import Rows, do, put, put_neighbours, put_vectors

TRUTH = planted.truth(4, 150)
SAMPLE, SAMPLES = 150, 20


def score(
    folder: Path, vectors: Matrix, ids: list[str], rows: list[int], of_sample: bool
) -> tuple[float, float, float]:
    """The ARI of the products of these rows, grouped on the manifold, and the ends of its interval.

    The step takes them for all products, or for a sample of more.
    """
    root = Root(folder)
    drawn = [ids[row] for row in rows]
    points = put_vectors(root, "m", drawn, vectors[rows])
    near = put_neighbours(root, points)
    settings = {"method": "m", "k": 4, "resamples": 5, "seed": 0}
    groups: dict[str, Rows] = do(root, "clustering:m", clustering.step, [points, near], settings)
    products = [{"product_id": i, "category": f"c{TRUTH[row]}"} for i, row in zip(drawn, rows, strict=True)]
    parts: list[Part] = [
        put(root, "catalogue", {"products": products}),
        put(root, "duplicates", {}),
        put(root, "clustering:m", groups),
    ]
    if of_sample:
        parts.append(put(root, study_sample.STEP, {"study_sample": [{"product_id": i} for i in drawn]}))
    written = do(root, "scoring:m", scoring.step, parts, {"method": "m", "vector_sources": []})["scores"]
    (found,) = (row for row in written if (row["grouping"], row["metric"]) == ("manifold", "ari"))
    return found["value"], found["low"], found["high"]


@pytest.mark.parametrize("noise", [1.2, 1.8])
def test_intervals_of_samples_hold_the_score_of_all_products(tmp_path: Path, noise: float) -> None:
    vectors = planted.vectors(TRUTH, noise=noise)
    everything, _, _ = score(tmp_path / "all", vectors, planted.names(len(TRUTH)), list(range(len(TRUTH))), False)
    assert 0.3 < everything < 0.95  # neither of the ends, where any interval would do
    held, values = 0, []
    for number in range(SAMPLES):
        ids = [f"{number}-{row}" for row in range(len(TRUTH))]
        row_of = {product_id: row for row, product_id in enumerate(ids)}
        rows = [row_of[i] for i in draw(ids, SAMPLE)]
        value, low, high = score(tmp_path / str(number), vectors, ids, rows, True)
        held += low <= everything <= high
        values.append(value)
    assert np.std(values) > 0.01  # the samples differ
    assert held >= 18, (held, everything, values)


def test_a_study_on_a_sample_says_how_much_better_all_products_may_be_grouped(tmp_path: Path) -> None:
    vectors, rows = planted.vectors(TRUTH, noise=2.1), list(range(0, len(TRUTH), 4))
    ids = planted.names(len(TRUTH))
    found = [score(tmp_path / str(sampled), vectors, ids, rows, sampled) for sampled in (False, True)]
    (value, low, high), (same, same_low, higher) = found
    assert (same, same_low) == (value, low)
    assert higher > high
