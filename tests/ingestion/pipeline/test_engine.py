"""The engine, with real worker processes: what a step does to its worker ends as a result or as a reason."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ingestion.pipeline import engine as engine_module
from ingestion.pipeline.engine import Event, Failed, Finished, LocalEngine, Progressed
from ingestion.task import Task
from store import parts
from store.root import Root
from tests.ingestion import steps

MEMORY = 1024


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    """An engine of two workers; at the end none of its processes is left."""
    mine = psutil.Process()
    before = {child.pid for child in mine.children()}
    engine = LocalEngine(2, MEMORY)
    yield engine
    engine.close()
    left = [c for c in mine.children() if c.pid not in before and "resource_tracker" not in " ".join(c.cmdline())]
    assert left == []
    gc.collect()  # what was not closed says so now, and is an error


def task(root: Root, name: str, runtime: str = "plain", key: str = "") -> Task:
    return Task(name, key or name, getattr(steps, name), runtime, root, {})


def ends(engine: LocalEngine, count: int) -> list[Event]:
    """Every event up to and with the `count`-th end of a task."""
    seen: list[Event] = []
    while sum(not isinstance(event, Progressed) for event in seen) < count:
        seen += engine.events()
    return seen


def run(engine: LocalEngine, *tasks: Task) -> list[Event]:
    for one in tasks:
        engine.submit(one)
    return ends(engine, len(tasks))


def worker_of(root: Root, event: Event) -> tuple[str, str]:
    """The process that `say_who` ran in, and its number of threads."""
    assert isinstance(event, Finished), event
    (row,) = parts.read(root, event.part, "products").to_pylist()
    return row["product_id"], row["name"]


def failure(engine: LocalEngine, root: Root, name: str) -> Failed:
    (event,) = run(engine, task(root, name))
    assert isinstance(event, Failed)
    assert event.task.step == name
    return event


def test_a_step_runs_in_a_process_of_its_own_with_one_thread(engine: LocalEngine, tmp_path: Path) -> None:
    (event,) = run(engine, task(Root(tmp_path), "say_who"))
    process, threads = worker_of(Root(tmp_path), event)
    assert int(process) != psutil.Process().pid
    assert threads == "1"
    assert isinstance(event, Finished)
    assert event.part.key == "say_who"
    assert event.part.seconds > 0
    assert event.part.peak_mb > 0


def test_a_finished_step_exists_only_once_it_is_marked(engine: LocalEngine, tmp_path: Path) -> None:
    root = Root(tmp_path)
    (event,) = run(engine, task(root, "say_who"))
    assert parts.find(root, "say_who") is None
    assert isinstance(event, Finished)
    assert parts.finish(root, event.part) == parts.find(root, "say_who")


def test_progress_arrives_before_the_end(engine: LocalEngine, tmp_path: Path) -> None:
    *progress, end = run(engine, task(Root(tmp_path), "report_progress"))
    assert isinstance(end, Finished)
    assert [(e.done, e.total) for e in progress if isinstance(e, Progressed)][-1] == (3, 3)


def test_an_exception_is_a_reason_with_its_file_and_line(engine: LocalEngine, tmp_path: Path) -> None:
    source = Path(steps.__file__).read_text().splitlines()
    line = next(number for number, text in enumerate(source, start=1) if 'ZeroDivisionError("of all' in text)
    assert failure(engine, Root(tmp_path), "break_down").reason == f"ZeroDivisionError: of all things (steps.py:{line})"


def test_an_error_of_ours_is_the_reason_as_it_stands(engine: LocalEngine, tmp_path: Path) -> None:
    failed = failure(engine, Root(tmp_path), "refuse")
    assert (failed.reason, failed.status) == ("The thing is empty; fill it.", "failed")


def test_weights_that_cannot_be_loaded_are_no_failure(engine: LocalEngine, tmp_path: Path) -> None:
    failed = failure(engine, Root(tmp_path), "miss_weights")
    assert (failed.reason, failed.status) == ("The hub does not answer. Give a path.", "unavailable")


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("leave", "exit code 7"),
        ("be_killed", "SIGKILL"),
        ("crash", "SIGSEGV"),
        ("leave_with_words", "terminate called after throwing bad_alloc"),
    ],
)
def test_a_dead_worker_is_a_reason_that_says_how_it_died(
    engine: LocalEngine, tmp_path: Path, name: str, named: str
) -> None:
    assert named in failure(engine, Root(tmp_path), name).reason


def test_a_step_over_the_memory_limit_is_stopped(engine: LocalEngine, tmp_path: Path) -> None:
    failed = failure(engine, Root(tmp_path), "devour")
    assert f"the limit is {MEMORY} MB (limits.memory_mb in aislemap.toml)" in failed.reason
    assert failed.peak_mb > MEMORY


@pytest.mark.skipif(not engine_module.CLEAR_REFS.exists(), reason="the system keeps no peak that can be cleared")
def test_the_peak_of_a_step_is_its_own_and_never_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 60.0)  # no look at the worker's memory while a step runs
    engine, root = LocalEngine(1, MEMORY), Root(tmp_path)
    try:
        ended = [run(engine, task(root, name))[-1] for name in ("report_progress", "take_and_give_back", "say_who")]
    finally:
        engine.close()
    before, high, after = (event.part.peak_mb for event in ended if isinstance(event, Finished))
    assert high > before + 390
    assert after < before + 100  # by the same process


def test_no_peak_is_told_where_the_system_cannot_clear_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_module, "CLEAR_REFS", tmp_path / "none" / "clear_refs")
    assert not engine_module.clear_peak()


@pytest.mark.parametrize("name", ["wait_for_ever", "be_suspended"])
def test_a_step_over_the_time_limit_is_stopped(tmp_path: Path, name: str) -> None:
    engine = LocalEngine(1, MEMORY, 0.2)
    try:
        (*_, failed) = run(engine, task(Root(tmp_path), name))
        assert isinstance(failed, Failed)
        assert failed.reason == "It was stopped after 0.2 s (limits.step_seconds in aislemap.toml)."
        engine.step_seconds = 60
        (event,) = run(engine, task(Root(tmp_path), "say_who"))
        assert isinstance(event, Finished)
    finally:
        engine.close()


@pytest.mark.parametrize("name", ["break_down", "be_killed"])
def test_the_engine_goes_on_after_a_failure(engine: LocalEngine, tmp_path: Path, name: str) -> None:
    failure(engine, Root(tmp_path), name)
    (event,) = run(engine, task(Root(tmp_path), "say_who"))
    assert isinstance(event, Finished)


def test_a_failed_step_leaves_no_file(engine: LocalEngine, tmp_path: Path) -> None:
    failure(engine, Root(tmp_path), "break_down")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_steps_of_one_runtime_use_one_worker(engine: LocalEngine, tmp_path: Path) -> None:
    root = Root(tmp_path)
    first = worker_of(root, *run(engine, task(root, "say_who", key="one")))
    assert worker_of(root, *run(engine, task(root, "say_who", key="two"))) == first


def test_steps_of_two_runtimes_use_two_workers(tmp_path: Path) -> None:
    root, engine = Root(tmp_path), LocalEngine(1, MEMORY)
    try:
        workers = [
            worker_of(root, *run(engine, task(root, "say_who", runtime, key=runtime)))
            for runtime in ("plain", "torch", "tensorflow")
        ]
    finally:
        engine.close()
    assert len(set(workers)) == 3


def test_two_steps_at_a_time_have_two_workers_and_no_more_room(engine: LocalEngine, tmp_path: Path) -> None:
    root = Root(tmp_path)
    assert engine.room()
    engine.submit(task(root, "say_who", key="one"))
    assert engine.room()
    engine.submit(task(root, "say_who", key="two"))
    assert not engine.room()
    workers = {worker_of(root, event) for event in ends(engine, 2)}
    assert len(workers) == 2
    assert engine.room()


def test_closing_ends_a_step_that_would_never_end(engine: LocalEngine, tmp_path: Path) -> None:
    engine.submit(task(Root(tmp_path), "wait_for_ever"))
    while not engine.events():
        pass
    engine.close()  # the fixture sees that no process is left


def test_the_parents_environment_is_as_before(engine: LocalEngine, tmp_path: Path) -> None:
    import os

    before = dict(os.environ)
    run(engine, task(Root(tmp_path), "say_who"))
    assert dict(os.environ) == before


def test_a_worker_that_is_killed_while_idle_is_replaced(engine: LocalEngine, tmp_path: Path) -> None:
    root = Root(tmp_path)
    (before,) = run(engine, task(root, "say_who"))
    process = psutil.Process(int(worker_of(root, before)[0]))
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is dead, and still multiprocessing's to bury
    (after,) = run(engine, task(root, "say_who", key="again"))
    assert worker_of(root, after)[0] != worker_of(root, before)[0]


ORPHANS = """
import sys
from pathlib import Path
from ingestion.pipeline.engine import LocalEngine, Progressed
from ingestion.task import Task
from store.root import Root
from tests.ingestion import steps

