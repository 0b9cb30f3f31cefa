"""The verdict: thresholds and methods are declared beforehand, and doubt is borderline."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.config import Verdict
from ingestion.grouping import agreement, clustering
from ingestion.grouping.resampling import resample
from ingestion.judging import scoring, verdict
from ingestion.judging.reasons import LabelEffect
from ingestion.judging.verdict import Judged, metric_for, thresholds
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.judging.judged import (
    BAD,
    BALANCED,
    EVEN,
    GOOD,
    RULE,
    SIZES,
    both,
    judge,
    score,
    sentences,
    verdicts,
    written,
)
from tests.ingestion.steps import do, put


def test_every_verdict_carries_the_setting_of_a_stable_group(tmp_path: Path) -> None:
    assert {row["stable_from"] for row in verdicts(Root(tmp_path)).values()} == {0.6}


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        pytest.param(GOOD + 0.05, 0.80, "feasible", id="above"),
        pytest.param(GOOD, 0.80, "feasible", id="just from the threshold"),
        pytest.param(GOOD - 0.01, 0.80, "borderline", id="contains feasible"),
        pytest.param(BAD + 0.05, GOOD - 0.05, "borderline", id="between"),
        pytest.param(BAD, GOOD, "borderline", id="just between"),
        pytest.param(BAD - 0.05, BAD + 0.05, "borderline", id="contains infeasible"),
        pytest.param(0.30, BAD, "borderline", id="just on infeasible"),
        pytest.param(0.30, BAD - 0.01, "not feasible", id="below"),
        pytest.param(0.10, 0.90, "borderline", id="contains both"),
        pytest.param(-0.02, 0.02, "not feasible", id="chance"),
    ],
)
def test_the_whole_interval_must_clear_a_threshold(low: float, high: float, expected: str) -> None:
    judged = judge("text", both(value=(low + high) / 2, low=low, high=high), RULE, EVEN)
    assert judged["verdict"] == expected
    assert (judged["low"], judged["high"]) == (low, high)
    assert (judged["feasible_from"], judged["infeasible_below"]) == (GOOD, BAD)


def even_errors(sizes: list[int], right: float) -> agreement.Table:
    """The table of categories of these sizes of which so many are right and the others spread evenly."""
    k, every = len(sizes), np.array(sizes)
    table = np.rint(np.repeat(every[:, None] * (1 - right) / (k - 1), k, axis=1)).astype(np.int64)
    np.fill_diagonal(table, every - (table.sum(1) - table.diagonal()))
    return table


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("metric", ["ari", "ami"])
def test_thresholds_are_the_metric_of_evenly_spread_errors(metric: str, sizes: list[int]) -> None:
    found = thresholds({**RULE, "metric": metric}, sizes)
    by_hand = [
        agreement.MEASURES[metric](even_errors(sizes, RULE[f"{end}_accuracy"])) for end in ("feasible", "infeasible")
    ]
    assert found == pytest.approx(tuple(by_hand), abs=0.002)


def test_the_thresholds_are_those_that_the_settings_name() -> None:
    assert [round(end, 2) for end in thresholds(RULE, [150] * 7)] == [0.64, 0.39]
    assert round(thresholds(RULE, [50] * 20)[0], 2) == 0.67
    assert ".64 for 7 balanced categories (.67 for 20)" in (Verdict.model_fields["feasible_accuracy"].description or "")
    assert ".39 for 7 balanced" in (Verdict.model_fields["infeasible_accuracy"].description or "")


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_the_thresholds_of_a_fraction_right_are_the_fractions(sizes: list[int]) -> None:
    found = thresholds({**RULE, "metric": "matched_accuracy"}, sizes)
    assert found == pytest.approx((RULE["feasible_accuracy"], RULE["infeasible_accuracy"]), abs=1e-4)


def test_merged_and_divided_categories_are_not_feasible_by_ari_alone() -> None:
    # two pairs of categories share a group each, two are divided: ARI is .645, where .643 is enough, but 57 % are right
    table = np.zeros((7, 7), dtype=np.int64)
    table[[0, 1, 2, 3, 4], [0, 0, 1, 1, 2]] = 150
    table[5, 3:5] = table[6, 5:7] = 75
    rows = {}
    for name in ("ari", "matched_accuracy"):
        value = agreement.MEASURES[name](table)
        rows[name] = score(value=value, low=value - 0.001, high=value + 0.001, metric=name)
    assert rows["ari"]["low"] > thresholds(RULE, [150] * 7)[0]
    assert judge("text", rows, RULE, [150] * 7)["verdict"] == "borderline"


@pytest.mark.parametrize(
    ("right", "expected"), [(0.85, "feasible"), (0.81, "borderline"), (0.70, "borderline"), (0.66, "not feasible")]
)
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("metric", ["ari", "ami", "matched_accuracy"])
def test_feasible_means_the_same_accuracy_whichever_metric(
    metric: str, sizes: list[int], right: float, expected: str
) -> None:
    table = even_errors(sizes, right)
    rows = {}
    for name in (metric, "matched_accuracy"):
        value = agreement.MEASURES[name](table)
        rows[name] = score(value=value, low=value - 0.001, high=value + 0.001, metric=name)
    assert judge("text", rows, {**RULE, "metric": metric}, sizes)["verdict"] == expected


def test_too_few_products_are_not_judged_however_well_they_agree() -> None:
    least = RULE["least_products"]
    few = judge("text", both(value=1.0, low=1.0, high=1.0, products=least - 1), RULE, [least - 7, 6])
    assert few["verdict"] == "unknown"
    assert f"Only {least - 1} products" in few["reason"]
    assert f"needs {least}: give a category to 1 more" in few["reason"]
    assert (
        judge("text", both(value=1.0, low=1.0, high=1.0, products=least), RULE, [least - 6, 6])["verdict"] == "feasible"
    )


@pytest.mark.parametrize(
    ("sizes", "large", "needed"),
    [
        pytest.param([1] * 60, "0 have 5 products or more (0 of 60 products)", 50, id="each product its own"),
        pytest.param([2] + [1] * 58, "0 have 5 products or more (0 of 60 products)", 50, id="one pair"),
        pytest.param([4] * 30, "0 have 5 products or more (0 of 120 products)", 60, id="all just too small"),
        pytest.param([80, 4, 4], "1 have 5 products or more (80 of 88 products)", 50, id="one category to speak of"),
        pytest.param([25, 24] + [1] * 40, "2 have 5 products or more (49 of 89 products)", 50, id="one product less"),
        pytest.param([30, 30] + [1] * 61, "2 have 5 products or more (60 of 121 products)", 61, id="less than half"),
    ],
)
def test_categories_too_small_to_agree_on_are_not_judged(sizes: list[int], large: str, needed: int) -> None:
    judged = judge("text", both(value=1.0, low=1.0, high=1.0, products=sum(sizes)), RULE, sizes)
    assert (judged["verdict"], judged["low"]) == ("unknown", None)
    assert f"Of {len(sizes)} categories with products grouped by their descriptions, {large}" in judged["reason"]
    assert f"2 such categories or more, with {needed} products in them" in judged["reason"]
    assert len(sentences(judged["reason"])) == 2


@pytest.mark.parametrize(
    ("sizes", "k", "judged"),
    [
        pytest.param([5] * 2000, 200, False, id="many even categories"),
        pytest.param([25] * 4, 3, False, id="three groups for four categories"),
        pytest.param([200, 200] + [1] * 80, 2, True, id="the largest hold 83 of 100"),
        pytest.param([200, 200] + [1] * 90, 2, False, id="the largest hold less"),
        pytest.param([25] * 4, 5, True, id="more groups than categories"),
    ],
)
def test_fewer_groups_than_can_be_feasible_are_not_judged(sizes: list[int], k: int, judged: bool) -> None:
    scores = both(value=0.1, low=0.05, high=0.15, products=sum(sizes))
    found = verdict.judge("text", Judged(scores, sizes, k, LabelEffect(), None), RULE)
    assert found["verdict"] == ("not feasible" if judged else "unknown")
    assert (f"There are {k:,} groups by their descriptions for {len(sizes):,} categories" in found["reason"]) != judged
    assert (found["low"] is None) != judged


@pytest.mark.parametrize("sizes", [[25, 25], [5] * 10, [45, 5], [30, 30] + [1] * 60])
def test_categories_just_large_enough_are_judged(sizes: list[int]) -> None:
    assert judge("text", both(value=1.0, low=1.0, high=1.0), RULE, sizes)["verdict"] == "feasible"


def test_what_shuffled_categories_reach_too_is_not_feasible() -> None:
    judged = judge("text", both(value=0.9, low=0.85, high=0.95, chance=0.85), RULE, EVEN)
    assert judged["verdict"] == "unknown"
    assert "Shuffled categories would agree as well" in judged["reason"]
    assert judge("text", both(value=0.9, low=0.86, high=0.95, chance=0.85), RULE, EVEN)["verdict"] == "feasible"


@pytest.mark.parametrize("pairs", [0, 1])
def test_products_that_are_each_a_category_are_unknown(tmp_path: Path, pairs: int) -> None:
    codes = np.maximum(np.arange(60, dtype=np.int32) - pairs, 0)
    table = agreement.contingency(codes, codes)
    tag = {"method": "tfidf", "grouping": "manifold"}
    names = [f"category {at}" for at in range(len(table))]
    scored = {
        "clusters": [tag],
        "scores": [tag | row for row in scoring.scores(table, (codes, codes, np.arange(60)))],
        "confusions": [tag | row for row in scoring.confusions(table, names, dict(enumerate(names)))],
    }
    products = [{"product_id": str(at), "category": names[code]} for at, code in enumerate(codes.tolist())]
    reads = [put(Root(tmp_path), "catalogue", {"products": products}), put(Root(tmp_path), "scoring:tfidf", scored)]
    rule = {**RULE, "metric": "auto"}
    found = do(Root(tmp_path), "verdict", verdict.step, reads, {"verdict": rule, "stable_from": 0.6})["verdicts"]
    assert {row["verdict"] for row in found} == {"unknown"}
    (text,) = (row for row in found if row["scope"] == "text")
    assert text["reason"].startswith(f"Of {60 - pairs} categories")


def test_a_scope_rests_on_the_first_declared_method_not_the_best(tmp_path: Path) -> None:
    rule = {**RULE, "rests_on": {"text": ["bert", "use", "tfidf", "count"]}}
    found = verdicts(Root(tmp_path), score("tfidf", 0.9), score("use", 0.3), score("count", 0.95), rule=rule)
    assert (found["text"]["method"], found["text"]["verdict"]) == ("use", "not feasible")
    assert found["method:count"]["verdict"] == "feasible"


def test_another_declared_order_is_followed(tmp_path: Path) -> None:
    rule = {**RULE, "rests_on": {"text": ["count", "use"]}}
    found = verdicts(Root(tmp_path), score("use", 0.3), score("count", 0.95), rule=rule)
    assert (found["text"]["method"], found["text"]["verdict"]) == ("count", "feasible")


def test_every_scored_method_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    found = verdicts(Root(tmp_path), score("cnn", 0.5), score("bert", 0.7))
    assert set(found) == {"text", "image", "text+image", "method:bert", "method:cnn"}
    assert (found["image"]["method"], found["image"]["verdict"]) == ("cnn", "borderline")
    assert "bert vectors" in found["method:bert"]["reason"]


def test_only_the_declared_metric_and_grouping_count(tmp_path: Path) -> None:
    others = [
        score("bert", 0.9, grouping="embedding"),
        score("bert", 0.9, grouping="estimated_k"),
        score("bert", 0.9, metric="nmi"),
        score("bert", 0.5, metric="ami"),
    ]
    found = verdicts(Root(tmp_path), *others, rule={**RULE, "metric": "ami"})
    assert (found["text"]["value"], found["text"]["metric"]) == (0.5, "ami")


def test_a_method_without_the_declared_grouping_is_not_judged(tmp_path: Path) -> None:
    rows = score("bert", 0.9, grouping="embedding"), score("bert", 0.9, grouping="estimated_k")
    assert verdicts(Root(tmp_path), *rows)["text"]["verdict"] == "unknown"


def test_a_joint_graph_is_judged_by_its_manifold(tmp_path: Path) -> None:
    rows = score("bert", 0.1), score("bert", 0.9, grouping="embedding"), score("joint", 0.5)
    found = written(Root(tmp_path), *rows, rule={**RULE, "grouping": "embedding"})["judged_groupings"]
    assert [(row["method"], row["grouping"]) for row in found] == [("bert", "embedding"), ("joint", "manifold")]


def test_the_judged_groupings_are_published_by_method(tmp_path: Path) -> None:
    others = [score("bert", 0.9, grouping="embedding"), score("cnn", 0.9, grouping="embedding")]
    found = written(Root(tmp_path), score("bert", 0.3), score("joint", 0.8), *others)["judged_groupings"]
    assert found == [
        {"method": "bert", "grouping": "manifold", "metric": "ari"},
        {"method": "joint", "grouping": "manifold", "metric": "ari"},
    ]


def test_the_sizes_of_the_categories_decide_between_ari_and_ami(tmp_path: Path) -> None:
    assert metric_for({"a": 150, "b": 150, "c": 150}) == "ari"
    assert metric_for({"a": 60, "b": 40}) == "ari"
    assert metric_for({"a": 300, "b": 200, "c": 150, "d": 100}) == "ari"
    assert metric_for({"a": 900, "b": 30, "c": 40, "d": 30}) == "ami"
    rows, auto = [score("bert", 0.9), score("bert", 0.1, metric="ami")], {**RULE, "metric": "auto"}
    assert verdicts(Root(tmp_path / "even"), *rows, rule=auto)["text"]["metric"] == "ari"
    uneven = [{**row, "category": "c0" if at < 70 else row["category"]} for at, row in enumerate(BALANCED)]
    found = verdicts(Root(tmp_path / "uneven"), *rows, rule=auto, products=uneven)["text"]
    assert (found["metric"], found["verdict"]) == ("ami", "not feasible")


def test_a_scope_without_a_score_names_its_methods(tmp_path: Path) -> None:
    found = verdicts(Root(tmp_path), score("bert", 0.7), rule={**RULE, "rests_on": {"image": ["cnn", "sift"]}})
    assert found["image"]["verdict"] == "unknown"
    assert "None of 2 methods (cnn, sift) was scored" in found["image"]["reason"]
    assert len(sentences(found["image"]["reason"])) == 2
    assert found["image"]["value"] is None


@pytest.mark.parametrize(
    ("categories", "why"),
    [([], "has no categories"), (["A"], "All products are of one category"), (["A", "B"], "They did not run")],
)
def test_an_unknown_verdict_says_the_reason_that_is_known(tmp_path: Path, categories: list[str], why: str) -> None:
    products = [{"product_id": f"p{i}", "category": category} for i, category in enumerate([*categories, None])]
    found = verdicts(Root(tmp_path), products=products)["image"]
    assert why in found["reason"]


def test_a_method_that_ran_without_a_score_is_not_called_missing(tmp_path: Path) -> None:
    ran = put(Root(tmp_path), "scoring:tfidf", {"scores": [], "clusters": [], "confusions": []})
    found = verdicts(Root(tmp_path), reads=[ran])
    assert "Of them tfidf ran, but the products that could be read are of fewer" in found["text"]["reason"]
    assert "They did not run" in found["image"]["reason"]


def test_without_any_scores_everything_is_unknown(tmp_path: Path) -> None:
    auto = {**RULE, "metric": "auto"}
    found = verdicts(Root(tmp_path), rule=auto, products=[{"product_id": "a", "category": None}])
    assert {row["verdict"] for row in found.values()} == {"unknown"}


def test_without_an_interval_there_is_no_sure_verdict() -> None:
    judged = judge("text", both(value=1.0, low=None, high=None), RULE, EVEN)
    assert "Too few products could be grouped again to say how sure that is" in judged["reason"]
    assert (judged["verdict"], judged["low"], judged["high"]) == ("borderline", None, None)


def of_seed(spread: float, seed: int) -> dict[str, Any]:
    """The verdict on five blobs of 40 products, grouped by k-means of this seed; the wider the spread, the harder."""
    random, ids = np.random.default_rng(0), planted.names(200)
    categories = planted.truth(5, 40)
    points = (np.eye(5)[categories] + spread * random.standard_normal((200, 5))).astype(np.float32)
    groups = clustering.kmeans(points, 5, seed)
    drawn = {number: resample(ids, number) for number in range(5)}
    again = {n: ([ids[r] for r in rows], clustering.kmeans(points[rows], 5, seed)) for n, rows in drawn.items()}
    table = agreement.contingency(categories, groups)
    resampled = list(scoring.regrouped(ids, categories, groups, again))
    tag, codes = {"method": "m", "grouping": "manifold"}, (categories, groups, np.arange(200))
    scores = {row["metric"]: tag | row for row in scoring.scores(table, codes, resampled, scoring.LEAST)}
    return judge("text", scores, RULE, table.sum(1).tolist())


def test_a_planted_catalogue_is_feasible() -> None:
    judged = of_seed(0.05, 0)
    assert judged["value"] > 0.99
    assert judged["verdict"] == "feasible"


@pytest.mark.parametrize("spread", [0.2, 0.3, 0.35, 0.4, 0.5, 0.8])
def test_five_seeds_give_one_verdict_or_borderline(spread: float) -> None:
    assert len({of_seed(spread, seed)["verdict"] for seed in range(5)} - {"borderline"}) <= 1
