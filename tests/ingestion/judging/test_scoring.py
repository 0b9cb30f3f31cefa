"""The scores: a worked example, and what the categories may and may not change."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes, Table
from ingestion.judging import intervals, scoring
from ingestion.judging.category_scores import category_scores
from ingestion.judging.scoring import Regrouped, category_errors, confusions, scores
from store.root import Root
from tests.ingestion.steps import Rows, do, put

TAG = {"method": "m", "grouping": "embedding"}
CATEGORIES = {"a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B", "c1": "C", "x": None}
GROUPS = {"a1": 2, "a2": 2, "a3": 0, "b1": 0, "b2": 0, "c1": 0, "x": 1}
"""By hand, over the six with a category: A has 2 in group 2 and 1 in group 0; B has 2 and C 1 in group 0."""
RESAMPLES = {
    0: {"a1": 1, "a2": 1, "a3": 1, "b1": 0, "b2": 0, "x": 0},
    1: {"a1": 0, "a3": 1, "b1": 0, "c1": 1},
    2: {"a1": 0, "a2": 0, "a3": 1, "x": 2},
}
"""By hand: the first finds A and B, which the groups kept do not quite; in the last only A was drawn."""
AGAIN = dict.fromkeys(GROUPS, 0.5) | {"c1": None}


def run(
    root: Root,
    categories: dict[str, str | None] = CATEGORIES,
    groups: dict[str, int] = GROUPS,
    resamples: dict[int, dict[str, int]] = RESAMPLES,
) -> dict[str, Rows]:
    products = [{"product_id": i, "category": c} for i, c in categories.items()]
    partitions = [{**TAG, "product_id": i, "cluster": c, "found_again": AGAIN[i]} for i, c in groups.items()]
    resampled = [
        {**TAG, "resample": number, "product_id": i, "cluster": c}
        for number, found in resamples.items()
        for i, c in found.items()
    ]
    quality = [{**TAG, "metric": "silhouette", "value": 0.3}]
    tables = {"partitions": partitions, "partition_scores": quality, "resampled_partitions": resampled}
    reads = [put(root, "catalogue", {"products": products}), put(root, "clustering:m", tables)]
    return do(root, "scoring:m", scoring.step, reads, {"method": "m", "vector_sources": ["m"]})


def codes_of(table: Table) -> tuple[Codes, Codes, Any]:
    """Categories, groups and duplicate groups of products with this table."""
    cells = np.argwhere(table > 0).astype(np.int32)
    categories, groups = np.repeat(cells, table[table > 0], axis=0).T
    return categories, groups, np.arange(len(categories))


def same(table: Table, changes: tuple[float, ...] = (0.0, 0.0)) -> list[Regrouped]:
    """Resamples of the whole, in which so great a fraction of each category moved to the next group."""
    found = []
    for number, change in enumerate(changes):
        moved = np.rint(change * table).astype(np.int64)
        found.append(Regrouped(number, table - moved + np.roll(moved, 1, axis=1), table))
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    return run(Root(tmp_path_factory.mktemp("scoring")))


def by(rows: Rows, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows}


def test_the_agreement_is_the_worked_example(written: dict[str, Rows]) -> None:
    # Of 15 pairs: 4 of one category (A 3, B 1), 7 of one group (6 in group 0, 1 in group 2), and 2 of both (b1-b2,
    # a1-a2): chance 4 * 7 / 15 = 28/15, most (4 + 7) / 2; ARI (2 - 28/15) / (11/2 - 28/15) = 4/109.
    row = by(written["scores"], "metric")["ari"]
    assert row["value"] == pytest.approx(4 / 109)
    assert row["products"] == 6


def test_matched_accuracy_counts_those_in_the_matched_group(written: dict[str, Rows]) -> None:
    assert by(written["scores"], "metric")["matched_accuracy"]["value"] == pytest.approx(4 / 6)


def test_the_interval_adds_jackknife_regrouping_and_remainder() -> None:
    table = np.array([[90, 7, 3], [5, 80, 9], [2, 8, 96]])
    again = same(table, (0.01, 0.0, 0.02))
    null = intervals.null(table)
    for row in scores(table, codes_of(table), again, scoring.LEAST):
        measure = agreement.MEASURES[row["metric"]]
        beyond = intervals.remainder(row["metric"], measure(table), null[row["metric"]], table.sum(1))
        changes = [measure(one.own) - measure(one.kept) for one in again]
        error, regrouped = agreement.jackknife_error(measure, table), np.sqrt(np.e - 1) * np.std(changes, ddof=1)
        deviate = stats.t.ppf(0.975, 2 * (error**2 + regrouped**2) ** 2 / regrouped**4)
        half = np.sqrt(deviate**2 * (error**2 + regrouped**2) + beyond**2)
        assert row["value"] == pytest.approx(measure(table))
        assert row["high"] - row["value"] == pytest.approx(half)
        assert row["value"] - row["low"] == pytest.approx(half)


def test_an_interval_is_wider_where_regrouping_moves_the_score() -> None:
    table = np.array([[90, 7, 3], [5, 80, 9], [2, 8, 96]])
    kept, moved = (
        {row["metric"]: row["high"] - row["low"] for row in scores(table, codes_of(table), again, ("ari", "ami"))}
        for again in (same(table), same(table, (0.0, 0.1)))
    )
    assert all(moved[metric] > 1.2 * kept[metric] for metric in kept)


def test_a_samples_interval_reaches_higher_by_what_fewer_products_lose() -> None:
    table = np.array([[90, 7, 3], [5, 80, 9], [2, 8, 96]])
    again = same(table, (0.01, 0.0, 0.02))
    of_all, of_sample = (
        list(scores(table, codes_of(table), again, scoring.LEAST, of_sample=sample)) for sample in (False, True)
    )
    for one, other in zip(of_all, of_sample, strict=True):
        measure = agreement.MEASURES[one["metric"]]
        lost = np.mean([measure(each.kept) - measure(each.own) for each in again])
        assert (other["value"], other["low"]) == (one["value"], one["low"])
        # resamples hold 1 - 1/e of the products: what they lose is e - 1 times less than what the sample does
        assert other["high"] - one["high"] == pytest.approx(max(0.0, (np.e - 1) * lost))
    assert of_all != of_sample


@pytest.mark.parametrize("resamples", [0, 1])
def test_fewer_than_two_resamples_give_no_interval(resamples: int) -> None:
    table = np.array([[90, 10], [5, 95]])
    rows = scores(table, codes_of(table), same(table)[:resamples])
    assert {(row["low"], row["high"]) for row in rows} == {(None, None)}


def test_resampled_scores_are_the_worked_example(written: dict[str, Rows]) -> None:
    # of the first the groups kept hold a1 and a2, and a3 with B: 2 pairs in both, 4 of A and B, 1 + 3 of the groups
    found = {(row["resample"], row["metric"]): (row["value"], row["kept"]) for row in written["resampled_scores"]}
    assert set(found) == {(number, metric) for number in (0, 1) for metric in scoring.LEAST}
    assert found[0, "matched_accuracy"] == (1.0, pytest.approx(4 / 5))
    assert found[0, "ari"] == (1.0, pytest.approx((2 - 4 * 4 / 10) / (4 - 4 * 4 / 10)))
    assert found[1, "matched_accuracy"] == (0.5, 0.5)


def test_the_errors_of_precision_and_recall_are_by_hand() -> None:
    table = np.array([[8, 2], [1, 9], [5, 5]])
    kept = np.array([[4, 1], [0, 5]])  # of the last category nothing was drawn
    own = np.array([[5, 0], [1, 4]])
    precision, recall = category_errors(table, [Regrouped(0, kept, kept), Regrouped(1, own, kept)])
    factor = 12.7062047364 / 1.959964 * np.sqrt(np.e - 1) / np.sqrt(2)  # of the deviation of 0 and a change
    # the first: precision 1 to 5/6, recall 4/5 to 1; the second: precision 5/6 to 1, recall 1 to 4/5
    assert precision.tolist() == pytest.approx([factor / 6, factor / 6, np.nan], abs=1e-6, nan_ok=True)
    assert recall.tolist() == pytest.approx([factor / 5, factor / 5, np.nan], abs=1e-6, nan_ok=True)


def test_categories_have_the_errors_of_their_resamples(written: dict[str, Rows]) -> None:
    rows = by(written["category_scores"], "category")
    assert rows["A"]["recall_error"] > 0
    assert rows["B"]["precision_error"] > 0
    assert (rows["C"]["precision_error"], rows["C"]["recall_error"]) == (None, None)  # drawn once


def test_near_duplicates_count_as_one_draw() -> None:
    # 40 products with four duplicates each are 40 draws: but for the remainder the interval is that of the 40
    random = np.random.default_rng(0)
    categories = random.integers(0, 2, 40).astype(np.int32)
    groups = np.where(random.random(40) < 0.8, categories, 1 - categories).astype(np.int32)
    four = np.repeat(categories, 4), np.repeat(groups, 4), np.repeat(np.arange(40), 4)
    table = agreement.contingency(categories, groups)
    again = same(table)
    single = {row["metric"]: row for row in scores(table, codes_of(table), again)}
    repeated = {row["metric"]: row for row in scores(4 * table, codes_of(4 * table), again)}
    grouped = {row["metric"]: row for row in scores(4 * table, four, again)}
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
    for row in scores(table, codes_of(table)):
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


def test_the_silhouette_is_that_of_all_products(written: dict[str, Rows]) -> None:
    row = by(written["scores"], "metric")["silhouette"]
    assert [row[f] for f in ("value", "low", "high", "chance", "products")] == [0.3, None, None, None, 7]


def test_how_often_a_product_is_found_again_is_published(written: dict[str, Rows]) -> None:
    assert {row["product_id"]: row["found_again"] for row in written["clusters"]} == AGAIN


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


def test_the_groups_do_not_depend_on_the_categories(tmp_path: Path, written: dict[str, Rows]) -> None:
    random = np.random.default_rng(0)
    for at in range(5):
        shuffled = dict(zip(CATEGORIES, random.permutation(list(GROUPS.values())).astype(str), strict=True))
        again = run(Root(tmp_path / str(at)), shuffled)
        assert [r["cluster"] for r in again["clusters"]] == [r["cluster"] for r in written["clusters"]]


def test_a_renamed_group_changes_no_score() -> None:
    table = np.array([[9, 2, 0], [1, 7, 1], [0, 3, 5]])
    swapped = table[:, [2, 0, 1]]
    pair = (scores(one, codes_of(one), same(one)) for one in (table, swapped))
    for row, again in zip(*pair, strict=True):
        assert again == pytest.approx(row)


def test_two_products_have_scores_without_an_interval() -> None:
    table = np.eye(2, dtype=np.int64)
    rows = list(scores(table, codes_of(table), same(table)))
    assert {row["metric"]: row["value"] for row in rows} == dict.fromkeys(agreement.MEASURES, 1.0)
    assert {(row["low"], row["high"]) for row in rows} == {(None, None)}


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
