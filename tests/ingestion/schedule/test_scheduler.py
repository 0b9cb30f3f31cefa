"""The scheduler: one run for each time, retries, overlaps, and jobs that touch no other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ingestion.config import Config
from ingestion.schedule.scheduler import Scheduler
from store.errors import ConfigError
from tests.ingestion.schedule.trial import EVENING, FAILS, HANGS, REPORT, Clock, Trial, job


def other(name: str, script: str) -> tuple[str, str, str]:
    """A command that runs a script for the job of this name, and publishes for the others."""
    return ("sh", "-c", f"""case "$(cat)" in '{{"job": "{name}"'*) {script};; *) echo '{REPORT}';; esac""")


def test_no_jobs_and_jobs_of_one_name_are_errors(store: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs \[\[jobs\]\] .* it has none"):
        Scheduler(Config())
    with pytest.raises(ConfigError, match="all different; it has nightly, nightly"):
        Trial([job(store), job(store, catalogue="d.csv")], Clock(*EVENING))


def test_a_job_runs_once_at_its_time(store: Path) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial([job(store)], clock)
    clock.pass_(hours=5.4)
    scheduler.idle()
    assert scheduler.happened() == ["scheduled"]
    clock.pass_(minutes=10)
    scheduler.idle()
    clock.pass_(hours=20)
    scheduler.idle()
    assert scheduler.happened() == ["scheduled", "started", "published"]
    assert scheduler.detail("published") == "snapshot 1 in 2 s, 3 steps computed"


@pytest.mark.parametrize("start", [(2026, 3, 27, 12), (2026, 10, 23, 12)])
def test_each_night_of_a_week_with_a_change_of_clocks_has_one_run(store: Path, start: tuple[int, ...]) -> None:
    clock = Clock(*start)
    scheduler = Trial([job(store)], clock)
    for _ in range(7 * 24 * 2):
        clock.pass_(minutes=30)
        if scheduler.jobs["nightly"].due <= clock.now:  # type: ignore[operator]
            scheduler.idle()
    assert scheduler.happened() == ["scheduled", *(["started", "published"] * 7)]


def test_a_failed_run_is_retried_with_growing_waits_and_then_fails(store: Path) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial([job(store, retries=2, retry_wait=60)], clock, FAILS)
    clock.pass_(hours=6)
    scheduler.idle()
    assert scheduler.happened()[1:] == ["started", "retrying"]
    assert scheduler.detail("retrying") == (
        "Its process ended unexpectedly (exit code 3). of all things It is retried in 60 s."
    )
    clock.pass_(seconds=59)
    scheduler.idle()
    assert scheduler.happened()[1:] == ["started", "retrying"]
    clock.pass_(seconds=1)
    scheduler.idle()
    assert "in 120 s" in scheduler.detail("retrying")
    clock.pass_(seconds=120)
    scheduler.idle()
    assert scheduler.happened()[1:] == ["started", "retrying", "started", "retrying", "started", "failed"]
    clock.pass_(hours=3)
    scheduler.idle()
    assert scheduler.happened()[-1] == "failed"


def test_a_hanging_run_is_killed_at_its_limit_with_its_step_named_and_retried(store: Path, tmp_path: Path) -> None:
    clock = Clock(*EVENING)
    again = f"test -e {tmp_path}/once && echo '{REPORT}' && exit; touch {tmp_path}/once; {HANGS[2]}"
    scheduler = Trial([job(store, time_limit=1, retries=1)], clock, ("sh", "-c", again))
    clock.pass_(hours=6)
    scheduler.until(lambda: "retrying" in scheduler.happened())
    assert re.match(r"It was stopped at its time limit of 1 s .*, in features:bert\.", scheduler.detail("retrying"))
    clock.pass_(minutes=1)
    scheduler.jobs["nightly"].job = job(store, time_limit=30)
    scheduler.idle()
    assert scheduler.happened()[1:] == ["started", "retrying", "started", "published"]


def test_a_failed_step_is_named_in_the_line_of_its_run(store: Path) -> None:
    step = json.dumps({"ended": "features:cnn", "status": "failed", "detail": "No memory."})
    clock = Clock(*EVENING)
    scheduler = Trial([job(store)], clock, ("sh", "-c", f"echo '{step}'; echo '{REPORT}'"))
    clock.pass_(hours=6)
    scheduler.idle()
    assert scheduler.detail("published").endswith("; features:cnn failed: No memory.")


def test_the_reason_of_a_failed_run_is_the_childs_own(store: Path) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial(
        [job(store, retries=0)], clock, ("sh", "-c", """echo '{"failed": "The step texts failed."}'; exit 6""")
    )
    clock.pass_(hours=6)
    scheduler.idle()
    assert scheduler.detail("failed") == "The step texts failed."


def test_jobs_of_one_store_wait_for_one_another_however_it_is_named(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.parent)
    clock = Clock(*EVENING)
    scheduler = Trial([job(store, "absolute"), job(Path("store"), "relative")], clock)
    clock.pass_(hours=6)
    scheduler.idle()
    ran = [(name, event) for name, event, _ in scheduler.events if event != "scheduled"]
    assert ran == [(name, event) for name in ("absolute", "relative") for event in ("started", "published")]


def test_a_hanging_job_holds_up_no_job_of_another_store(store: Path, tmp_path: Path) -> None:
    clock = Clock(*EVENING)
    jobs = [job(store, "hangs"), job(tmp_path / "two", "goes on")]
    scheduler = Trial(jobs, clock, other("hangs", "sleep 60"), schedule={"stop_seconds": 0})
    clock.pass_(hours=6)
    scheduler.until(lambda: "published" in scheduler.happened("goes on"))
    assert scheduler.happened("hangs")[-1] == "started"
    scheduler.close()


def test_a_store_that_cannot_be_written_ends_no_other_job(
    store: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    clock = Clock(*EVENING)
    scheduler = Trial(
        [job(tmp_path / "file" / "store", "broken", retries=0), job(store)], clock, other("broken", "exit 5")
    )
    clock.pass_(hours=6)
    scheduler.idle()
    assert scheduler.happened("broken") == ["scheduled", "started", "failed"]
    assert scheduler.happened() == ["scheduled", "started", "published"]
    assert "broken: the event failed is not in the table schedule" in caplog.text


def test_a_run_that_cannot_be_started_fails_alone(store: Path, tmp_path: Path) -> None:
    class Breaks(Trial):
        def _start(self, planned: Any, now: Any) -> None:
            if planned.job.name == "bad":
                raise OSError("no more processes")
            super()._start(planned, now)

    clock = Clock(*EVENING)
    scheduler = Breaks([job(tmp_path / "one", "bad", retries=0), job(store)], clock)
    clock.pass_(hours=6)
    scheduler.idle()
    assert scheduler.detail("failed") == "OSError: no more processes"
    assert scheduler.happened()[-1] == "published"


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("skip", ["started", "missed", "published"]),
        ("queue", ["started", "published", "started", "published"]),
        ("replace", ["started", "interrupted", "started", "published"]),
    ],
)
def test_a_run_due_during_the_one_before_is_treated_as_set(
    store: Path, tmp_path: Path, overlap: str, expected: list[str]
) -> None:
    go = tmp_path / "go"
    clock = Clock(*EVENING)
    script = f"while ! test -e {go}; do sleep 0.02; done; echo '{REPORT}'"
    scheduler = Trial([job(store, overlap=overlap)], clock, ("sh", "-c", script))
    clock.pass_(hours=6)
    scheduler.until(lambda: "started" in scheduler.happened())
    clock.pass_(days=1)
    scheduler.tick()
    if overlap == "replace":
        scheduler.until(lambda: "interrupted" in scheduler.happened())
    go.touch()
    scheduler.idle()
    assert scheduler.happened()[1:] == expected


def test_a_run_due_while_it_waits_for_its_store_is_made_once_and_reported(store: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    clock = Clock(*EVENING)
    script = f"while ! test -e {go}; do sleep 0.02; done; echo '{REPORT}'"
    scheduler = Trial([job(store, "first", cron="0 1 * * *"), job(store)], clock, ("sh", "-c", script))
    clock.pass_(hours=6)
    scheduler.until(lambda: scheduler.jobs["first"].run)
    clock.pass_(days=1)
    scheduler.tick()
    go.touch()
    scheduler.idle()
    assert scheduler.happened() == ["scheduled", "missed", "started", "published"]
    assert "together with the one that waits" in scheduler.detail("missed")
