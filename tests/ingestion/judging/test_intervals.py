"""The 95 % interval, by simulation through the functions of a study: it holds the truth, and 0 for pure noise."""

import numpy as np
import pytest

from benchmarks import coverage
from benchmarks.coverage import Setting, drawn, fixed, noise
from ingestion.grouping import agreement
from ingestion.judging import intervals


@pytest.mark.parametrize(
    "setting",
    [
        Setting(200, 7, balanced=False, ari=0.9),
        Setting(1050, 7, balanced=True, ari=0.6),
    ],
    ids=str,
)
def test_it_holds_the_truth_of_a_population_95_times_in_100(setting: Setting) -> None:
    found = fixed(setting, 500)["ari"]
    assert 93 <= found.of(found.truth) <= 97


def test_it_holds_the_truth_when_each_draw_is_regrouped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "POPULATION", 10_000)  # its error of .005 is a fifth of the half width
    monkeypatch.setattr(coverage, "CALIBRATION", 2_000)
    found = drawn(Setting(1050, 7, balanced=True, ari=0.9), 100, seeds=1)["ari"]
    assert found.of(found.truth) >= 89  # at a coverage of 95 %, 98 of 100 simulations of 100 draws reach 90


def test_it_holds_0_for_noise_whose_verdict_is_not_feasible() -> None:
    found, refused = noise(Setting(210, 7, balanced=True, ari=0.0), 100, seeds=1)
    assert refused == 100
    assert found["ari"].of(0.0) == 100
    assert found["ami"].of(0.0) == 100


def test_equality_of_few_products_has_an_interval() -> None:
    # none wrong of 200: 3 of 200 might be (rule of three)
    table = np.diag([50, 50, 50, 50])
    beyond = intervals.remainder("ari", 1.0, intervals.null(table)["ari"], table.sum(1))
    found = intervals.interval([1.0], agreement.jackknife_error(agreement.ari, table), beyond)
    assert found is not None
    three_wrong = np.array([[49, 1, 0, 0], [0, 49, 1, 0], [0, 0, 49, 1], [0, 0, 0, 50]])
    assert found[0] == pytest.approx(agreement.ari(three_wrong), abs=0.003)
    assert found[1] == 1.0


def test_seeds_that_differ_widen_the_interval() -> None:
    assert intervals.interval([0.5] * 5, 0.02, 0.0) == pytest.approx((0.4608, 0.5392), abs=1e-4)
    wider = intervals.interval([0.45, 0.5, 0.55], 0.02, 0.0)
    assert wider is not None
    assert wider[0] < 0.4608
    assert intervals.interval([0.5], float("nan"), 0.0) is None


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
