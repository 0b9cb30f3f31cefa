"""Comparisons with the groupings that verdicts rest on: paired, over the products of both, and corrected for many."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes
from ingestion.judging import comparisons, intervals, scoring
from ingestion.judging.comparisons import NO_GROUP, ShownGrouping, compare, holm, p_value
from store.root import Root
from tests.ingestion.steps import Rows, do, put

RANDOM = np.random.default_rng(0)
CATEGORIES = np.repeat(np.arange(4, dtype=np.int32), 50)


def some(right: float) -> Codes:
    """Groups that are right for that fraction of the products, and random for the rest."""
    random = RANDOM.integers(0, 4, len(CATEGORIES))
    return np.where(RANDOM.random(len(CATEGORIES)) < right, CATEGORIES, random).astype(np.int32)


def shown(name: str, groups: Codes, changes: tuple[float, ...] = (0.0, 0.0)) -> ShownGrouping:
    """A grouping whose scores change so much as each resample is grouped anew."""
    has = groups != NO_GROUP
    table = agreement.contingency(CATEGORIES[has], groups[has])
    rows: dict[str, dict[str, Any]] = {m: {"value": measure(table)} for m, measure in comparisons.METRICS.items()}
    return ShownGrouping((name, "manifold"), groups, rows, {m: dict(enumerate(changes)) for m in rows})


def between(
    one: ShownGrouping, other: ShownGrouping, metric: str = "ari", duplicate_groups: NDArray[np.int64] | None = None
) -> dict[str, Any]:
    return next(row for row in compare([one, other], other, CATEGORIES, duplicate_groups) if row["metric"] == metric)


def width(row: dict[str, Any]) -> float:
    return float(row["high"] - row["low"])


@pytest.mark.parametrize("metric", comparisons.METRICS)
def test_the_error_is_that_of_leaving_each_product_out_of_both(metric: str) -> None:
    one, other, measure = some(0.8), some(0.6), comparisons.METRICS[metric]
    values = []
    for out in range(200):
        kept = np.arange(200) != out
        pair = [measure(agreement.contingency(CATEGORIES[kept], g[kept])) for g in (one, other)]
        values.append(pair[0] - pair[1])
    expected = np.sqrt(199 / 200 * ((values - np.mean(values)) ** 2).sum())
    assert width(between(shown("a", one), shown("b", other), metric)) == pytest.approx(2 * 1.959964 * expected)


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
    assert width(related) < 0.5 * width(unrelated)


def test_resamples_that_differ_widen_the_interval() -> None:
    one, other = some(0.9), some(0.8)
    rows = [between(shown("a", one, (0.0, change)), shown("b", other)) for change in (0.0, 0.02, 0.1)]
    assert width(rows[0]) < width(rows[1]) < width(rows[2])


def test_the_variance_of_the_paired_regrouping_is_added() -> None:
    one, other, changes, others = some(0.9), some(0.8), (0.0, -0.03, 0.01), (0.02, -0.01, -0.01)
    rows = [between(shown("a", one, a), shown("b", other, b)) for a, b in (((0.0, 0.0), (0.0, 0.0)), (changes, others))]
    half = [width(row) / 2 for row in rows]
    fixed, error = half[0] / 1.959964, intervals.regrouping_error([-0.02, -0.02, 0.02])
    deviate = intervals.quantile(intervals.freedom(fixed, error, 3))
    assert half[1] == pytest.approx(deviate * np.hypot(fixed, error))


def test_what_regrouping_changes_in_both_cancels() -> None:
    one, other, changes = some(0.9), some(0.8), (0.0, -0.1, 0.05)
    kept, both = (between(shown("a", one, c), shown("b", other, c)) for c in ((0.0, 0.0), changes))
    assert width(both) == pytest.approx(width(kept))


def test_fewer_than_two_common_resamples_give_no_interval() -> None:
    row = between(shown("a", some(0.95), (0.0,)), shown("b", some(0.3)))
    assert row["difference"] > 0.3
    assert (row["low"], row["high"], row["distinct"]) == (None, None, False)


def test_holm_corrects_by_hand() -> None:
    # .01 <= .05 / 4, but .02 > .05 / 3: nothing after it is shown, though .04 < .05
    assert holm([0.04, 0.01, 0.03, 0.02]) == [False, True, False, False]
    assert holm([0.01, 0.016, 0.024, 0.049]) == [True] * 4  # below .0125, .0167, .025 and .05
    assert holm([1.0, 0.02]) == [False, True]
    assert holm([]) == []


def test_a_p_value_is_that_of_its_degrees_of_freedom() -> None:
    assert p_value(-0.2, 0.1, float("inf")) == pytest.approx(0.0455, abs=1e-4)
    assert p_value(0.2, 0.1, 9) == pytest.approx(0.0766, abs=1e-4)  # the tables of Student's distribution
    assert p_value(0.2, float("nan"), 9) == p_value(0.0, 0.0, 9) == 1


def test_among_many_comparisons_more_is_needed_to_be_shown() -> None:
    other, groups = shown("b", some(0.6)), some(0.9)
    plain = between(shown("a", groups), other)
    wanted = plain["difference"] / 2.2  # a p-value of .028: below .05, but not .05 / 5
    rest = np.sqrt(wanted**2 - (width(plain) / 2 / 1.959964) ** 2)
    change = float(rest / intervals.regrouping_error([-1.0, 1.0] * 50))  # of so many that Student's quantile is normal
    one, other = shown("a", groups, (-change, change) * 50), shown("b", other.groups, (0.0,) * 100)
    many = [one, other, *(shown(name, other.groups, (0.0,) * 100) for name in "cdef")]
    alone, among = (
        [row for row in compare(some_of, other, CATEGORIES) if row["metric"] == "ari"] for some_of in (many[:2], many)
    )
    assert [row["distinct"] for row in alone] == [True]
    assert [row["distinct"] for row in among] == [False] * 5
    assert among[0]["low"] == alone[0]["low"] > 0  # the interval itself is not corrected


def test_near_duplicates_widen_the_interval() -> None:
    one, other = (np.repeat(some(r)[::2], 2).astype(np.int32) for r in (0.9, 0.7))
    pairs = np.repeat(np.arange(100), 2)
    single, grouped = (
        between(shown("a", one), shown("b", other)),
        between(shown("a", one), shown("b", other), duplicate_groups=pairs),
    )
    assert width(grouped) > 1.2 * width(single)


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
    other = shown("b", some(0.9))
    assert list(compare([shown("a", few), other], other, CATEGORIES)) == []


IDS = [f"p{at}" for at in range(200)]
VERDICTS = [
    {"scope": "text", "method": "a", "grouping": "manifold"},
    {"scope": "image", "method": None, "grouping": None},
    {"scope": "method:a", "method": "a", "grouping": "manifold"},
    {"scope": "method:b", "method": "b", "grouping": "manifold"},
]


def scored(root: Root, method: str, groups: dict[str, Codes]) -> Any:
    """The part of the step that scored these groupings, of products that the catalogue has in another order."""
    clusters: Rows = []
    scores: Rows = []
    resampled: Rows = []
    for grouping, codes in groups.items():
        tag = {"method": method, "grouping": grouping}
        rows = zip(["none", *reversed(IDS)], [0, *codes[::-1].tolist()], strict=True)
        clusters += [{**tag, "product_id": i, "cluster": c} for i, c in rows]
        table = agreement.contingency(CATEGORIES, codes)
        scores += [{**tag, **row} for row in scoring.scores(table, (CATEGORIES, codes, np.arange(200)))]
        resampled += [
            {**tag, "resample": number, "metric": metric, "value": 0.5 + 0.01 * number, "kept": 0.5}
            for number in range(2)
            for metric in scoring.LEAST
        ]
    return put(root, f"scoring:{method}", {"clusters": clusters, "scores": scores, "resampled_scores": resampled})


def test_the_step_compares_all_with_those_that_verdicts_rest_on(tmp_path: Path) -> None:
    root = Root(tmp_path)
    products: Rows = [{"product_id": i, "category": f"c{c}"} for i, c in zip(IDS, CATEGORIES, strict=True)]
    products.insert(0, {"product_id": "none", "category": None})
    groups = {"b": some(0.9), "a": some(0.6)}
    reads = [put(root, "catalogue", {"products": products}), put(root, "verdict", {"verdicts": VERDICTS})]
    reads += [scored(root, name, {"manifold": found, "embedding": some(0.5)}) for name, found in groups.items()]
    rows = do(root, "comparisons", comparisons.step, reads, {})["comparisons"]
    assert {(row["other_method"], row["other_grouping"]) for row in rows} == {("a", "manifold")}
    names = [(row["method"], row["grouping"]) for row in rows if row["metric"] == "ari"]
    assert names == [("a", "embedding"), ("b", "embedding"), ("b", "manifold")]
    assert {row["metric"] for row in rows} == {"ari", "ami"}
    row = next(r for r in rows if (r["method"], r["grouping"], r["metric"]) == ("b", "manifold", "ari"))
    expected = [agreement.ari(agreement.contingency(CATEGORIES, groups[method])) for method in ("b", "a")]
    assert row["difference"] == pytest.approx(expected[0] - expected[1])
    assert (row["distinct"], row["products"]) == (True, 200)


def test_a_catalogue_without_categories_has_no_comparisons(tmp_path: Path) -> None:
    root = Root(tmp_path)
    reads = [put(root, "catalogue", {"products": [{"product_id": "a", "category": None}]})]
    assert "comparisons" not in do(root, "comparisons", comparisons.step, reads, {})
