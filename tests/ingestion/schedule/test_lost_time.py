"""What was due or cut off while nothing ran: made at the next start, or reported."""

from pathlib import Path

import pytest

from tests.ingestion.schedule.trial import EVENING, HANGS, REPORT, Clock, Trial, gone, job, wait


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (7, ["started", "published"]),  # an hour and a half late
        (13, ["missed"]),
        (24 * 3 + 7, ["missed", "started", "published"]),  # the last of four nights is made
    ],
)
def test_after_the_machine_slept_one_run_is_made_and_lost_ones_are_named(
    store: Path, hours: int, expected: list[str]
) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial([job(store)], clock)
    clock.pass_(hours=hours)
    scheduler.idle()
    assert scheduler.happened()[1:] == expected
    if "missed" in expected:
        assert "due at 2026-11-04 01:30 UTC was not made" in scheduler.detail("missed")


def test_what_was_due_while_no_scheduler_ran_is_made_at_the_next_start(published: Path) -> None:
    clock = Clock(*EVENING)
    Trial([job(published)], clock).close()
    clock.pass_(hours=7)
    scheduler = Trial([job(published)], clock)
    scheduler.idle()
    assert scheduler.happened() == ["scheduled", "started", "published"]
    scheduler.close()
    scheduler = Trial([job(published)], clock)
    scheduler.idle()
    assert scheduler.happened() == ["scheduled"]  # it was made


def test_a_run_that_was_cut_off_is_made_again_at_the_next_start(published: Path) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial([job(published)], clock, HANGS, schedule={"stop_seconds": 0})
    clock.pass_(hours=6)
    scheduler.until(lambda: "started" in scheduler.happened())
    run = scheduler.jobs["nightly"].run
    assert run
    scheduler.close()
    assert gone(run.pid)
    assert scheduler.happened()[-2:] == ["interrupted", "stopped"]
    assert "stopped with the scheduler" in scheduler.detail("interrupted")
    scheduler = Trial([job(published)], clock)
    scheduler.idle()
    assert scheduler.happened() == ["scheduled", "started", "published"]
    assert "was interrupted" in scheduler.detail("started")


def test_a_run_that_waits_for_its_store_is_not_lost_by_a_stop(published: Path) -> None:
    clock = Clock(*EVENING)
    jobs = [job(published, "first"), job(published, "second")]
    scheduler = Trial(jobs, clock, HANGS, schedule={"stop_seconds": 0})
    clock.pass_(hours=6)
    scheduler.until(lambda: scheduler.jobs["first"].run)
    scheduler.close()
    assert scheduler.happened("second") == ["scheduled", "interrupted", "stopped"]
    scheduler = Trial(jobs, clock)
    scheduler.idle()
    assert "published" in scheduler.happened("second")


def test_a_stop_lets_a_run_finish_that_needs_little_time(store: Path) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial([job(store)], clock, ("sh", "-c", f"sleep 0.3; echo '{REPORT}'"))
    clock.pass_(hours=6)
    scheduler.until(lambda: "started" in scheduler.happened())
    scheduler.close()
    assert scheduler.happened()[-2:] == ["published", "stopped"]


def test_a_process_that_nothing_ends_holds_up_no_stop(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial([job(store)], clock, HANGS, schedule={"stop_seconds": 0})
    clock.pass_(hours=6)
    scheduler.until(lambda: "started" in scheduler.happened())
    run = scheduler.jobs["nightly"].run
    assert run
    with monkeypatch.context() as patch:
        patch.setattr(run, "poll", lambda: None)  # as under a network file system that hangs
        scheduler.close()
    assert "does not end" in scheduler.detail("interrupted")
    run.kill()
    wait(run.poll)


def test_a_damaged_log_of_one_store_ends_no_scheduler(published: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock(*EVENING)
    Trial([job(published)], clock).close()
    for file in (published / "log" / "schedule").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    scheduler = Trial([job(published)], clock)
    clock.pass_(hours=6)
    scheduler.idle()
    assert scheduler.happened() == ["scheduled", "started", "published"]
    assert "It was set aside as log/schedule/00000001.parquet.damaged." in caplog.text
