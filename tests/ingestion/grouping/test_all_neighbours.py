"""The neighbours of all products: exact as long as that is cheap, by an index of known recall above."""

from pathlib import Path

import numpy as np
import pytest

from ingestion.grouping import all_neighbours
from ingestion.grouping.all_neighbours import NEIGHBOURS, indexed, recall
from ingestion.vectors import Matrix, nearest
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import do, put_vectors

POINTS = planted.vectors(planted.truth(20, 100), noise=0.8, dimensions=24)


def same_as(exact: Matrix, cosines: Matrix) -> float:
    return float((cosines >= exact[:, -1:] - 1e-6).mean())


@pytest.mark.models
def test_the_index_finds_nearly_all_true_neighbours() -> None:
    rows, cosines = indexed(POINTS, 10)
    true = nearest(POINTS, 10)[1]
    assert same_as(true, cosines) >= 0.98
    own = np.arange(len(POINTS))[:, None]
    assert not (rows == own).any()
    assert cosines == pytest.approx(np.einsum("nd,nkd->nk", POINTS, POINTS[rows]), abs=1e-6)
    assert (np.diff(cosines, axis=1) <= 1e-6).all()  # nearest first
    again, _ = indexed(POINTS.copy(), 10)
    assert (again == rows).all()


def test_recall_is_the_fraction_of_the_true_neighbours() -> None:
    _, cosines = nearest(POINTS, 10)
    assert recall(POINTS, cosines) == 1.0
    cosines = cosines.copy()
    cosines[:, 7:] -= 0.5  # three of ten are wrong
    assert recall(POINTS, cosines) == pytest.approx(0.7)


@pytest.mark.parametrize(("most", "search"), [(2_000, "exact"), (1_999, "pynndescent")])
def test_the_store_names_the_search_of_the_neighbours(
    most: int, search: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_neighbours, "MAX_EXACT", most)
    monkeypatch.setattr(all_neighbours, "indexed", lambda unit, k: (nearest(unit, k)[0], nearest(unit, k)[1] - 1e-4))
    ids = planted.names(len(POINTS))
    written = do(
        Root(tmp_path), "all_neighbours:m", all_neighbours.step, [put_vectors(Root(tmp_path), "m", ids, POINTS)],
        {"method": "m"},
    )  # fmt: skip
    (row,) = written["neighbour_searches"]
    assert (row["method"], row["search"], row["products"], row["neighbours"]) == ("m", search, 2_000, NEIGHBOURS)
    assert (row["recall"] == 1.0, row["queries"]) == ((True, None) if search == "exact" else (False, 500))
    assert 0.5 < row["recall"] <= 1.0
    assert len(written["neighbours"]) == NEIGHBOURS * len(ids)
