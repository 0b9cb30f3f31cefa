"""The 95 % interval, by simulation through the functions of a study: how often it holds the truth."""

import pytest

from benchmarks import coverage
from benchmarks.coverage import Setting, drawn, fixed, paired


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
    found = drawn(Setting(1050, 7, balanced=True, ari=0.9), 100)["ari"]
    assert found.of(found.truth) >= 89  # at a coverage of 95 %, 98 of 100 simulations of 100 draws reach 90


@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_the_paired_interval_holds_the_truth_95_times_in_100(shared: float) -> None:
    found = paired(Setting(200, 4, balanced=True, ari=0.6), 0.5, shared, 500)["ari"]
    assert 93 <= found.of(found.truth) <= 97
