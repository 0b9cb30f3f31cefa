"""A watched folder: a run starts once files have changed and then stayed the same."""

import os
import threading
import time
from pathlib import Path

import pytest

from ingestion.schedule.watch import Watch, Watcher
from tests.ingestion.schedule.trial import EVENING, REPORT, Clock, Trial, job, wait

LATER = 4e9
"""Seconds since 1970 after which no file of these tests was written."""


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox" / "images").mkdir(parents=True)
    (tmp_path / "inbox" / "shop.csv").write_text("id\n1\n")
    return tmp_path / "inbox"


def test_a_change_counts_when_it_has_been_quiet(inbox: Path, store: Path) -> None:
    watch = Watch(inbox, 30, store, LATER)
    assert not watch.look(0)
    assert not watch.look(100)
    (inbox / "shop.csv").write_text("id\n1\n2\n")
    assert not watch.look(110)
    (inbox / "images" / "1.png").write_bytes(b"x")  # the upload goes on
    assert not watch.look(135)
    assert not watch.look(164)
    assert watch.look(165)
    assert not watch.look(1000)  # once


@pytest.mark.parametrize("change", ["added", "grown", "rewritten", "removed", "moved in"])
def test_every_change_of_a_file_is_noticed(inbox: Path, store: Path, change: str) -> None:
    old = inbox.parent / "old.png"
    old.write_bytes(b"x")
    watch = Watch(inbox, 1, store, LATER)
    watch.look(0)
    file = inbox / "shop.csv"
    stat = file.stat()
    if change == "added":
        (inbox / "images" / "1.png").write_bytes(b"x")
    elif change == "grown":
        file.write_text("id\n1\n2\n")
    elif change == "rewritten":  # of equal size
        file.write_text("id\n2\n")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    elif change == "removed":
        file.unlink()
    else:
        old.rename(inbox / "images" / "1.png")
    assert not watch.look(1)
    assert watch.look(2)


def test_what_changed_since_the_last_run_counts_at_the_start(inbox: Path, store: Path) -> None:
    watch = Watch(inbox, 1, store, since=1000.0)
    assert [watch.look(0), watch.look(1), watch.look(5)] == [False, True, False]


def test_a_job_that_never_ran_starts_with_the_files_there_are(inbox: Path, store: Path) -> None:
    watch = Watch(inbox, 1, store)
    assert [watch.look(0), watch.look(1), watch.look(5)] == [False, True, False]
    empty = Watch(inbox / "images", 1, store)
    assert [empty.look(0), empty.look(1), empty.look(5)] == [False, False, False]


def test_a_store_within_the_folder_is_no_change(inbox: Path) -> None:
    watch = Watch(inbox, 1, inbox / "store", LATER)
    watch.look(0)
    (inbox / "store").mkdir()
    (inbox / "store" / "catalog.duckdb").write_bytes(b"x")
    assert [watch.look(1), watch.look(2)] == [False, False]


def test_a_folder_that_is_away_is_reported_once_and_seen_when_it_is_back(
    inbox: Path, store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = inbox.rename(inbox.with_name("away"))
    watcher = Watcher(Watch(inbox, 0.05, store))
    wait(lambda: caplog.records)
    away.rename(inbox)
    wait(watcher.changed)
    watcher.close()
    assert [str(inbox) in record.getMessage() for record in caplog.records] == [True]


def test_a_job_runs_when_its_folder_changed_and_again_if_it_changes_meanwhile(
    inbox: Path, store: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    script = f"while ! test -e {go}; do sleep 0.02; done; echo '{REPORT}'"
    watched = job(store, cron=None, watch=inbox, watch_quiet=0.1)
    scheduler = Trial([watched], Clock(*EVENING), ("sh", "-c", script))
    scheduler.until(lambda: "started" in scheduler.happened())
    assert scheduler.detail("started") == f"ingesting c.csv: files in {inbox} changed"
    assert scheduler.detail("scheduled") == f"when files in {inbox} change"
    (inbox / "shop.csv").write_text("id\n1\n2\n")
    scheduler.until(lambda: scheduler.jobs["nightly"].queued)
    go.touch()
    scheduler.idle()
    assert scheduler.happened() == ["scheduled", *(["started", "published"] * 2)]
    scheduler.close()


def test_a_folder_that_hangs_holds_nothing_up(inbox: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(Watch, "look", lambda *_: hangs.wait(60))
    scheduler = Trial([job(store, watch=inbox)], clock := Clock(*EVENING))
    clock.pass_(hours=6)
    scheduler.idle()
    started = time.monotonic()
    scheduler.close()
    assert time.monotonic() - started < 2
    assert "published" in scheduler.happened()
    hangs.set()
