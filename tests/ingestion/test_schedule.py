"""The scheduler: jobs run for real, one at a time per store, and every event is a row."""

import queue
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apscheduler.triggers.cron import CronTrigger

from ingestion import schedule
from ingestion.config import Config, Job
from ingestion.features import registry
from ingestion.pipeline import ingest as pipeline
from ingestion.schedule import Scheduler, trigger, weekdays
from store.errors import ConfigError
from tests.ingestion import shop
from tests.ingestion.shop import FAKES, SETTINGS, ask

PATIENCE = 300
"""Seconds after which an event is taken for lost; a bound on a broken test, not a measurement."""
ALONE = {"study": {**SETTINGS["study"], "joint": ["faketext"]}, "limits": {"workers": 1}}
LIGHT: dict[str, Any] = {**SETTINGS, **ALONE}


class AtOnce(CronTrigger):
    """A cron trigger whose first time is now."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        return super().get_next_fire_time(previous, now) if previous else now


class Observed(Scheduler):
    """The scheduler, with its events for a test to wait for."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.events: queue.Queue[tuple[str, str, str]] = queue.Queue()

    def record(self, job: Job, event: str, detail: str, run_id: str | None = None) -> None:
        super().record(job, event, detail, run_id)
        self.events.put((job.name, event, detail))

    def until_ended(self, count: int) -> list[tuple[str, str, str]]:
        """The events up to the `count`-th end of a job."""
        observed: list[tuple[str, str, str]] = []
        while sum(event in {"published", "unchanged", "failed", "missed"} for _, event, _ in observed) < count:
            observed.append(self.events.get(timeout=PATIENCE))
        return observed


def job(name: str = "nightly", **changes: Any) -> Job:
    return Job.model_validate({"name": name, "cron": "0 6 * * *", "catalogue": "c.csv", "store": "s", **changes})


