"""Products outside the sample: placed in the groups and on the maps of their nearest sampled products."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion import task
from ingestion.grouping.projection import pca
from ingestion.judging import placing
from ingestion.judging.placing import majority
from ingestion.vectors import normalised
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import do, put, put_vectors

GROUPS = planted.truth(6, 200)
VECTORS = planted.vectors(GROUPS, noise=0.5, dimensions=24)
IDS = planted.names(len(GROUPS))
SAMPLED = np.random.default_rng(0).random(len(GROUPS)) < 0.25
NAMES = ("a", None, "c", "d", "e", "f")


def clusters(method: str, within: np.ndarray[Any, Any] = SAMPLED) -> list[dict[str, Any]]:
    tag = {"method": method, "placed": False, "found_again": 1.0}
    of = [(row, grouping) for grouping in ("manifold", "estimated_k") for row in np.flatnonzero(within)[::-1]]
    return [
        {
            **tag,
            "grouping": grouping,
            "product_id": IDS[row],
            "cluster": int(GROUPS[row] if grouping == "manifold" else GROUPS[row] // 2),
            "matched_category": NAMES[GROUPS[row]] if grouping == "manifold" else None,
        }
        for row, grouping in of
    ]


def place(root: Root, methods: dict[str, Any], method: str = "m", maps: bool = False) -> dict[str, Any]:
    """What the step writes; `methods` are the rows of the products that each could read."""
    parts = [put(root, f"scoring:{method}", {"clusters": clusters(method)})]
    parts += [put_vectors(root, m, [IDS[row] for row in rows], VECTORS[rows]) for m, rows in methods.items()]
    if maps:
        points = {"pca": pca(normalised(VECTORS[SAMPLED])), "umap": np.stack([GROUPS[SAMPLED] * 10.0] * 2, axis=1)}
        rows = [
            {"method": method, "reducer": reducer, "product_id": IDS[row], "x": float(x), "y": float(y)}
            for reducer, placed in points.items()
            for row, (x, y) in zip(np.flatnonzero(SAMPLED), placed, strict=True)
        ]
        parts.append(put(root, f"projection:{method}", {"projections": rows}))
    modality = dict.fromkeys(methods, "text")
    return do(root, f"placing:{method}", placing.step, parts, {"method": method, "methods": modality})


def test_products_of_planted_groups_are_placed_right(tmp_path: Path) -> None:
    rows = place(Root(tmp_path), {"m": np.arange(len(IDS))})["clusters"]
    own = [row for row in rows if row["grouping"] == "manifold"]
    assert [row["product_id"] for row in own] == [IDS[row] for row in np.flatnonzero(~SAMPLED)]
    right = [row["cluster"] == GROUPS[IDS.index(row["product_id"])] for row in own]
    assert np.mean(right) > 0.99
    assert {(row["cluster"], row["matched_category"]) for row in own} == set(enumerate(NAMES))
    assert {(row["placed"], row["found_again"]) for row in rows} == {(True, None)}
    assert len(rows) == 2 * len(own)


def test_placing_in_blocks_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = place(Root(tmp_path / "a"), {"m": np.arange(len(IDS))})
    monkeypatch.setattr(placing, "BLOCK_PRODUCTS", 7)
    monkeypatch.setattr(task, "BATCH_ROWS", 50)
    assert place(Root(tmp_path / "b"), {"m": np.arange(len(IDS))}) == whole


def test_a_joint_graph_places_what_any_of_its_methods_could_read(tmp_path: Path) -> None:
    methods = {"one": np.arange(0, 900), "other": np.arange(300, 1150)}
    rows = place(Root(tmp_path), methods, "joint")["clusters"]
    own = [row for row in rows if row["grouping"] == "manifold"]
    assert {row["product_id"] for row in own} == {IDS[row] for row in np.flatnonzero(~SAMPLED) if row < 1150}
    assert np.mean([row["cluster"] == GROUPS[IDS.index(row["product_id"])] for row in own]) > 0.95


def test_maps_place_products_on_their_axes_or_at_the_median_of_their_nearest(tmp_path: Path) -> None:
    rows = place(Root(tmp_path), {"m": np.arange(len(IDS))}, maps=True)["projections"]
    outside = np.flatnonzero(~SAMPLED)
    found = {r: np.array([(p["x"], p["y"]) for p in rows if p["reducer"] == r]) for r in ("pca", "umap")}
    assert found["pca"] == pytest.approx(pca(normalised(VECTORS[SAMPLED]), [normalised(VECTORS[outside])]), abs=1e-5)
    assert (found["umap"] == np.stack([GROUPS[outside] * 10.0] * 2, axis=1)).all(axis=1).mean() > 0.99


def test_the_places_of_sampled_products_on_the_axes_are_their_own() -> None:
    assert pca(VECTORS, [VECTORS[:100], VECTORS[100:]]) == pytest.approx(pca(VECTORS), abs=1e-5)


def test_nothing_is_placed_where_nothing_was_grouped(tmp_path: Path) -> None:
    vectors = put_vectors(Root(tmp_path), "m", IDS, VECTORS)
    scoring = put(Root(tmp_path), "scoring:m", {})
    assert do(
        Root(tmp_path), "placing:m", placing.step, [scoring, vectors], {"method": "m", "methods": {"m": "text"}}
    ) == {}  # fmt: skip


def test_the_majority_is_by_votes_then_by_the_first() -> None:
    labels = np.array([[1, 2, 2], [1, 2, 3], [-1, 4, 4], [5, -1, -1], [1, 2, 2]], dtype=np.int32)
    votes = np.array([[1, 1, 1], [1, 1, 1], [0, 1, 1], [0, 0, 0], [3, 1, 1]], dtype=np.float32)
    assert majority(labels, votes).tolist() == [2, 1, 4, 5, 1]
