"""When a job is due: cron expressions, time zones, and both changes of summer time."""

from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from ingestion.schedule.when import numbers, times
from store.errors import ConfigError
from tests.ingestion.schedule.trial import job


def due(cron: str, start: str, count: int, timezone: str = "Europe/Berlin") -> list[str]:
    """The next times after a moment, in UTC."""
    found = times(job(Path("s"), cron=cron, timezone=timezone))
    assert found

    def following(moment: datetime):  # type: ignore[no-untyped-def]
        while after := found.following(moment):
            yield f"{after.astimezone(UTC):%m-%d %H:%M}"
            moment = after

    return list(islice(following(datetime.fromisoformat(start)), count))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cron": "61 * * * *"}, "61"),
        ({"cron": "* * * *"}, "5"),
        ({"cron": ""}, "5"),
        ({"cron": "every day"}, "every day"),
        ({"cron": "0 6 * * 8"}, "8"),
        ({"cron": "0 6 * * 5-1"}, "5-1"),
        ({"cron": "0 6 * * someday"}, "someday"),
        ({"cron": "0 6 * xyz *"}, "xyz"),
        ({"cron": "*/0 6 * * *"}, "*/0"),
        ({"cron": "0 6 31 2 *"}, "never"),
        ({"cron": "0 6 1 * 1"}, "days of the month and of the week"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"timezone": "America"}, "America"),
        ({"timezone": "../etc"}, "../etc"),
        ({"timezone": ""}, "''"),
    ],
)
def test_an_invalid_time_is_named_with_its_job_and_the_remedy(changes: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        times(job(Path("s"), **changes))
    for part in ("'nightly'", named, "'minute hour day month weekday'"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("weekday", "0", (0,)),
        ("weekday", "7", (0,)),
        ("weekday", "1-5", (1, 2, 3, 4, 5)),
        ("weekday", "0-6", (0, 1, 2, 3, 4, 5, 6)),
        ("weekday", "5-7", (0, 5, 6)),
        ("weekday", "1,3,5", (1, 3, 5)),
        ("weekday", "*/2", (0, 2, 4, 6)),
        ("weekday", "1-5/2", (1, 3, 5)),
        ("weekday", "2/2", (2, 4, 6)),
        ("weekday", "mon-fri", (1, 2, 3, 4, 5)),
        ("weekday", "sun,3", (0, 3)),
        ("minute", "*/15", (0, 15, 30, 45)),
        ("hour", "20-23,1", (1, 20, 21, 22, 23)),
        ("month", "jan-mar", (1, 2, 3)),
        ("day", "25/3", (25, 28, 31)),
        ("day", "*", None),
    ],
)
def test_a_field_stands_for_the_numbers_that_cron_reads(name: str, field: str, expected: Any) -> None:
    assert numbers(name, field) == expected


def test_a_time_is_that_of_the_jobs_zone() -> None:
    assert due("30 6 * * 1", "2026-07-01T00:00Z", 2, "Europe/Paris") == ["07-06 04:30", "07-13 04:30"]  # Mondays


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 2 * * *", "0 3 * * *", "59 1 * * *", "*/20 2 * * *", "15 2,3 * * *"])
@pytest.mark.parametrize("start", ["2026-03-27T12:00Z", "2026-10-23T12:00Z"])
def test_a_night_has_the_runs_it_always_has_whatever_the_clocks_do(cron: str, start: str) -> None:
    first = datetime.fromisoformat(start)
    nights = [0, 0, 0]  # the night before the change, that of it, the one after
    for moment in due(cron, start, 12):
        at = datetime.strptime(f"2026-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        if (night := int((at - first).total_seconds() // 86400)) < 3:
            nights[night] += 1
    expected = {"*/20 2 * * *": 3, "15 2,3 * * *": 2}.get(cron, 1)
    changed = expected - 1 if cron == "15 2,3 * * *" and "-03-" in start else expected  # 02:15 comes at 03:15
    assert nights == [expected, changed, expected]


def test_the_hour_left_out_in_spring_moves_a_run_by_an_hour() -> None:
    assert due("30 2 * * *", "2026-03-28T02:00Z", 2) == ["03-29 01:30", "03-30 00:30"]  # 03:30 and 02:30 in Berlin


def test_a_start_between_the_skipped_time_and_its_run_loses_no_run() -> None:
    assert due("30 2 * * *", "2026-03-29T01:10Z", 1) == ["03-29 01:30"]


def test_the_hour_repeated_in_autumn_has_the_run_the_first_time_only() -> None:
    assert due("30 2 * * *", "2026-10-24T12:00Z", 2) == ["10-25 00:30", "10-26 01:30"]
    assert due("30 2 * * *", "2026-10-25T01:10Z", 1) == ["10-26 01:30"]  # within the second one


@pytest.mark.parametrize("start", ["2026-03-28T22:00Z", "2026-10-24T22:00Z"])
def test_a_job_of_every_hour_keeps_its_distance_over_the_change(start: str) -> None:
    moments = [
        datetime.strptime(f"2026-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        for moment in due("*/30 * * * *", start, 12)
    ]
    assert {(b - a).total_seconds() for a, b in pairwise(moments)} == {1800}


def test_a_shift_of_half_an_hour_is_kept_too() -> None:
    assert due("15 2 * * *", "2026-10-03T00:00Z", 2, "Australia/Lord_Howe") == ["10-03 15:45", "10-04 15:15"]
