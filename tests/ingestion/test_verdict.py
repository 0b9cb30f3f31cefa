"""The verdict: thresholds and methods are declared beforehand, and a doubt is called one."""

from pathlib import Path
from typing import Any

import pytest

from ingestion import verdict
from ingestion.config import Config
from ingestion.verdict import judge
from store.root import Root
from tests.ingestion.steps import Rows, do, put

RULE = Config().verdict.model_dump(mode="json")
GOOD, BAD = RULE["feasible_from"], RULE["infeasible_below"]


def score(method: str = "bert", value: float = 0.7, **changes: Any) -> dict[str, Any]:
    """A row of `scores` with a narrow interval around the value."""
    row = {"method": method, "algorithm": "kmeans", "space": "manifold", "metric": "ari", "value": value}
    spread = {"low": value - 0.01, "high": value + 0.01, "seed_min": value, "seed_max": value}
    return {**row, **spread, "seeds": 5, "products": 100, **changes}


def verdicts(root: Root, *scores: dict[str, Any], rule: dict[str, Any] = RULE) -> dict[str, dict[str, Any]]:
    by_method: dict[str, Rows] = {}
    for row in scores:
        by_method.setdefault(row["method"], []).append(row)
    reads = [put(root, f"scoring:{method}", {"scores": rows}) for method, rows in by_method.items()]
    return {r["scope"]: r for r in do(root, "verdict", verdict.step, reads, {"verdict": rule})["verdicts"]}


@pytest.mark.parametrize(
    ("low", "high", "seed_min", "seed_max", "expected"),
    [
        pytest.param(0.70, 0.80, 0.71, 0.79, "feasible", id="all above"),
        pytest.param(GOOD, 0.80, GOOD, 0.79, "feasible", id="just from the threshold"),
        pytest.param(0.64, 0.80, 0.71, 0.79, "borderline", id="the interval straddles feasible"),
        pytest.param(0.70, 0.80, 0.64, 0.79, "borderline", id="one seed below feasible"),
        pytest.param(0.45, 0.60, 0.46, 0.59, "borderline", id="all between"),
        pytest.param(0.35, 0.45, 0.36, 0.39, "borderline", id="the interval straddles infeasible"),
        pytest.param(0.30, 0.39, 0.31, 0.41, "borderline", id="one seed above infeasible"),
        pytest.param(0.30, 0.35, 0.31, BAD, "borderline", id="one seed just on infeasible"),
        pytest.param(0.30, 0.38, 0.31, 0.39, "not feasible", id="all below"),
        pytest.param(0.10, 0.90, 0.40, 0.60, "borderline", id="an interval over both"),
        pytest.param(-0.02, 0.02, -0.01, 0.01, "not feasible", id="chance"),
    ],
)
def test_the_interval_and_the_seeds_together_must_clear_a_threshold(
    low: float, high: float, seed_min: float, seed_max: float, expected: str
) -> None:
    row = score(value=(low + high) / 2, low=low, high=high, seed_min=seed_min, seed_max=seed_max)
    judged = judge("text", row, RULE)
    assert judged["verdict"] == expected
    assert (judged["low"], judged["high"]) == (min(low, seed_min), max(high, seed_max))
    assert (judged["feasible_from"], judged["infeasible_below"]) == (GOOD, BAD)


def test_too_few_products_are_not_judged_however_well_they_agree() -> None:
    least = RULE["least_products"]
    few = judge("text", score(value=1.0, low=1.0, high=1.0, products=least - 1), RULE)
    assert few["verdict"] == "unknown"
    assert f"{least - 1} products; a verdict takes {least}" in few["reason"]
    assert judge("text", score(value=1.0, low=1.0, high=1.0, products=least), RULE)["verdict"] == "feasible"


def test_the_reason_names_the_figures_and_the_thresholds() -> None:
    reason = judge("text", score(value=0.7123), RULE)["reason"]
    assert "descriptions" in reason
    for figure in ("ARI is 0.71", "0.70 to 0.72", "5 seeds", "bert", f"{GOOD:.2f}", f"{BAD:.2f}"):
        assert figure in reason


def test_a_scope_rests_on_the_first_declared_method_that_ran_not_on_the_best(tmp_path: Path) -> None:
    found = verdicts(Root(tmp_path), score("tfidf", 0.9), score("use", 0.3), score("count", 0.95))
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


def test_only_the_declared_metric_algorithm_and_space_count(tmp_path: Path) -> None:
    others = [
        score("bert", 0.9, space="map"),
        score("bert", 0.9, algorithm="ward"),
        score("bert", 0.9, metric="nmi"),
        score("bert", 0.5, metric="ami"),
    ]
    found = verdicts(Root(tmp_path), *others, rule={**RULE, "metric": "ami"})
    assert (found["text"]["value"], found["text"]["metric"]) == (0.5, "ami")
    assert "AMI is 0.50" in found["text"]["reason"]


def test_a_scope_without_a_score_is_unknown_and_says_which_methods_it_asked_for(tmp_path: Path) -> None:
    found = verdicts(Root(tmp_path), score("bert", 0.7))
    assert found["image"]["verdict"] == "unknown"
    assert "none of cnn, sift was scored" in found["image"]["reason"]
    assert found["image"]["value"] is None


def test_without_any_scores_everything_is_unknown(tmp_path: Path) -> None:
    assert {row["verdict"] for row in verdicts(Root(tmp_path)).values()} == {"unknown"}


def test_without_an_interval_there_is_no_sure_verdict() -> None:
    judged = judge("text", score(value=1.0, low=None, high=None), RULE)
    assert (judged["verdict"], judged["low"], judged["high"]) == ("borderline", None, None)
    assert "too few products for an interval" in judged["reason"]
