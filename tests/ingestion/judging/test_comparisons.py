"""Comparisons of groupings: paired, over the products that both grouped, and not distinct without a difference."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.coverage import Setting, paired
from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes
from ingestion.judging import comparisons, scoring
from ingestion.judging.comparisons import NO_GROUP, ShownGrouping, compare
from store.root import Root
from tests.ingestion.steps import Rows, do, put

RANDOM = np.random.default_rng(0)
CATEGORIES = np.repeat(np.arange(4, dtype=np.int32), 50)


def some(right: float) -> Codes:
    """Groups that are right for that fraction of the products, and random for the rest."""
    random = RANDOM.integers(0, 4, len(CATEGORIES))
    return np.where(RANDOM.random(len(CATEGORIES)) < right, CATEGORIES, random).astype(np.int32)


def shown(name: str, groups: Codes, spread: float | None = None) -> ShownGrouping:
    has = groups != NO_GROUP
    table = agreement.contingency(CATEGORIES[has], groups[has])
    rows: dict[str, dict[str, Any]] = {}
    for metric, measure in comparisons.METRICS.items():
        value = measure(table)
        rows[metric] = {"value": value, "seed_sd": spread}
    return ShownGrouping((name, "kmeans", "full"), groups, rows)


def between(
    one: ShownGrouping, other: ShownGrouping, metric: str = "ari", duplicate_groups: NDArray[np.int64] | None = None
) -> dict[str, Any]:
    return next(row for row in compare([one, other], CATEGORIES, duplicate_groups) if row["metric"] == metric)


@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_the_paired_interval_holds_the_truth_95_times_in_100(shared: float) -> None:
    found = paired(Setting(200, 4, balanced=True, ari=0.6), 0.5, shared, 500)["ari"]
    assert 93 <= found.of(found.truth) <= 97


@pytest.mark.parametrize("metric", comparisons.METRICS)
def test_the_error_is_that_of_leaving_each_product_out_of_both(metric: str) -> None:
    one, other, measure = some(0.8), some(0.6), comparisons.METRICS[metric]
    values = []
    for out in range(200):
        kept = np.arange(200) != out
        pair = [measure(agreement.contingency(CATEGORIES[kept], g[kept])) for g in (one, other)]
        values.append(pair[0] - pair[1])
    expected = np.sqrt(199 / 200 * ((values - np.mean(values)) ** 2).sum())
    found = comparisons._errors(measure, [one, other], CATEGORIES, None)
    assert found[0, 1] == pytest.approx(expected)
    assert found[0, 0] == 0


def test_a_grouping_does_not_differ_from_itself_renumbered() -> None:
    groups = some(0.7)
    row = between(shown("a", groups), shown("b", ((groups + 1) % 4).astype(np.int32)))
    assert (row["difference"], row["distinct"]) == (0.0, False)
    assert row["high"] == pytest.approx(-row["low"], abs=1e-12)


def test_a_clear_difference_is_distinct_and_a_small_one_is_not() -> None:
    best, good, similar = shown("a", some(0.95)), shown("b", some(0.6)), shown("c", some(0.6))
    assert between(best, good)["distinct"]
    assert between(best, good)["low"] > 0
    assert not between(good, similar)["distinct"]


def test_common_errors_cancel() -> None:
    groups = some(0.7)
    nearly = groups.copy()
    nearly[:3] = (nearly[:3] + 1) % 4
    related, unrelated = (
        between(shown("a", groups), shown("b", nearly)),
        between(shown("a", groups), shown("c", some(0.7))),
    )
    assert related["high"] - related["low"] < 0.5 * (unrelated["high"] - unrelated["low"])


def test_seeds_that_differ_widen_the_interval() -> None:
    one, other = some(0.9), some(0.8)
    widths = [
        (row := between(shown("a", one, spread), shown("b", other)))["high"] - row["low"] for spread in (0.0, 0.02, 0.1)
    ]
    assert widths[0] < widths[1] < widths[2]


def test_the_variances_of_both_groupings_seeds_are_added() -> None:
    one, other = some(0.9), some(0.8)
    rows = [between(shown("a", one, a), shown("b", other, b)) for a, b in ((None, None), (0.03, 0.04))]
    half = [(row["high"] - row["low"]) / 2 for row in rows]
    assert half[1] ** 2 - half[0] ** 2 == pytest.approx(1.959964**2 * (0.03**2 + 0.04**2))


def test_near_duplicates_widen_the_interval() -> None:
    one, other = (np.repeat(some(r)[::2], 2).astype(np.int32) for r in (0.9, 0.7))
    pairs = np.repeat(np.arange(100), 2)
    single, grouped = (
        between(shown("a", one), shown("b", other)),
        between(shown("a", one), shown("b", other), duplicate_groups=pairs),
    )
    assert grouped["high"] - grouped["low"] > 1.2 * (single["high"] - single["low"])


def test_only_the_products_that_both_grouped_are_compared() -> None:
    whole, part = some(0.9), some(0.9)
    whole[:50] = RANDOM.integers(0, 4, 50)  # the other has no group for these, which are wrong here
    part[:50] = NO_GROUP
    row = between(shown("a", whole), shown("b", part))
    assert row["products"] == 150
    kept = CATEGORIES[50:]
    expected = [agreement.ari(agreement.contingency(kept, g[50:])) for g in (whole, part)]
    assert row["difference"] == pytest.approx(expected[0] - expected[1])


def test_two_products_give_a_difference_without_an_interval() -> None:
    few = np.full(200, NO_GROUP, dtype=np.int32)
    few[[0, 60]] = (0, 1)
    row = between(shown("a", few), shown("b", some(0.9)))
    assert (row["low"], row["high"], row["distinct"], row["products"]) == (None, None, False, 2)


def test_groupings_that_overlap_in_one_category_are_not_compared() -> None:
    few = np.where(CATEGORIES == 0, 0, NO_GROUP).astype(np.int32)
    assert list(compare([shown("a", few), shown("b", some(0.9))], CATEGORIES)) == []


def test_the_step_compares_every_pair_of_scored_groupings_once(tmp_path: Path) -> None:
    root, ids = Root(tmp_path), [f"p{at}" for at in range(200)]
    products: Rows = [{"product_id": i, "category": f"c{c}"} for i, c in zip(ids, CATEGORIES, strict=True)]
    products.insert(0, {"product_id": "none", "category": None})
    reads, groups = [put(root, "catalogue", {"products": products})], {"b": some(0.9), "a": some(0.6)}
    for method, found in groups.items():
        clusters, scores = [], []
        for space in ("full", "map"):
            tag = {"method": method, "algorithm": "kmeans", "space": space}
            codes = found if space == "full" else some(0.5)
            rows = zip(["none", *reversed(ids)], [0, *codes[::-1].tolist()], strict=True)
            clusters += [{**tag, "product_id": i, "cluster": c} for i, c in rows]
            table = agreement.contingency(CATEGORIES, codes)
            scores += [{**tag, **row} for row in scoring.scores([table], table)]
        reads.append(put(root, f"scoring:{method}", {"clusters": clusters, "scores": scores}))
    rows = do(root, "comparisons", comparisons.step, reads, {})["comparisons"]
    names = [(r["method"], r["space"], r["other_method"], r["other_space"]) for r in rows if r["metric"] == "ari"]
    assert len(names) == len(set(names)) == 6
    assert {r["metric"] for r in rows} == {"ari", "ami"}
    row = next(
        r for r in rows if (r["method"], r["space"], r["other_space"], r["metric"]) == ("a", "full", "full", "ari")
    )
    expected = [agreement.ari(agreement.contingency(CATEGORIES, groups[method])) for method in ("a", "b")]
    assert row["difference"] == pytest.approx(expected[0] - expected[1])
    assert (row["distinct"], row["products"]) == (True, 200)


def test_a_catalogue_without_categories_has_no_comparisons(tmp_path: Path) -> None:
    root = Root(tmp_path)
    reads = [put(root, "catalogue", {"products": [{"product_id": "a", "category": None}]})]
    assert "comparisons" not in do(root, "comparisons", comparisons.step, reads, {})
