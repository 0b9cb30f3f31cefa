"""`aislemap schedule` as a process: signals end it, a second one is refused, its lines are what was set."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.schedule.claim import Claim
from store.errors import ConfigError, SchedulerBusy
from tests.ingestion.schedule.trial import gone, wait

START = (
    "import sys, pathlib; from ingestion.schedule import scheduler; from store.errors import AislemapError\n"
    "made = scheduler.Scheduler\n"
    "scheduler.Scheduler = lambda *a: made(*a, command=('sh', '-c', sys.argv[2]))\n"
    "try: scheduler.run(pathlib.Path(sys.argv[1]))\n"
    "except AislemapError as error: sys.exit(f'{error.exit_code} {error}')"
)
"""Runs the scheduler with a script for a child."""
SLEEPS = "sleep 60 & echo $! > pid.new; mv pid.new pid; trap '' TERM; wait; sleep 60"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose job starts at once, as its folder has a file."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "c.csv").write_text("id\n1\n")
    path = tmp_path / "aislemap.toml"
    path.write_text(
        f"""
        [schedule]
        log = "json"
        health = "{tmp_path}/health.json"
        stop_seconds = 0.2
        [[jobs]]
        name = "nightly"
        watch = "{tmp_path}/inbox"
        watch_quiet = 0.1
        catalogue = "{tmp_path}/inbox/c.csv"
        store = "{tmp_path}/store"
        """
    )
    return path


@pytest.fixture
def started(config: Path) -> Iterator[Any]:
    """Starts schedulers of the configuration, and ends what is left of them."""
    processes: list[subprocess.Popen[str]] = []

    def start(script: str = SLEEPS) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            (sys.executable, "-c", START, str(config), script),
            cwd=config.parent,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("suspended", [False, True])
def test_a_signal_ends_the_scheduler_and_its_children_within_seconds(
    started: Any, config: Path, name: str, suspended: bool
) -> None:
    scheduler = started()
    pid = config.parent / "pid"
    wait(pid.exists)
    child = int(pid.read_text())
    group = os.getpgid(child)
    assert group != os.getpgid(scheduler.pid)
    if suspended:
        os.killpg(group, signal.SIGSTOP)
    began = time.monotonic()
    scheduler.send_signal(getattr(signal, name))
    _, written = scheduler.communicate(timeout=10)
    assert time.monotonic() - began < 8  # `docker stop` waits ten
    assert scheduler.returncode == 0
    wait(lambda: gone(child))
    assert [line["event"] for line in lines(written)] == ["scheduled", "started", "stopping", "interrupted", "stopped"]


def test_a_second_signal_ends_the_runs_at_once(started: Any, config: Path) -> None:
    config.write_text(config.read_text().replace("stop_seconds = 0.2", "stop_seconds = 60"))
    scheduler = started()
    wait((config.parent / "pid").exists)
    scheduler.terminate()
    wait(lambda: "stopping" in os.read(scheduler.stderr.fileno(), 65536).decode())
    scheduler.terminate()
    scheduler.communicate(timeout=5)
    assert scheduler.returncode == 0


def test_a_second_scheduler_is_refused_and_names_the_first(started: Any, config: Path) -> None:
    first = started()
    wait((config.parent / "pid").exists)
    wait((config.parent / "health.json").exists)
    second = started()
    _, written = second.communicate(timeout=30)
    assert second.returncode == 1
    assert written.startswith(f"4 The jobs of {config} are run by another scheduler already (process {first.pid} on ")
    first.terminate()
    _, written = first.communicate(timeout=10)
    assert [line["event"] for line in lines(written)].count("started") == 1


def test_a_claim_goes_over_to_an_edited_file(config: Path) -> None:
    claim = Claim(config, None)
    new = config.with_name("new")
    new.write_text(config.read_text())
    new.replace(config)
    claim.renew()
    with pytest.raises(SchedulerBusy, match=r"another scheduler already \(another process\); stop that one"):
        Claim(config, None)
    claim.close()
    Claim(config, None).close()


def test_a_scheduler_whose_edited_file_another_one_has_is_refused(config: Path) -> None:
    claim = Claim(config, None)
    new = config.with_name("new")
    new.write_text(config.read_text())
    new.replace(config)
    other = Claim(config, None)
    with pytest.raises(SchedulerBusy):
        claim.renew()
    claim.close()
    other.close()


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read"):
        Claim(tmp_path / "none.toml", None)
