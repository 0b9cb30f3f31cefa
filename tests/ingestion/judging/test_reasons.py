"""What a verdict says: plain sentences with figures, the effect of labels and the estimated number of groups."""

import re
from pathlib import Path

import pytest

from ingestion.judging.reasons import Estimated, LabelEffect
from ingestion.judging.verdict import thresholds
from store.root import Root
from tests.ingestion.judging.judged import (
    EVEN,
    GOOD,
    RULE,
    both,
    judge,
    score,
    sentences,
    verdicts,
)
from tests.ingestion.steps import Rows, put


@pytest.mark.parametrize("value", [0.9, 0.5, 0.1])
@pytest.mark.parametrize("products", [10, 100])
@pytest.mark.parametrize(
    "effect", [LabelEffect(), LabelEffect(0.89), LabelEffect(0.89, 20, 0.81, True), LabelEffect(0.7, 50, 0.62)], ids=str
)
@pytest.mark.parametrize("scope", ["text", "image", "text+image", "method:bert"])
def test_the_reason_is_a_few_sentences_with_figures_in_each(
    value: float, products: int, effect: LabelEffect, scope: str
) -> None:
    judged = judge(scope, both(value=value, products=products), RULE, [products // 4] * 4, effect)
    found = sentences(judged["reason"])
    assert len(found) == (2 if judged["verdict"] == "unknown" else 3)
    assert all(re.search(r"\d", sentence) for sentence in found)


def test_the_reason_compares_with_chance_and_with_labels() -> None:
    reason = judge("text", both(value=0.5, accuracy=0.7), RULE, EVEN, LabelEffect(0.89, 20, 0.81, enough=True))[
        "reason"
    ]
    for words in (
        "about 70 of 100 products land in the group that matches their category (between 67 and 73 in other samples",
        "95 of 100 shuffles of the categories put at most 17 there",
        "a model that learns from four fifths of the catalogue puts 89 there",
        "about 30 of 100 products to move by hand",
        "label 20 products of each category by hand: a model that learns from them puts 81 of 100 right",
    ):
        assert words in reason


@pytest.mark.parametrize("value", [0.9, 0.52, 0.1])
def test_every_reason_names_the_metric_with_its_figures(value: float) -> None:
    reason = judge("text", both(value=value, accuracy=0.7), RULE, [150] * 7)["reason"]
    assert f"ARI is {value:.2f} (" in reason
    assert "0.64 or more is enough, less than 0.39 is not." in reason
    ami = judge("text", both(value=value, metric="ami"), {**RULE, "metric": "ami"}, [150] * 7)["reason"]
    assert f"AMI is {value:.2f} (" in ami


@pytest.mark.parametrize(
    ("estimated", "words"),
    [
        (Estimated(6, 0.81), "That is with 4 groups; estimated without the categories they are 6, and ARI is 0.81."),
        (Estimated(4, 0.9), "That is with 4 groups, which is also their number as estimated without the categories."),
        (Estimated(1, None), "with 4 groups; without the categories one would say that there are no groups."),
    ],
)
def test_the_reason_tells_the_estimated_number_of_groups(estimated: Estimated, words: str) -> None:
    plain = judge("text", both(value=0.9), RULE, EVEN)["reason"]
    longer = judge("text", both(value=0.9), RULE, EVEN, estimated=estimated)["reason"]
    assert longer.startswith(plain)
    assert longer.endswith(words)


def test_the_estimate_is_that_of_the_judged_method(tmp_path: Path) -> None:
    root = Root(tmp_path)
    estimates = [
        put(root, "group_count:bert", {"k_estimates": [{"method": "bert", "k": 6, "low": 5, "high": 8}]}),
        put(root, "clustering:joint", {"k_estimates": [{"method": "joint", "k": 1, "low": 1, "high": 9}]}),
    ]
    rows = [score("bert", 0.9), score("bert", 0.8, grouping="estimated_k"), score("cnn", 0.9), score("joint", 0.9)]
    found = verdicts(root, *rows, reads=estimates)
    assert "estimated without the categories they are 6, and ARI is 0.80." in found["text"]["reason"]
    assert "estimated" not in found["image"]["reason"]
    assert "one would say that there are no groups" in found["text+image"]["reason"]


def test_labels_that_do_not_suffice_are_called_so() -> None:
    reason = judge("image", both(value=0.1, accuracy=0.3), RULE, EVEN, LabelEffect(0.7, 50, 0.62))["reason"]
    assert "not good enough, as about 70 of 100 products" in reason
    assert (
        "label 50 products of each category by hand: a model that learns from them puts only 62 of 100 right" in reason
    )


def curve_of(*steps: tuple[int, float, float, float]) -> Rows:
    """Rows of `learning_curves`: labels per category, and the accuracy, ARI and AMI that are just surely reached."""
    return [
        {"method": "bert", "labels": labels, "metric": metric, "value": low + 0.02, "low": low, "high": low + 0.04}
        for labels, *lows in steps
        for metric, low in zip(("accuracy", "ari", "ami"), lows, strict=True)
    ]


def test_the_effect_of_labels_is_that_of_the_judged_method(tmp_path: Path) -> None:
    root = Root(tmp_path)
    ceilings = [
        {"method": "bert", "probe": probe, "metric": metric, "value": value}
        for probe, metric, value in (("knn", "accuracy", 0.99), ("linear", "ari", 0.98), ("linear", "accuracy", 0.91))
    ]
    curve = curve_of((5, 0.6, 0.3, 0.3), (10, 0.82, GOOD, GOOD), (20, 0.88, 0.8, 0.8))
    probes = put(root, "probes:bert", {"ceilings": ceilings, "learning_curves": curve})
    reason = verdicts(root, score("bert", 0.5), score("cnn", 0.5), reads=[probes])["text"]["reason"]
    assert "puts 91 there" in reason
    assert "label 10 products of each category by hand: a model that learns from them puts 84 of 100 right" in reason


@pytest.mark.parametrize(
    ("metric", "labels", "right"), [("ari", 10, 82), ("ami", 20, 84), ("matched_accuracy", 50, 90)]
)
def test_labels_are_enough_when_the_verdicts_metric_is_feasible(
    metric: str, labels: int, right: int, tmp_path: Path
) -> None:
    at = thresholds({**RULE, "metric": "ami"}, EVEN)[0]
    curve = curve_of((5, 0.6, 0.3, 0.2), (10, 0.80, GOOD, at - 0.01), (20, 0.82, 0.8, at), (50, 0.88, 0.9, 0.9))
    root = Root(tmp_path)
    ceiling = {"method": "bert", "probe": "linear", "metric": "accuracy", "value": 0.91}
    probes = put(root, "probes:bert", {"ceilings": [ceiling], "learning_curves": curve})
    scores = [score("bert", 0.5, metric=name) for name in ("ari", "ami", "matched_accuracy")]
    if metric != "matched_accuracy":
        scores.pop()
    reason = verdicts(root, *scores[-1:], *scores[:-1], reads=[probes], rule={**RULE, "metric": metric})["text"][
        "reason"
    ]
    assert f"label {labels} products of each category by hand: a model that learns from them puts {right} of" in reason


def test_labels_that_suffice_only_in_the_median_are_not_enough(tmp_path: Path) -> None:
    root = Root(tmp_path)
    ceiling = {"method": "bert", "probe": "linear", "metric": "accuracy", "value": 0.91}
    curve = curve_of((5, 0.6, 0.3, 0.3), (10, 0.82, GOOD - 0.01, 0.8))  # a median of GOOD + .01
    probes = put(root, "probes:bert", {"ceilings": [ceiling], "learning_curves": curve})
    reason = verdicts(root, score("bert", 0.5), reads=[probes])["text"]["reason"]
    assert "puts only 84 of 100 right" in reason