def run(*jobs: Job) -> list[tuple[str, str, str]]:
    """Start a scheduler of these jobs, wait until each ended once, stop it; gives all events."""
    scheduler = Observed(Config.model_validate({**LIGHT, "jobs": jobs}))
    scheduler.start()
    try:
        observed = scheduler.until_ended(len(jobs))
    finally:
        scheduler.stop()
    while not scheduler.events.empty():
        observed.append(scheduler.events.get())
    return observed


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are due as soon as the scheduler starts, and then by their cron; the methods are the fakes."""

    def due(job: Job) -> CronTrigger:
        return AtOnce.from_crontab(job.cron, UTC)

    monkeypatch.setattr(schedule, "trigger", due)
    monkeypatch.setattr(registry, "METHODS", {"faketext": FAKES["faketext"]})


@pytest.fixture
def goods(tmp_path: Path) -> dict[str, Path]:
    """The shop's catalogue and images, as a job names them."""
    catalogue, images = shop.make(tmp_path)
    return {"catalogue": catalogue, "images": images}


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
        ({"cron": "0 6 31 2 *"}, "never"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"timezone": "America"}, "America"),
        ({"timezone": "../etc"}, "../etc"),
        ({"timezone": ""}, "''"),
    ],
)
def test_an_invalid_time_is_named_with_its_job_and_the_remedy(changes: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Scheduler(Config(jobs=(job(**changes),)))
    for part in ("'nightly'", named, "'minute hour day month weekday'"):
        assert part in str(caught.value)


def test_no_jobs_and_jobs_of_one_name_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"needs \[\[jobs\]\] .* it has none"):
        Scheduler(Config())
    with pytest.raises(ConfigError, match="all different; it has nightly, nightly"):
        Scheduler(Config(jobs=(job(), job(store="elsewhere"))))


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("*", "*"),
        ("0", "sun"),
        ("7", "sun"),
        ("1", "mon"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("0-6", "sun,mon,tue,wed,thu,fri,sat"),
        ("5-7", "fri,sat,sun"),
        ("1,3,5", "mon,wed,fri"),
        ("*/2", "sun,tue,thu,sat"),
        ("1-5/2", "mon,wed,fri"),
        ("2/2", "tue,thu,sat"),
        ("MON-FRI", "mon-fri"),
        ("sun,3", "sun,wed"),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(field: str, days: str) -> None:
    assert weekdays(field) == days


def test_a_time_is_that_of_the_jobs_zone() -> None:
    due = trigger(job(cron="30 6 * * 1", timezone="Europe/Paris"))
    found = due.get_next_fire_time(None, datetime(2026, 7, 1, tzinfo=UTC))
    assert found.astimezone(UTC) == datetime(2026, 7, 6, 4, 30, tzinfo=UTC)  # a Monday, in summer time
    assert found.strftime("%A") == "Monday"


@pytest.mark.usefixtures("at_once")
def test_a_job_publishes_and_is_logged(tmp_path: Path, goods: dict[str, Path]) -> None:
    store = tmp_path / "store"
    run(job(store=store, **goods))
    rows = ask(store, "SELECT job, event, run_id, next_run, happened, detail FROM schedule ORDER BY happened")
    assert {row[0] for row in rows} == {"nightly"}
    assert sorted(row[1] for row in rows) == ["published", "scheduled", "started", "stopped"]
    by_event = {row[1]: row for row in rows}
    assert by_event["published"][2] == ask(store, "SELECT run_id FROM runs")[0][0]
    assert "snapshot 1 in" in by_event["published"][5]
    for event in ("started", "published"):
        at, following = by_event[event][4], by_event[event][3]
        assert (following.hour, following.minute) == (6, 0)
        assert timedelta(0) < following - at <= timedelta(days=1)
    assert by_event["stopped"][3] is None


@pytest.mark.usefixtures("at_once")
def test_a_job_that_fails_is_a_row_and_the_others_go_on(tmp_path: Path, goods: dict[str, Path]) -> None:
    bad = job("bad", store=tmp_path / "one", catalogue=tmp_path / "none.csv")
    observed = run(bad, job("good", store=tmp_path / "two", **goods))
    by_event = {name: (event, detail) for name, event, detail in observed if event in {"failed", "published"}}
    assert by_event["bad"][0] == "failed"
    assert "none.csv" in by_event["bad"][1]
    assert by_event["good"][0] == "published"


@pytest.mark.usefixtures("at_once")
def test_an_error_that_nobody_expected_is_a_row_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(schedule.pipeline, "ingest", breaks)
    observed = run(job(store=tmp_path / "store"))
    assert ("nightly", "failed", "ZeroDivisionError: of all things") in observed


@pytest.mark.usefixtures("at_once")
def test_jobs_of_one_store_never_overlap_however_it_is_named(
    tmp_path: Path, goods: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    observed = run(job("absolute", store=tmp_path / "store", **goods), job("relative", store="store", **goods))
    events = [(name, event) for name, event, _ in observed if event not in {"scheduled", "stopped"}]
    (first, _), (second, _) = events[0], events[2]
    assert {first, second} == {"absolute", "relative"}
    assert events == [(first, "started"), (first, "published"), (second, "started"), (second, "unchanged")]


class Twice(AtOnce):
    """Due now, once more as soon as the scheduler looks again, and then never."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        if previous is None:
            self.first = now
            return now
        return now + timedelta(milliseconds=100) if previous == self.first else None


def test_a_run_due_during_the_one_before_is_reported_as_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reported = threading.Event()

    class Reporting(Observed):
        def record(self, job: Job, event: str, detail: str, run_id: str | None = None) -> None:
            super().record(job, event, detail, run_id)
            if event == "missed":
                reported.set()

    def slow(*_: object) -> pipeline.Report:
        assert reported.wait(PATIENCE)
        return pipeline.Report("run", "unchanged", 1)

    monkeypatch.setattr(schedule, "trigger", lambda job: Twice.from_crontab(job.cron, UTC))
    monkeypatch.setattr(schedule.pipeline, "ingest", slow)
    scheduler = Reporting(Config(jobs=(job(store=tmp_path / "store"),)))
    scheduler.start()
    observed = scheduler.until_ended(2)
    scheduler.stop()
    assert [detail.rsplit(": ")[-1] for _, event, detail in observed if event == "missed"] == [
        "the one before it had not ended"
    ]
    assert observed[-1][1] == "unchanged"


@pytest.mark.usefixtures("at_once")
def test_waiting_for_another_run_makes_no_run_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)  # APScheduler asks whether a run is late just before it calls `_ingest`

    class Together(Observed):
        def _ingest(self, job: Job) -> None:
            both.wait(timeout=60)
            super()._ingest(job)

    monkeypatch.setattr(schedule.pipeline, "ingest", lambda *_: pipeline.Report("run", "unchanged", 1))
    scheduler = Together(Config(jobs=(job("one", store=tmp_path / "store"), job("two", store=tmp_path / "store"))))
    scheduler.start()
    observed = scheduler.until_ended(2)
    scheduler.stop()
    assert sorted((name, event) for name, event, _ in observed if event != "scheduled") == [
        ("one", "started"),
        ("one", "unchanged"),
        ("two", "started"),
        ("two", "unchanged"),
    ]
