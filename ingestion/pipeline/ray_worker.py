"""What a worker of a Ray cluster does: it checks that its node is fit, runs a step and reports while it does."""

import socket
import threading
import time
from collections import defaultdict
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from ingestion.pipeline.engine import attempt
from ingestion.pipeline.keys import code_hash
from ingestion.task import Task

REPORT_SECONDS = 0.5
"""Seconds between two reports of a worker on its memory."""


class Board:
    """Holds what workers report while they run steps, until the driver takes it: a small process beside the driver."""

    def __init__(self) -> None:
        self.reports: dict[int, dict[str, Any]] = defaultdict(dict)

    def put(self, start: int, report: dict[str, Any]) -> None:
        """Add to the report on a start of a task, by its number."""
        self.reports[start].update(report)

    def take(self) -> dict[int, dict[str, Any]]:
        """All that was reported since the last call."""
        reports, self.reports = dict(self.reports), defaultdict(dict)
        return reports


class _Report:
    """Reports a step's memory at intervals, and its progress when there is some."""

    def __init__(self, board: Any, start: int) -> None:
        self.node, self.peak_mb = socket.gethostname(), 0.0
        self.progress: tuple[int, int] | None = None
        self._board, self._start = board, start
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)
        self._measure()
        self._thread.start()

    def on_progress(self, done: int, total: int) -> None:
        """Report that so many of the step's units are done."""
        self.progress = (done, total)
        self._put(progress=self.progress)

    def end(self) -> None:
        """Measure a last time, and stop."""
        self._over.set()
        self._thread.join()
        self._measure()

    def _repeat(self) -> None:
        while not self._over.wait(REPORT_SECONDS):
            self._measure()

    def _measure(self) -> None:
        self.peak_mb = max(self.peak_mb, psutil.Process().memory_info().rss / 2**20)
        self._put()

    def _put(self, **more: Any) -> None:
        report = {"node": self.node, "peak_mb": self.peak_mb, **more}
        self._board.put.remote(self._start, report)


def run_step(task: Task, start: int, code: str, board: Any) -> tuple[Any, ...]:
    """Run a task in this worker: (what `attempt` gives, node, seconds, peak in MB, last progress)."""
    began, report = time.monotonic(), _Report(board, start)
    try:
        if not task.root.path.is_dir():
            result: tuple[Any, ...] = _refused(
                f"Node {report.node} has no folder {task.root.path}; the store must be on a file system that all nodes "
                "share, under the same path."
            )
        elif code_of(task) != code:
            result = _refused(
                f"Node {report.node} has other code or other versions of packages than the machine of this run; "
                "install the same on both."
            )
        else:
            result = attempt(task, report.on_progress)
    finally:
        report.end()
    return result, report.node, time.monotonic() - began, report.peak_mb, report.progress


def _refused(reason: str) -> tuple[str, str, str]:
    return "failed", reason, "failed"


def code_of(task: Task) -> str:
    """A hash of the code that a task runs, with the versions of the packages that it uses."""
    modules = {task.function.__module__, *(v.__module__ for v in task.arguments.values() if isinstance(v, type))}
    return " ".join(code_hash(module) for module in sorted(modules))


def with_absolute_paths(task: Task) -> Task:
    """The task with all paths absolute: a worker does not stand in the folder that the command was started in."""
    arguments = {name: _placed(value) for name, value in task.arguments.items()}
    return replace(task, root=_placed(task.root), arguments=arguments)


def _placed(value: Any) -> Any:
    if isinstance(value, Path):
        return value.absolute()
    if is_dataclass(value) and not isinstance(value, type):
        paths = {f.name: getattr(value, f.name) for f in fields(value)}
        return replace(value, **{name: path.absolute() for name, path in paths.items() if isinstance(path, Path)})
    return value
