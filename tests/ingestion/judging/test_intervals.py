"""The 95 % interval: its parts by hand, and 0 in it for pure noise. Its coverage is in test_coverage.py."""

import numpy as np
import pytest

from ingestion.config import Config
from ingestion.grouping import agreement, clustering
from ingestion.grouping.resampling import resample
from ingestion.judging import intervals, scoring, verdict
from ingestion.judging.reasons import LabelEffect
from tests.ingestion import planted

RULE = Config().verdict.model_dump(mode="json") | {"metric": "ari"}


def test_it_holds_0_for_noise_whose_verdict_is_not_feasible() -> None:
    categories, random = planted.truth(7, 30), np.random.default_rng(5)
    ids, tag = planted.names(len(categories)), {"method": "m", "grouping": "manifold"}
    for _ in range(100):
        points = random.standard_normal((len(categories), 10)).astype(np.float32)
        groups = clustering.kmeans(points, 7, 0, 1)
        drawn = {n: resample(ids, n) for n in range(5)}
        again = {n: ([ids[r] for r in rows], clustering.kmeans(points[rows], 7, 0, 1)) for n, rows in drawn.items()}
        table = agreement.contingency(categories, groups)
        codes = categories, groups, np.arange(len(categories))
        resampled = list(scoring.regrouped(ids, categories, groups, again))
        rows = scoring.scores(table, codes, resampled, scoring.LEAST)
        found = {row["metric"]: tag | row for row in rows}
        assert all(found[metric]["low"] <= 0 <= found[metric]["high"] for metric in ("ari", "ami"))
        assert (
            verdict.judge("text", verdict.Judged(found, [30] * 7, 7, LabelEffect(), None), RULE)["verdict"]
            == "not feasible"
        )


def test_regrouping_error_is_the_delete_d_jackknife_by_hand() -> None:
    # .632 of the products are drawn: sqrt(.632 / .368) = 1.3108; the changes -.1, 0 and .1 have a deviation of .1
    assert intervals.regrouping_error([-0.1, 0.0, 0.1]) == pytest.approx(0.13108, abs=1e-5)
    assert intervals.regrouping_error([0.2, 0.2]) == 0  # lower scores in every resample are no variance


@pytest.mark.parametrize("changes", [[], [0.1]])
def test_fewer_than_two_resamples_have_no_regrouping_error(changes: list[float]) -> None:
    assert np.isnan(intervals.regrouping_error(changes))


def test_the_delete_d_jackknife_is_the_error_of_a_mean() -> None:
    # of a mean of n values it must be their deviation / sqrt(n), whatever fraction is drawn
    values, ids = np.random.default_rng(0).normal(size=400), planted.names(400)
    means = [float(values[resample(ids, number)].mean()) for number in range(2_000)]
    assert intervals.regrouping_error(means) == pytest.approx(values.std() / 20, rel=0.05)


def test_the_interval_is_normal_and_cut_at_its_ends() -> None:
    assert intervals.interval(0.5, 0.02, 0.0) == pytest.approx((0.4608, 0.5392), abs=1e-4)
    assert intervals.interval(0.5, 0.02, 0.03) == pytest.approx((0.5 - 0.0493, 0.5 + 0.0493), abs=1e-3)
    assert intervals.interval(0.99, 0.1, 0.0, least=0.0) == pytest.approx((0.794, 1.0), abs=1e-3)
    assert intervals.interval(0.01, 0.1, 0.0, least=0.0) == pytest.approx((0.0, 0.206), abs=1e-3)
    assert intervals.interval(0.5, float("nan"), 0.0) is None


def test_equality_of_few_products_has_an_interval() -> None:
    # none wrong of 200: 3 of 200 might be (rule of three)
    table = np.diag([50, 50, 50, 50])
    beyond = intervals.remainder("ari", 1.0, intervals.null(table)["ari"], table.sum(1))
    found = intervals.interval(1.0, agreement.jackknife_error(agreement.ari, table), beyond)
    assert found is not None
    three_wrong = np.array([[49, 1, 0, 0], [0, 49, 1, 0], [0, 0, 49, 1], [0, 0, 0, 50]])
    assert found[0] == pytest.approx(agreement.ari(three_wrong), abs=0.003)
    assert found[1] == 1.0


@pytest.mark.parametrize("metric", ["ari", "ami", "matched_accuracy"])
def test_more_mistakes_never_agree_better(metric: str) -> None:
    for sizes in ([2, 1], [30, 30], [40, 20, 10]):
        values = [intervals.with_mistakes(metric, np.array(sizes), wrong) for wrong in np.linspace(0, 1, 21)]
        assert values == sorted(values, reverse=True)
        assert values[0] == pytest.approx(1)


def test_the_null_does_not_depend_on_the_numbers_of_the_groups() -> None:
    table = np.array([[9, 2, 0], [1, 7, 1], [0, 3, 5]])
    first, again = intervals.null(table), intervals.null(table[:, [2, 0, 1]])
    for name, values in first.items():
        assert values.tolist() == again[name].tolist()
        assert len(values) == intervals.NULL_DRAWS


@pytest.mark.parametrize("name", ["ari", "ami", "v_measure", "matched_accuracy"])
def test_the_squared_influences_sum_to_the_jackknife_variance(name: str) -> None:
    random = np.random.default_rng(2)
    categories, groups = random.integers(0, 4, (2, 60)).astype(np.int32)
    table, measure = agreement.contingency(categories, groups), agreement.MEASURES[name]
    deviation = intervals.deviations(measure, table, categories, groups)
    error = agreement.jackknife_error(measure, table)
    assert np.linalg.norm(intervals.influences(deviation)) == pytest.approx(error)
    singles = random.permutation(60)
    assert np.linalg.norm(intervals.influences(deviation, singles)) == pytest.approx(error)
    assert np.isnan(intervals.influences(deviation, np.zeros(60, dtype=np.int64))).all()


def test_a_variance_of_few_draws_has_few_degrees_of_freedom() -> None:
    # by Welch and Satterthwaite (1 + 1)^2 times those of one part where both parts are equal
    assert intervals.freedom(0.0, 0.1, 10) == pytest.approx(9)
    assert intervals.freedom(0.1, 0.1, 10) == pytest.approx(36)
    assert intervals.freedom(0.1, 0.0, 10) == float("inf")
    assert intervals.quantile(9) == pytest.approx(2.2622, abs=1e-4)
    assert intervals.quantile(float("inf")) == pytest.approx(1.96, abs=1e-3)
