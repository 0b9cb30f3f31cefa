"""The scores: a worked example, and what the categories may and may not change."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.grouping import agreement
from ingestion.grouping.resampling import representative
from ingestion.judging import intervals, scoring
from ingestion.judging.category_scores import category_scores
from ingestion.judging.scoring import confusions, scores
from store.root import Root
from tests.ingestion.steps import Rows, do, put

TAG = {"method": "m", "algorithm": "kmeans", "space": "full"}
CATEGORIES = {"a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B", "c1": "C", "x": None}
GROUPS = {
    0: {"a1": 2, "a2": 2, "a3": 0, "b1": 0, "b2": 0, "c1": 0, "x": 1},
    1: {"a1": 2, "a2": 2, "a3": 0, "b1": 0, "b2": 0, "c1": 0, "x": 1},
    2: {"a1": 0, "a2": 2, "a3": 1, "b1": 0, "b2": 1, "c1": 2, "x": 0},
}
"""By hand, seed 0 over the six with a category: A has 2 in group 2 and 1 in group 0; B has 2 and C 1 in group 0."""


def run(
    root: Root, categories: dict[str, str | None] = CATEGORIES, groups: dict[int, dict[str, int]] = GROUPS
) -> dict[str, Rows]:
    products = [{"product_id": i, "category": c} for i, c in categories.items()]
    partitions = [
        {**TAG, "seed": seed, "product_id": i, "cluster": c} for seed, found in groups.items() for i, c in found.items()
    ]
    quality = [{**TAG, "seed": s, "metric": "silhouette", "value": v} for s, v in enumerate((0.5, 0.3, 0.1))]
    reads = [
        put(root, "catalogue", {"products": products}),
        put(root, "clustering:m", {"partitions": partitions, "partition_scores": quality}),
    ]
    return do(root, "scoring:m", scoring.step, reads, {"method": "m", "vector_sources": ["m"]})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    return run(Root(tmp_path_factory.mktemp("scoring")))


def by(rows: Rows, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows}


def test_the_agreement_is_the_worked_example(written: dict[str, Rows]) -> None:
    # Of 15 pairs: 4 of one category (A 3, B 1), 7 of one group (6 in group 0, 1 in group 2), and 2 of both (b1-b2,
    # a1-a2): chance 4 * 7 / 15 = 28/15, most (4 + 7) / 2; ARI (2 - 28/15) / (11/2 - 28/15) = 4/109.
    row = by(written["scores"], "metric")["ari"]
    assert row["value"] == pytest.approx(4 / 109)  # the median of 4/109, 4/109 and seed 2's lower one
    assert row["seed_max"] == pytest.approx(4 / 109)
    assert row["seed_min"] < 0
    assert row["seed_sd"] == pytest.approx((row["seed_max"] - row["seed_min"]) / 3**0.5)  # two equal values and one
    assert (row["seeds"], row["products"]) == (3, 6)


def test_matched_accuracy_counts_those_in_the_matched_group(written: dict[str, Rows]) -> None:
    assert by(written["scores"], "metric")["matched_accuracy"]["value"] == pytest.approx(4 / 6)


def test_the_interval_adds_jackknife_seeds_and_remainder() -> None:
    table = np.array([[90, 7, 3], [5, 80, 9], [2, 8, 96]])
    other = np.array([[88, 9, 3], [5, 80, 9], [2, 8, 96]])
    null = intervals.null(table)
    for row in scores([table, table, other], table):
        measure = agreement.MEASURES[row["metric"]]
        values = [measure(t) for t in (table, table, other)]
        beyond = intervals.remainder(row["metric"], values[0], null[row["metric"]], table.sum(1))
        seeds, error = np.std(values, ddof=1), agreement.jackknife_error(measure, table)
        half = np.sqrt(1.959964**2 * (error**2 + seeds**2) + beyond**2)
        assert row["value"] == pytest.approx(measure(table))
        assert row["high"] - row["value"] == pytest.approx(half)
        assert row["value"] - row["low"] == pytest.approx(half)


def test_near_duplicates_count_as_one_draw() -> None:
    # 40 products with four duplicates each are 40 draws: but for the remainder the interval is that of the 40
    random = np.random.default_rng(0)
    categories = random.integers(0, 2, 40).astype(np.int32)
    groups = np.where(random.random(40) < 0.8, categories, 1 - categories).astype(np.int32)
    four = np.repeat(categories, 4), np.repeat(groups, 4), np.repeat(np.arange(40), 4)
    table = agreement.contingency(categories, groups)
    single = {row["metric"]: row for row in scores([table], table)}
    repeated = {row["metric"]: row for row in scores([4 * table], 4 * table)}
    grouped = {row["metric"]: row for row in scores([4 * table], 4 * table, four)}
    for metric in ("ari", "matched_accuracy"):
        width = {
            name: rows[metric]["high"] - rows[metric]["low"]
            for name, rows in {"single": single, "repeated": repeated, "grouped": grouped}.items()
        }
        assert width["repeated"] < 0.6 * width["single"]
        assert width["grouped"] == pytest.approx(width["single"], rel=0.15)


def test_one_in_twenty_shuffles_reaches_the_chance_level() -> None:
    random = np.random.default_rng(1)
    categories = np.repeat(np.arange(5, dtype=np.int32), 40)
    groups = random.integers(0, 5, 200).astype(np.int32)
    table = agreement.contingency(categories, groups)
    shuffles = [agreement.contingency(random.permutation(categories), groups) for _ in range(1000)]
    for row in scores([table], table):
        measure = agreement.MEASURES[row["metric"]]
        above = np.mean([measure(shuffled) >= row["chance"] for shuffled in shuffles])
        assert 0.01 < above < 0.10


def test_category_scores_are_the_worked_example(written: dict[str, Rows]) -> None:
    rows = by(written["category_scores"], "category")
    figures = ("precision", "recall", "f1", "products", "confused_with", "confused_fraction")
    assert [rows["A"][f] for f in figures] == [
        1.0,
        pytest.approx(2 / 3),
        pytest.approx(0.8),
        3,
        "B",
        pytest.approx(1 / 3),
    ]
    assert [rows["B"][f] for f in figures] == [0.5, 1.0, pytest.approx(2 / 3), 2, None, 0.0]


def test_a_category_matched_to_none_of_its_products_scores_0(written: dict[str, Rows]) -> None:
    row = by(written["category_scores"], "category")["C"]
    assert (row["precision"], row["recall"], row["f1"], row["products"]) == (0.0, 0.0, 0.0, 1)
    assert (row["confused_with"], row["confused_fraction"]) == ("B", 1.0)


def test_confusions_are_the_occupied_cells(written: dict[str, Rows]) -> None:
    cells = [(r["category"], r["cluster"], r["matched_category"], r["products"]) for r in written["confusions"]]
    assert cells == [("A", 0, "B", 1), ("A", 2, "A", 2), ("B", 0, "B", 2), ("C", 0, "B", 1)]


def test_a_product_without_a_category_has_a_cluster_but_no_score(written: dict[str, Rows]) -> None:
    assert by(written["clusters"], "product_id")["x"]["cluster"] == 1
    assert {row["products"] for row in written["scores"] if row["metric"] != "silhouette"} == {6}
    assert sum(row["products"] for row in written["confusions"]) == 6


def test_a_group_without_categorised_products_has_no_category(written: dict[str, Rows]) -> None:
    clusters = {row["cluster"]: row["matched_category"] for row in written["clusters"]}
    assert clusters == {0: "B", 2: "A", 1: None}


def test_the_silhouette_is_the_median_over_seeds_of_all_products(written: dict[str, Rows]) -> None:
    row = by(written["scores"], "metric")["silhouette"]
    assert [row[f] for f in ("value", "seed_min", "seed_max", "seed_sd", "seeds", "products")] == [
        0.3, 0.1, 0.5, pytest.approx(0.2), 3, 7,
    ]  # fmt: skip
    assert (row["low"], row["high"]) == (None, None)


def test_one_seed_has_no_standard_deviation() -> None:
    table = np.array([[4, 1], [0, 5]])
    assert {row["seed_sd"] for row in scoring.scores([table], table)} == {None}


def test_every_measure_is_written_once_per_grouping(written: dict[str, Rows]) -> None:
    assert [row["metric"] for row in written["scores"]] == [*agreement.MEASURES, "silhouette"]


def test_without_categories_only_the_silhouette_is_scored(tmp_path: Path) -> None:
    written = run(Root(tmp_path), dict.fromkeys(CATEGORIES))
    assert set(written) == {"clusters", "scores"}
    assert [row["metric"] for row in written["scores"]] == ["silhouette"]
    assert {row["matched_category"] for row in written["clusters"]} == {None}


def test_a_single_category_is_not_scored(tmp_path: Path) -> None:
    written = run(Root(tmp_path), {i: c and "A" for i, c in CATEGORIES.items()})
    assert set(written) == {"clusters", "scores"}
    assert [row["metric"] for row in written["scores"]] == ["silhouette"]


def test_the_shown_grouping_does_not_depend_on_categories(tmp_path: Path, written: dict[str, Rows]) -> None:
    random = np.random.default_rng(0)
    for at in range(5):
        shuffled = dict(zip(CATEGORIES, random.permutation(list(GROUPS[2].values())).astype(str), strict=True))
        again = run(Root(tmp_path / str(at)), shuffled)
        assert [r["cluster"] for r in again["clusters"]] == [r["cluster"] for r in written["clusters"]]


def test_the_seed_that_agrees_most_is_shown() -> None:
    same, similar, other = ([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 1], [0, 1, 0, 1, 0, 1])
    groups = {seed: np.array(g, np.int32) for seed, g in {0: other, 1: similar, 2: same, 3: same}.items()}
    assert representative(groups) == 2
    assert representative(dict.fromkeys((4, 7, 5), groups[2])) == 4
    assert representative({6: groups[0]}) == 6


def test_a_renamed_group_changes_no_score() -> None:
    table = np.array([[9, 2, 0], [1, 7, 1], [0, 3, 5]])
    swapped = table[:, [2, 0, 1]]
    for row, again in zip(scores([table], table), scores([swapped], swapped), strict=True):
        assert again == pytest.approx(row)


def test_two_products_have_scores_without_an_interval() -> None:
    rows = list(scores([np.eye(2, dtype=np.int64)], np.eye(2, dtype=np.int64)))
    assert {row["metric"]: row["value"] for row in rows} == dict.fromkeys(agreement.MEASURES, 1.0)
    assert all("low" not in row for row in rows)


def test_a_category_without_a_matched_group_scores_0() -> None:
    table = np.array([[5, 0], [0, 5], [1, 3]])
    row = list(category_scores(table, ["A", "B", "C"], {0: "A", 1: "B"}))[2]
    assert (row["precision"], row["recall"], row["f1"]) == (0.0, 0.0, 0.0)
    assert (row["confused_with"], row["confused_fraction"]) == ("B", 0.75)


def test_the_confusions_of_a_table_sum_to_it() -> None:
    table = np.random.default_rng(0).integers(0, 4, (5, 6))
    rows = list(confusions(table, list("ABCDE"), {}))
    again = np.zeros_like(table)
    for row in rows:
        again["ABCDE".index(row["category"]), row["cluster"]] += row["products"]
    assert (again == table).all()
    assert min(row["products"] for row in rows) > 0
