"""The neighbours of all products: exact as long as that is cheap, by an index of known recall above."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ingestion import task
from ingestion.grouping import all_neighbours
from ingestion.grouping.all_neighbours import NEIGHBOURS, build, recall, search
from ingestion.vectors import Matrix, nearest
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import do, put_vectors

POINTS = planted.vectors(planted.truth(20, 100), noise=0.8, dimensions=24)
IDS = planted.names(len(POINTS))


def blocks() -> Iterator[tuple[pa.Array, Matrix]]:
    for at in range(0, len(POINTS), 700):
        yield pa.array(IDS[at : at + 700]), POINTS[at : at + 700]


def test_the_index_finds_nearly_all_true_neighbours() -> None:
    ids, index = build(blocks, len(POINTS))
    rows, cosines = search(index, POINTS, 0)
    true = nearest(POINTS, NEIGHBOURS)[1]
    assert (cosines >= true[:, -1:] - 1e-6).mean() >= 0.98
    assert ids.to_pylist() == IDS
    assert not (rows == np.arange(len(POINTS))[:, None]).any()
    assert cosines == pytest.approx(np.einsum("nd,nkd->nk", POINTS, POINTS[rows]), abs=1e-6)
    assert (np.diff(cosines, axis=1) <= 1e-6).all()  # nearest first
    again = search(build(blocks, len(POINTS))[1], POINTS, 0)
    assert (again[0] == rows).all()


def test_recall_is_the_fraction_of_the_true_neighbours() -> None:
    _, index = build(blocks, len(POINTS))
    found, true = search(index, POINTS, 0)[1], nearest(POINTS, NEIGHBOURS)[1]
    assert recall(index, POINTS) == pytest.approx((found >= true[:, -1:] - 1e-6).mean(), abs=0.002)
    index.nprobe = 1
    assert 0.3 < recall(index, POINTS) < 0.9
    assert index.nprobe == 1
    index.nprobe = index.nlist
    assert recall(index, POINTS) == 1.0


def test_a_product_with_many_equal_ones_is_not_its_own_neighbour() -> None:
    same = np.repeat(POINTS[:100], 20, axis=0)
    _, index = build(lambda: iter([(pa.array(IDS), same)]), len(same))
    rows, cosines = search(index, same[40:60], 40)
    assert (rows // 20 == 2).all()
    assert not (rows == np.arange(40, 60)[:, None]).any()
    assert cosines == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("most", "searched"), [(2_000, "exact"), (1_999, "faiss")])
def test_the_store_names_the_search_of_the_neighbours(
    most: int, searched: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_neighbours, "MAX_EXACT", most)
    monkeypatch.setattr(task, "BATCH_ROWS", 300)
    written = do(
        Root(tmp_path), "all_neighbours:m", all_neighbours.step, [put_vectors(Root(tmp_path), "m", IDS, POINTS)],
        {"method": "m"},
    )  # fmt: skip
    (row,) = written["neighbour_searches"]
    assert (row["method"], row["search"], row["products"], row["neighbours"]) == ("m", searched, 2_000, NEIGHBOURS)
    assert row["queries"] == (None if searched == "exact" else 500)
    assert 0.98 < row["recall"] <= 1.0
    near = {(r["product_id"], r["rank"]): r["neighbour_id"] for r in written["neighbours"]}
    rows, _ = nearest(POINTS, NEIGHBOURS)
    expected = {(IDS[at], rank + 1): IDS[row] for (at, rank), row in np.ndenumerate(rows)}
    assert len(near) == len(expected)
    assert sum(near[place] == neighbour for place, neighbour in expected.items()) > 0.98 * len(expected)