if __name__ == "__main__":
    engine, root = LocalEngine(2, 1024), Root(Path(sys.argv[1]))
    for name in ("wait_for_ever", "compute_for_ever"):
        engine.submit(Task(name, name, getattr(steps, name), name, root, {}))
    begun = set()
    while len(begun) < 2:
        begun |= {event.task.step for event in engine.events()}
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kills", [pytest.param(1, id="one"), pytest.param(20, id="twenty", marks=pytest.mark.faults)])
def test_workers_end_with_a_killed_run_and_leave_no_file(tmp_path: Path, kills: int) -> None:
    (tmp_path / "temporary").mkdir()
    seconds = [kill_a_run(tmp_path) for _ in range(kills)]
    assert list((tmp_path / "temporary").iterdir()) == []
    print(f"{kills} ingestions killed: their workers ended within {max(seconds):.1f} s, 0 of them and 0 files left")


def kill_a_run(tmp_path: Path) -> float:
    """Seconds after which both workers of a run have ended that is killed while they compute."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-c", ORPHANS, str(tmp_path / "store")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as run:
        assert run.stdout
        assert run.stdout.readline() == "begun\n"
        workers = psutil.Process(run.pid).children()
        assert len(workers) >= 2
        run.kill()
        started = time.monotonic()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []
    return time.monotonic() - started
