"""Where steps run: worker processes on this machine.

TensorFlow, PyTorch and numba take seconds to import and gigabytes to hold, and two of them in one process is a
risk: a worker runs steps of one runtime only, one at a time, and is kept for the next step of that runtime. It is
spawned (a fork after TensorFlow or PyTorch has run hangs), has one thread for numerics (so results do not depend
on the number of processors, and workers do not compete for cores), and is killed when it is over its limit of memory
or time. A crash is a failed step with a reason.
"""

import logging
import math
import multiprocessing
import os
import signal
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, Any, Protocol

import psutil

from ingestion.task import Progress, Task, Work
from store.chunks import Chunks, NotGiven
from store.errors import AislemapError, MethodUnavailable, StoreError
from store.orphan import end_with_parent
from store.parts import File, Part, PartWriter

POLL_SECONDS = 0.1
"""Seconds between two looks at the workers' memory."""
STOP_TIMEOUT = 5.0
"""Seconds that an idle worker has to end by itself."""
CLEAR_REFS, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
"""Linux's files about this process: 5 written to the first sets its highest resident memory, VmHWM in the second, to
the present one (proc(5))."""
_SPAWNING = threading.Lock()
ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "PYTHONHASHSEED": "0",
    "KERAS_BACKEND": "tensorflow",
    "TF_USE_LEGACY_KERAS": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progressed:
    """A step has done so many of its units."""

    task: Task
    done: int
    total: int


@dataclass(frozen=True)
class Finished:
    """A step's part is written; it exists once the pipeline has marked it as finished."""

    task: Task
    part: Part


@dataclass(frozen=True)
class Failed:
    """A step broke. `status` is unavailable if a method's weights could not be loaded after all, and store if what
    it made cannot be written: that is no fault of the step, and ends the run.
    """

    task: Task
    reason: str
    seconds: float
    peak_mb: float
    status: str = "failed"


Event = Progressed | Finished | Failed


class Engine(Protocol):
    """Runs tasks somewhere, several at a time."""

    def room(self) -> bool:
        """Whether another task may be submitted now."""

    def submit(self, task: Task) -> None:
        """Start a task."""

    def events(self) -> list[Event]:
        """Wait a moment and return what has happened since the last call."""

    def close(self) -> None:
        """Stop everything, running tasks too."""


@dataclass
class _Worker:
    runtime: str
    process: Any
    connection: "Connection[Any, Any]"
    output: IO[bytes]  # what its libraries print to standard error: only the last line of a crash is used
    task: Task | None = None
    started: float = 0.0
    peak: int = 0
    killed: str | None = None  # which limit it was killed at


