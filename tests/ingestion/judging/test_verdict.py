"""The verdict: thresholds and methods are declared beforehand, doubt is borderline, and the reasons are plain."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.config import Config
from ingestion.grouping import agreement, clustering
from ingestion.judging import scoring, verdict
from ingestion.judging.verdict import LabelEffect, judge, metric_for
from store.root import Root
from tests.ingestion.steps import Rows, do, put

RULE = Config().verdict.model_dump(mode="json") | {"metric": "ari", "algorithm": "kmeans", "space": "manifold"}
GOOD, BAD = RULE["feasible_from"], RULE["infeasible_below"]
EVEN = [25, 25, 25, 25]
BALANCED = [{"product_id": str(at), "category": f"c{at % 4}"} for at in range(80)]


def score(method: str = "bert", value: float = 0.7, **changes: Any) -> dict[str, Any]:
    """A row of `scores` with a narrow interval around the value."""
    row = {"method": method, "algorithm": "kmeans", "space": "manifold", "metric": "ari", "value": value}
    interval = {"low": value - 0.01, "high": value + 0.01, "seed_min": value, "seed_max": value, "chance": 0.01}
    return {**row, **interval, "seeds": 5, "products": 100, **changes}


def both(*args: Any, accuracy: float = 0.83, **changes: Any) -> dict[str, dict[str, Any]]:
    """Rows of `scores` by metric: ARI, and the matched accuracy that goes into the words."""
    row = score(*args, **changes)
    right = {"low": accuracy - 0.03, "high": accuracy + 0.03, "seed_min": accuracy, "seed_max": accuracy}
    if row["low"] is None:
        right |= {"low": None, "high": None}
    return {
        row["metric"]: row,
        "matched_accuracy": {**row, "metric": "matched_accuracy", "value": accuracy, "chance": 0.174, **right},
    }


def confused(rows: Rows) -> Rows:
    """Rows of `confusions` of four even categories in one group each, for each grouping of rows of `scores`."""
    groupings = {tuple(row[key] for key in ("method", "algorithm", "space")): row["products"] for row in rows}
    return [
        {
            "method": method,
            "algorithm": algorithm,
            "space": space,
            "category": f"c{at}",
            "cluster": at,
            "matched_category": f"c{at}",
            "products": (products + at) // 4,
        }
        for (method, algorithm, space), products in groupings.items()
        for at in range(4)
    ]


def verdicts(root: Root, *scores: dict[str, Any], **changes: Any) -> dict[str, dict[str, Any]]:
    """The verdicts by scope; see `written`."""
    return {row["scope"]: row for row in written(root, *scores, **changes)["verdicts"]}


def written(root: Root, *scores: dict[str, Any], **changes: Any) -> dict[str, Rows]:
    """What the step writes, by table; every row of `scores` comes with one of matched accuracy."""
    by_method: dict[str, Rows] = {}
    for row in scores:
        right = {**row, "metric": "matched_accuracy"} if row["metric"] != "matched_accuracy" else {}
        by_method.setdefault(row["method"], []).extend([row, right] if right else [row])
    clusters = {
        method: [{key: row[key] for key in ("method", "algorithm", "space")} for row in rows]
        for method, rows in by_method.items()
    }
    reads = [
        put(root, f"scoring:{method}", {"scores": rows, "clusters": clusters[method], "confusions": confused(rows)})
        for method, rows in by_method.items()
    ]
    reads.append(put(root, "catalogue", {"products": changes.get("products", BALANCED)}))
    reads += changes.get("reads", [])
    return do(root, "verdict", verdict.step, reads, {"verdict": changes.get("rule", RULE), "stable_from": 0.6})


def test_every_verdict_carries_the_setting_of_a_stable_group(tmp_path: Path) -> None:
    assert {row["stable_from"] for row in verdicts(Root(tmp_path)).values()} == {0.6}


def sentences(reason: str) -> list[str]:
    return re.findall(r"[^.]*?\S(?:\.\d[^.]*?)*[.](?=\s|$)", reason)


@pytest.mark.parametrize(
    ("low", "high", "seed_min", "seed_max", "expected"),
    [
        pytest.param(0.70, 0.80, 0.71, 0.79, "feasible", id="all above"),
        pytest.param(GOOD, 0.80, GOOD, 0.79, "feasible", id="just from the threshold"),
        pytest.param(0.64, 0.80, 0.71, 0.79, "borderline", id="the interval contains feasible"),
        pytest.param(0.70, 0.80, 0.64, 0.79, "borderline", id="one seed below feasible"),
        pytest.param(0.45, 0.60, 0.46, 0.59, "borderline", id="all between"),
        pytest.param(0.35, 0.45, 0.36, 0.39, "borderline", id="the interval contains infeasible"),
        pytest.param(0.30, 0.39, 0.31, 0.41, "borderline", id="one seed above infeasible"),
        pytest.param(0.30, 0.35, 0.31, BAD, "borderline", id="one seed just on infeasible"),
        pytest.param(0.30, 0.38, 0.31, 0.39, "not feasible", id="all below"),
        pytest.param(0.10, 0.90, 0.40, 0.60, "borderline", id="an interval over both"),
        pytest.param(-0.02, 0.02, -0.01, 0.01, "not feasible", id="chance"),
    ],
)
def test_interval_and_seeds_together_must_clear_a_threshold(
    low: float, high: float, seed_min: float, seed_max: float, expected: str
) -> None:
    rows = both(value=(low + high) / 2, low=low, high=high, seed_min=seed_min, seed_max=seed_max)
    judged = judge("text", rows, RULE, EVEN)
    assert judged["verdict"] == expected
    assert (judged["low"], judged["high"]) == (min(low, seed_min), max(high, seed_max))
    assert (judged["feasible_from"], judged["infeasible_below"]) == (GOOD, BAD)


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


@pytest.mark.parametrize("sizes", [[25, 25], [5] * 10, [45, 5], [30, 30] + [1] * 60])
def test_categories_just_large_enough_are_judged(sizes: list[int]) -> None:
    assert judge("text", both(value=1.0, low=1.0, high=1.0), RULE, sizes)["verdict"] == "feasible"


def test_what_shuffled_categories_reach_too_is_not_feasible() -> None:
    judged = judge("text", both(value=0.9, low=0.85, high=0.95, chance=0.85), RULE, EVEN)
    assert judged["verdict"] == "unknown"
    assert "Shuffled categories would agree as well" in judged["reason"]
    assert len(sentences(judged["reason"])) == 2
    assert judge("text", both(value=0.9, low=0.86, high=0.95, chance=0.85), RULE, EVEN)["verdict"] == "feasible"


@pytest.mark.parametrize("pairs", [0, 1])
def test_products_that_are_each_a_category_are_unknown(tmp_path: Path, pairs: int) -> None:
    codes = np.maximum(np.arange(60, dtype=np.int32) - pairs, 0)
    table = agreement.contingency(codes, codes)
    tag = {"method": "tfidf", "algorithm": "kmeans", "space": "manifold"}
    names = [f"category {at}" for at in range(len(table))]
    scored = {
        "clusters": [tag],
        "scores": [tag | row for row in scoring.scores([table], table)],
        "confusions": [tag | row for row in scoring.confusions(table, names, dict(enumerate(names)))],
    }
    products = [{"product_id": str(at), "category": names[code]} for at, code in enumerate(codes.tolist())]
    reads = [put(Root(tmp_path), "catalogue", {"products": products}), put(Root(tmp_path), "scoring:tfidf", scored)]
    rule = {**RULE, "metric": "auto"}
    found = do(Root(tmp_path), "verdict", verdict.step, reads, {"verdict": rule, "stable_from": 0.6})["verdicts"]
    assert {row["verdict"] for row in found} == {"unknown"}
    (text,) = (row for row in found if row["scope"] == "text")
    assert text["reason"].startswith(f"Of {60 - pairs} categories")


@pytest.mark.parametrize("value", [0.9, 0.5, 0.1])
@pytest.mark.parametrize("products", [10, 100])
@pytest.mark.parametrize(
    "effect", [LabelEffect(), LabelEffect(0.89), LabelEffect(0.89, 20, 0.81, True), LabelEffect(0.7, 50, 0.62)], ids=str
)
@pytest.mark.parametrize("scope", ["text", "image", "text+image", "method:bert"])
def test_the_reason_is_two_sentences_with_figures_in_both(
    value: float, products: int, effect: LabelEffect, scope: str
) -> None:
    found = sentences(judge(scope, both(value=value, products=products), RULE, [products // 2] * 2, effect)["reason"])
    assert len(found) == 2
    assert all(re.search(r"\d", sentence) for sentence in found)


def test_the_reason_compares_with_chance_and_with_labels() -> None:
    reason = judge("text", both(value=0.5, accuracy=0.7), RULE, EVEN, LabelEffect(0.89, 20, 0.81, enough=True))[
        "reason"
    ]
    for words in (
        "By their descriptions, about 70 of 100 products land in the right group (between 67 and 73)",
        "chance puts 17 there",
        "learns from labelled products puts 89 there",
        "about 30 of 100 products to move by hand",
        "20 labelled products per category bring 81 of 100 right",
    ):
        assert words in reason
    assert "ARI" not in reason


def test_labels_that_do_not_suffice_are_called_so() -> None:
    reason = judge("image", both(value=0.1, accuracy=0.3), RULE, EVEN, LabelEffect(0.7, 50, 0.62))["reason"]
    assert "not good enough, as about 70 of 100 products" in reason
    assert "even 50 labelled products per category bring only 62 of 100 right" in reason


def test_the_effect_of_labels_is_that_of_the_judged_method(tmp_path: Path) -> None:
    root = Root(tmp_path)
    ceilings = [
        {"method": "bert", "probe": probe, "metric": metric, "value": value}
        for probe, metric, value in (("knn", "accuracy", 0.99), ("linear", "ari", 0.98), ("linear", "accuracy", 0.91))
    ]
    curve = [
        {"method": "bert", "labels": labels, "metric": metric, "value": value}
        for labels, accuracy, ari in ((5, 0.6, 0.3), (10, 0.82, GOOD), (20, 0.88, 0.8))
        for metric, value in (("accuracy", accuracy), ("ari", ari))
    ]
    probes = put(root, "probes:bert", {"ceilings": ceilings, "learning_curves": curve})
    reason = verdicts(root, score("bert", 0.5), score("cnn", 0.5), reads=[probes])["text"]["reason"]
    assert "puts 91 there" in reason
    assert "10 labelled products per category bring 82 of 100 right" in reason


@pytest.mark.parametrize(("metric", "labels", "right"), [("ari", 10, 82), ("ami", 20, 88), ("nmi", 10, 82)])
def test_labels_are_enough_when_the_verdicts_metric_is_feasible(
    metric: str, labels: int, right: int, tmp_path: Path
) -> None:
    curve = [
        {"method": "bert", "labels": labels, "metric": name, "value": value}
        for labels, accuracy, ari, ami in ((5, 0.6, 0.3, 0.2), (10, 0.82, GOOD, GOOD - 0.01), (20, 0.88, 0.8, GOOD))
        for name, value in (("accuracy", accuracy), ("ari", ari), ("ami", ami))
    ]
    root = Root(tmp_path)
    ceiling = {"method": "bert", "probe": "linear", "metric": "accuracy", "value": 0.91}
    probes = put(root, "probes:bert", {"ceilings": [ceiling], "learning_curves": curve})
    scores = [score("bert", 0.5), score("bert", 0.5, metric="ami"), score("bert", 0.5, metric="nmi")]
    reason = verdicts(root, *scores, reads=[probes], rule={**RULE, "metric": metric})["text"]["reason"]
    assert f"{labels} labelled products per category bring {right} of 100 right" in reason


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


def test_only_the_declared_metric_algorithm_and_space_count(tmp_path: Path) -> None:
    others = [
        score("bert", 0.9, space="map"),
        score("bert", 0.9, algorithm="ward"),
        score("bert", 0.9, metric="nmi"),
        score("bert", 0.5, metric="ami"),
    ]
    found = verdicts(Root(tmp_path), *others, rule={**RULE, "metric": "ami"})
    assert (found["text"]["value"], found["text"]["metric"]) == (0.5, "ami")


def test_a_method_without_the_declared_grouping_is_not_judged(tmp_path: Path) -> None:
    found = verdicts(Root(tmp_path), score("bert", 0.9, space="full"), score("bert", 0.9, space="map"))
    assert found["text"]["verdict"] == "unknown"


def test_the_judged_groupings_are_published_by_method(tmp_path: Path) -> None:
    others = [score("bert", 0.9, space="map"), score("cnn", 0.9, space="full"), score("cnn", 0.9, space="map")]
    found = written(Root(tmp_path), score("bert", 0.3), score("joint", 0.8), *others)["judged_groupings"]
    assert found == [
        {"method": "bert", "algorithm": RULE["algorithm"], "space": RULE["space"], "metric": "ari"},
        {"method": "joint", "algorithm": RULE["algorithm"], "space": RULE["space"], "metric": "ari"},
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


def test_without_any_scores_everything_is_unknown(tmp_path: Path) -> None:
    auto = {**RULE, "metric": "auto"}
    found = verdicts(Root(tmp_path), rule=auto, products=[{"product_id": "a", "category": None}])
    assert {row["verdict"] for row in found.values()} == {"unknown"}


def test_without_an_interval_there_is_no_sure_verdict() -> None:
    judged = judge("text", both(value=1.0, low=None, high=None), RULE, EVEN)
    assert (judged["verdict"], judged["low"], judged["high"]) == ("borderline", None, None)


def of_seeds(spread: float, seeds: list[int]) -> dict[str, Any]:
    """The verdict on five blobs of 40 products, k-means once per seed; the wider the spread, the harder."""
    random = np.random.default_rng(0)
    categories = np.repeat(np.arange(5, dtype=np.int32), 40)
    points = (np.eye(5)[categories] + spread * random.standard_normal((200, 5))).astype(np.float32)
    tables = [agreement.contingency(categories, clustering.kmeans(points, 5, seed)) for seed in seeds]
    tag = {"method": "m", "algorithm": "kmeans", "space": "manifold"}
    scores = {row["metric"]: tag | row for row in scoring.scores(tables, tables[0])}
    return judge("text", scores, RULE, tables[0].sum(1).tolist())


def test_a_planted_catalogue_is_feasible() -> None:
    judged = of_seeds(0.05, list(range(10)))
    assert judged["value"] > 0.99
    assert judged["verdict"] == "feasible"


@pytest.mark.parametrize("spread", [0.2, 0.3, 0.35, 0.4, 0.5, 0.8])
def test_ten_seeds_give_one_verdict_or_borderline(spread: float) -> None:
    of_each = {of_seeds(spread, [seed])["verdict"] for seed in range(10)}
    of_all = of_seeds(spread, list(range(10)))["verdict"]
    assert len({*of_each, of_all} - {"borderline"}) <= 1
