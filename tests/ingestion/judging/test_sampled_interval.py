"""The interval of a sample's score holds the score of all products: the sampling is in it already."""

from pathlib import Path

import numpy as np

from ingestion.grouping import clustering
from ingestion.judging import scoring
from ingestion.study_sample import draw
from store.parts import Part
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import Rows, do, put, put_neighbours, put_vectors

TRUTH = planted.truth(4, 150)
VECTORS = planted.vectors(TRUTH, noise=1.2)
SAMPLE, SAMPLES = 150, 20


def score(folder: Path, ids: list[str], rows: list[int]) -> tuple[float, float, float]:
    """The ARI of the products of these rows, grouped on the manifold, and the ends of its interval."""
    root = Root(folder)
    drawn = [ids[row] for row in rows]
    vectors = put_vectors(root, "m", drawn, VECTORS[rows])
    near = put_neighbours(root, vectors)
    settings = {"method": "m", "k": 4, "resamples": 5, "seed": 0}
    groups: dict[str, Rows] = do(root, "clustering:m", clustering.step, [vectors, near], settings)
    products = [{"product_id": i, "category": f"c{TRUTH[row]}"} for i, row in zip(drawn, rows, strict=True)]
    parts: list[Part] = [
        put(root, "catalogue", {"products": products}),
        put(root, "duplicates", {}),
        put(root, "clustering:m", groups),
    ]
    written = do(root, "scoring:m", scoring.step, parts, {"method": "m", "vector_sources": []})["scores"]
    (found,) = (row for row in written if (row["grouping"], row["metric"]) == ("manifold", "ari"))
    return found["value"], found["low"], found["high"]


def test_intervals_of_samples_hold_the_score_of_all_products(tmp_path: Path) -> None:
    everything, _, _ = score(tmp_path / "all", planted.names(len(TRUTH)), list(range(len(TRUTH))))
    assert 0.3 < everything < 0.95  # neither of the ends, where any interval would do
    held, values = 0, []
    for number in range(SAMPLES):
        ids = [f"{number}-{row}" for row in range(len(TRUTH))]
        row_of = {product_id: row for row, product_id in enumerate(ids)}
        value, low, high = score(tmp_path / str(number), ids, [row_of[i] for i in draw(ids, SAMPLE)])
        held += low <= everything <= high
        values.append(value)
    assert np.std(values) > 0.01  # the samples differ
    assert held >= 18, (held, everything, values)