class LocalEngine:
    """At most `workers` processes on this machine; none has more than `memory_mb`, no step more than `step_seconds`."""

    def __init__(self, workers: int | None, memory_mb: int, step_seconds: float = math.inf) -> None:
        self.limit = workers or len(os.sched_getaffinity(0))
        self.memory, self.step_seconds = memory_mb * 2**20, step_seconds
        self._workers: list[_Worker] = []
        self._context = multiprocessing.get_context("spawn")

    def room(self) -> bool:
        """Whether another task may be submitted now."""
        return sum(w.task is not None for w in self._workers) < self.limit

    def submit(self, task: Task) -> None:
        """Start a task in an idle worker of its runtime, or in a new one in place of an idle one of another."""
        for gone in [w for w in self._workers if w.task is None and (w.killed or not w.process.is_alive())]:
            self._stop(gone)  # stopped as its last result arrived, or killed from outside while idle
        idle = [w for w in self._workers if w.task is None]
        worker = next((w for w in idle if w.runtime == task.runtime), None)
        if worker is None:
            if len(self._workers) >= self.limit:
                self._stop(idle[0])
            worker = self._spawn(task.runtime)
        worker.task, worker.started, worker.peak = task, time.monotonic(), 0
        worker.connection.send(task)

    def events(self) -> list[Event]:
        """What has happened; returns after `POLL_SECONDS` seconds at the latest."""
        busy = [w for w in self._workers if w.task]
        ready = wait([w.connection for w in busy], timeout=POLL_SECONDS)
        events: list[Event] = []
        for worker in busy:
            self._watch(worker)
            if worker.connection in ready:
                try:
                    events.append(self._receive(worker))
                except (EOFError, OSError):
                    events.append(self._died(worker))
        return events

    def close(self) -> None:
        """Stop everything, running tasks too."""
        for worker in list(self._workers):
            self._stop(worker)

    def _spawn(self, runtime: str) -> _Worker:
        ours, theirs = self._context.Pipe()
        output = tempfile.TemporaryFile()  # noqa: SIM115  # closed by _stop; it has no name that a killed run leaves
        handed = Connection(os.dup(output.fileno()), readable=False)  # the one kind of file that a spawned process gets
        process = self._context.Process(target=_work, args=(theirs, handed), name=f"aislemap {runtime}", daemon=True)
        with _SPAWNING:
            before = {name: os.environ.get(name) for name in ENVIRONMENT}
            os.environ.update(ENVIRONMENT)  # must be there before the child's interpreter starts
            try:
                process.start()
            finally:
                for name, value in before.items():
                    os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        handed.close()
        worker = _Worker(runtime, process, ours, output)
        self._workers.append(worker)
        return worker

    def _stop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.connection.close()  # an idle worker ends by itself, and cleans up
        if worker.task is None:
            worker.process.join(timeout=STOP_TIMEOUT)
        worker.process.kill()
        worker.process.join()
        worker.output.close()

    def _watch(self, worker: _Worker) -> None:
        """Kill a worker that is over a limit; a suspended one, which does nothing for ever, is over that of time."""
        if worker.killed:
            return
        try:
            resident = psutil.Process(worker.process.pid).memory_info().rss
        except psutil.NoSuchProcess:
            return
        worker.peak = max(worker.peak, resident)
        if resident > self.memory:
            limit = f"{self.memory / 2**20:.0f} MB (limits.memory_mb in aislemap.toml)"
            worker.killed = f"It was stopped at {worker.peak / 2**20:.0f} MB of memory; the limit is {limit}."
        elif time.monotonic() - worker.started > self.step_seconds:
            worker.killed = f"It was stopped after {self.step_seconds:g} s (limits.step_seconds in aislemap.toml)."
        if worker.killed:
            worker.process.kill()

    def _receive(self, worker: _Worker) -> Event:
        ending, *values = worker.connection.recv()
        task, seconds = worker.task, time.monotonic() - worker.started
        assert task
        if ending == "progress":
            return Progressed(task, *values)
        *values, highest = values
        worker.task, peak = None, round(max(worker.peak, highest) / 2**20, 1)
        if ending == "finished":
            return Finished(task, Part(task.key, task.step, round(seconds, 3), peak, *values))
        return Failed(task, values[0], seconds, peak, status=values[1])

    def _died(self, worker: _Worker) -> Failed:
        task, seconds, peak = worker.task, time.monotonic() - worker.started, worker.peak / 2**20
        assert task
        worker.process.join()
        worker.output.seek(0)
        last_line = worker.output.read().decode(errors="replace").strip().splitlines()[-1:]
        self._stop(worker)
        ended = _exit(worker.process.exitcode)
        crashed = " ".join([f"Its process ended unexpectedly ({ended}), at {peak:.0f} MB of memory.", *last_line])
        return Failed(task, worker.killed or crashed, seconds, round(peak, 1))


def _exit(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _work(connection: "Connection[Any, Any]", output: "Connection[Any, Any]") -> None:
    """Receive tasks, run them and report, until the other end closes. `output` takes standard error."""
    os.dup2(output.fileno(), 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    end_with_parent()
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        cleared = clear_peak()
        result = attempt(task, lambda done, total: connection.send(("progress", done, total)))
        connection.send((*result, peak() if cleared else 0))


def clear_peak() -> bool:
    """Set this process's highest resident memory to the present one; False where the system cannot."""
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def peak() -> int:
    """The highest resident memory of this process since `clear_peak`, in bytes; Linux only."""
    (kilobytes,) = (line.split()[1] for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024


def attempt(task: Task, progress: Progress) -> tuple[Any, ...]:
    """Run a task in this process: ("finished", files by table, chunks used) or ("failed", reason, status).

    The `args` of a NotGiven where the task asks for one.
    """
    try:
        return "finished", *run(task, progress)
    except NotGiven as reason:
        return reason.args
    except MethodUnavailable as error:
        return "failed", str(error), "unavailable"
    except StoreError as error:
        return "failed", str(error), "store"
    except AislemapError as error:
        return "failed", str(error), "failed"
    except Exception as error:
        log.debug("step %s failed", task.step, exc_info=True)
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "failed", f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})", "failed"


def run(task: Task, progress: Progress) -> tuple[dict[str, File], tuple[str, ...]]:
    """Run a task in this process and return the files it wrote, by table, and the chunks that it took results of."""
    last = 0.0

    def throttled(done: int, total: int) -> None:
        nonlocal last
        if (now := time.monotonic()) - last > POLL_SECONDS or done >= total:
            last = now
            progress(done, total)

    chunks = Chunks(task.root, task.recipe, slice=task.slice, divide=task.divide, known=task.known)
    with PartWriter(task.root, task.key) as writer:
        task.function(Work(task, writer, throttled, chunks), **task.arguments)
    return writer.files(), tuple(sorted(chunks.used))
