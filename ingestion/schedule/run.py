"""One run of a job: a process group of its own, with a time limit, that is ended whole."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.config import Config
from ingestion.jobs import Job

COMMAND = (sys.executable, "-m", "ingestion.schedule.child")
KILL_AFTER = 2.0
"""Seconds between SIGTERM and SIGKILL: enough to write a row in the log of runs, and to stay within `docker stop`."""
LAST_BYTES = 4096
"""How much of what the process wrote to standard error is read for its last line."""


@dataclass(frozen=True)
class Ended:
    """How a run ended. `status` is published, unchanged, failed, or interrupted (by `Run.stop`).

    `steps` are the failed ones with their reasons, `verdicts` those that changed: scope, before, after.
    """

    status: str
    detail: str
    run_id: str | None = None
    snapshot: int | None = None
    steps: dict[str, str] = field(default_factory=dict)
    verdicts: list[dict[str, str]] = field(default_factory=list)


class Run:
    """A run that was started. OSError if it cannot be."""

    def __init__(
        self,
        job: Job,
        config: Config,
        command: Sequence[str] = COMMAND,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job, self._monotonic = job, monotonic
        self._output, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  # `_finish`
        with tempfile.TemporaryFile() as request:
            request.write(json.dumps({"job": job.name, "config": config.model_dump(mode="json")}).encode())
            request.seek(0)
            self._process = subprocess.Popen(
                command, stdin=request, stdout=self._output, stderr=self._errors, start_new_session=True
            )
        self.started = monotonic()
        self._why: tuple[str, str] | None = None  # how it counts that it was stopped, and the reason
        self._kill_at: float | None = None

    @property
    def pid(self) -> int:
        """The process, which leads the group."""
        return self._process.pid

    def poll(self) -> Ended | None:
        """End the run if it is over its time; how it ended, or None if it has not."""
        now = self._monotonic()
        if self._exited():
            return self._finish()
        if now - self.started > self.job.time_limit:
            limit = f"{self.job.time_limit:g} s (time_limit of the job)"
            self._end("failed", f"It was stopped at its time limit of {limit}")
        if self._kill_at is not None and now >= self._kill_at:
            self.kill()
        return None

    def stop(self, why: str) -> None:
        """Ask the process to end; `poll` kills its group `KILL_AFTER` seconds later. The first reason counts."""
        self._end("interrupted", why)

    def _end(self, status: str, why: str) -> None:
        if self._why is None:
            self._why, self._kill_at = (status, why), self._monotonic() + KILL_AFTER
            os.kill(self.pid, signal.SIGTERM)
            os.kill(self.pid, signal.SIGCONT)  # a suspended process takes no SIGTERM

    def kill(self) -> None:
        """Kill the group at once."""
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)

    def _exited(self) -> bool:
        """Whether the leader has ended. It stays a zombie until `_finish`, so that no other group takes its number."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _finish(self) -> Ended:
        self.kill()  # what the leader left behind, as suspended workers
        code = self._process.wait()
        with self._output, self._errors:
            lines = list(_lines(_read(self._output)))
            last = _read(self._errors)[-LAST_BYTES:].decode(errors="replace").strip().splitlines()[-1:]
        ends = {line["ended"]: line for line in lines if "ended" in line}
        steps = {name: line["detail"] or "" for name, line in ends.items() if line["status"] == "failed"}
        if report := next((line["report"] for line in lines if "report" in line), None):
            detail = f"snapshot {report['snapshot']} in {report['seconds']:.0f} s, {report['computed']} steps computed"
            failed = "".join(f"; {name} failed: {reason}" for name, reason in steps.items())
            found = (report["run_id"], report["snapshot"], steps, report["verdicts"])
            return Ended(report["status"], detail + failed, *found)
        if self._why:
            status, why = self._why
            running = [line["started"] for line in lines if line.get("started", None) and line["started"] not in ends]
            return Ended(status, f"{why}, in {', '.join(running)}." if running else f"{why}.", steps=steps)
        reason = next((line["failed"] for line in lines if "failed" in line), None)
        detail = reason or " ".join([f"Its process ended unexpectedly ({_exit(code)}).", *last])
        return Ended("failed", detail, steps=steps)


def _read(file: Any) -> bytes:
    file.seek(0)
    content: bytes = file.read()
    return content


def _lines(output: bytes) -> Any:
    """The JSON objects of the output; a line that a killed process left incomplete is none."""
    for line in output.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _exit(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
