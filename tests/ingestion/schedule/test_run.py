"""One run: its processes end whole, at their limit and on a stop, and its output says how it went."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ingestion.config import Config
from ingestion.pipeline import ingest as pipeline
from ingestion.schedule import child
from ingestion.schedule.run import Ended, Run
from store.errors import CatalogueError
from tests.ingestion import shop
from tests.ingestion.schedule.trial import HANGS, Clock, Trial, gone, job, wait
from tests.ingestion.shop import FAKES, SETTINGS, DirectEngine, ask

LIGHT: dict[str, Any] = {**SETTINGS, "study": {**SETTINGS["study"], "joint": ["faketext"], "reducers": ["pca"]}}


def finished(run: Run) -> Ended:
    found: list[Ended] = []
    wait(lambda: found or found.extend(filter(None, [run.poll()])) or found)
    return found[0]


def test_a_suspended_child_and_its_suspended_child_end_at_the_limit(store: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    run = Run(job(store, time_limit=0.2), Config(), ("sh", "-c", f"sleep 60 & echo $! > {pid}; wait"))
    wait(lambda: pid.exists() and pid.read_text().strip())
    os.killpg(run.pid, signal.SIGSTOP)
    ended = finished(run)
    assert ended.detail == "It was stopped at its time limit of 0.2 s (time_limit of the job)."
    wait(lambda: gone(int(pid.read_text())))


def test_what_a_crashed_run_leaves_behind_is_ended(store: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    run = Run(job(store), Config(), ("sh", "-c", f"sleep 60 & echo $! > {pid}; echo no memory >&2; kill -9 $$"))
    assert finished(run).detail == "Its process ended unexpectedly (signal SIGKILL). no memory"
    wait(lambda: gone(int(pid.read_text())))


def test_a_line_that_was_cut_off_is_left_out(store: Path) -> None:
    run = Run(job(store), Config(), ("sh", "-c", """echo '{"failed": "Why."}'; echo 12; printf '{"repo'; exit 1"""))
    assert finished(run) == Ended("failed", "Why.")


def test_the_first_reason_for_a_stop_counts(store: Path) -> None:
    run = Run(job(store), Config(), HANGS)
    run.stop("First")
    run.stop("Second")
    run.kill()
    ended = finished(run)
    assert (ended.status, ended.detail[:5]) == ("interrupted", "First")


def test_a_run_goes_with_a_scheduler_that_is_killed(store: Path) -> None:
    code = (
        "import os, sys, threading, time; from ingestion.schedule.child import end_with;"
        "threading.Thread(target=end_with, args=(os.getppid(),)).start(); print(os.getpid(), flush=True); "
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        ("setsid", "sh", "-c", f'"{sys.executable}" -c "{code}"; :'), stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    with parent, parent.stdout:
        pid = int(parent.stdout.readline())
        parent.kill()
    wait(lambda: gone(pid))


class Output:
    """The lines of a run that is made in this process."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, text: str) -> None:
        self.lines += [json.loads(line) for line in text.splitlines()]

    def flush(self) -> None:
        pass


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Make runs of the shop in this process, with one fake; gives (exit code, lines)."""
    catalogue, _ = shop.make(tmp_path)
    monkeypatch.setattr(pipeline.registry, "METHODS", {"faketext": FAKES["faketext"]})
    monkeypatch.setattr(pipeline, "LocalEngine", lambda *_: DirectEngine())

    def make(store: Path, **changes: Any) -> tuple[int, list[dict[str, Any]]]:
        jobs = [job(store, **{"catalogue": catalogue, **changes})]
        config = Config.model_validate({**LIGHT, "jobs": jobs}).model_dump(mode="json")
        output = Output()
        return child.run({"job": "nightly", "config": config}, child.Lines(output)), output.lines  # type: ignore[arg-type]

    return make


def test_a_child_publishes_and_reports_its_steps_and_changed_verdicts(
    store: Path, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, lines = made(store)
    report = lines[-1]["report"]
    assert (code, report["status"], report["snapshot"], report["verdicts"]) == (0, "published", 1, [])
    assert report["run_id"] == ask(store, "SELECT run_id FROM runs")[0][0]
    assert {"started": "features:faketext"} in lines
    assert {"ended": "features:faketext", "status": "computed", "detail": None} in lines
    before = iter([{"text": "feasible", "image": "not feasible"}, {"text": "not feasible", "image": "not feasible"}])
    monkeypatch.setattr(child, "verdicts", lambda _: next(before))
    report = made(store)[1][-1]["report"]
    assert report["status"] == "unchanged"
    assert report["verdicts"] == [{"scope": "text", "before": "feasible", "after": "not feasible"}]


def test_the_verdicts_of_a_store_are_those_of_its_newest_snapshot(published: Path, tmp_path: Path) -> None:
    assert child.verdicts(tmp_path / "none") == {}
    found = dict(ask(published, "SELECT scope, verdict FROM verdicts WHERE scope IN ('text', 'image', 'text+image')"))
    assert child.verdicts(published) == found != {}


def test_a_child_gives_its_reason_and_exit_code(store: Path, made: Any, tmp_path: Path, monkeypatch: Any) -> None:
    code, lines = made(store, catalogue=tmp_path / "none.csv")
    assert (code, "none.csv" in lines[-1]["failed"]) == (CatalogueError.exit_code, True)

    def breaks(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(pipeline, "ingest", breaks)
    code, lines = made(store)
    assert (code, lines[-1]["failed"].startswith("ZeroDivisionError: of all things (")) == (1, True)


def test_a_stopped_child_logs_its_run(store: Path, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: object) -> None:
        raise child.Stopped("It was stopped by the scheduler.")

    monkeypatch.setattr(pipeline, "_run", stops)
    code, lines = made(store)
    assert (code, lines) == (143, [{"failed": "It was stopped by the scheduler."}])
    assert (store / "log" / "runs").is_dir()


@pytest.mark.models
def test_a_scheduled_run_of_real_processes_publishes(store: Path, tmp_path: Path) -> None:
    catalogue, _ = shop.make(tmp_path)
    clock = Clock(2026, 11, 3, 20)
    scheduler = Trial([job(store, catalogue=catalogue)], clock, (sys.executable, "-m", "ingestion.schedule.child"))
    scheduler.config = scheduler.config.model_validate(
        {**scheduler.config.model_dump(), "study": {"methods": ["tfidf"], "reducers": ["pca"], "joint": ["tfidf"]}}
    )
    clock.pass_(hours=6)
    scheduler.tick()
    end = time.monotonic() + 300
    while scheduler.jobs["nightly"].run and time.monotonic() < end:
        time.sleep(0.2)
        scheduler.tick()
    assert scheduler.happened()[-1] == "published", scheduler.events
    assert ask(store, "SELECT count(*) FROM products") == [(60,)]
