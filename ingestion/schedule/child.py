"""One scheduled ingestion, as the process that `run` starts: a request on standard input, JSON lines on the output.

A line is {"started": STEP}, {"ended": STEP, "status": ..., "detail": ...}, and at the end {"failed": REASON} or
{"report": {...}}. What libraries print goes to standard error.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from ingestion.config import Config
from ingestion.pipeline import ingest as pipeline
from ingestion.pipeline.runner import Listener, Outcome
from store import snapshot
from store.errors import AislemapError
from store.questions import study
from store.root import Root

SCOPES = ("text", "image", "text+image")


class Stopped(BaseException):
    """The scheduler ends this run; the reason is written to the log of runs."""


class Lines(Listener):
    """Writes the start and the end of each step as a line."""

    def __init__(self, output: TextIO) -> None:
        self.output = output

    def write(self, **line: Any) -> None:
        """Write one line at once: the process may be killed at any time."""
        self.output.write(json.dumps(line) + "\n")
        self.output.flush()

    def started(self, step: str) -> None:
        """A step is being computed."""
        self.write(started=step)

    def ended(self, outcome: Outcome) -> None:
        """A step ended."""
        if outcome.status != "cached":
            self.write(ended=outcome.step, status=outcome.status, detail=outcome.detail)


def run(request: dict[str, Any], lines: Lines) -> int:
    """Make the ingestion of a request, {"job": NAME, "config": {...}}; the exit code as of `aislemap ingest`."""
    config = Config.model_validate(request["config"])
    job = next(job for job in config.jobs if job.name == request["job"])
    try:
        before = verdicts(job.store)
        report = pipeline.ingest(job.catalogue, job.images, job.store, config, lines)
        after = verdicts(job.store)
    except AislemapError as error:
        lines.write(failed=str(error))
        return error.exit_code
    except Stopped as error:
        lines.write(failed=str(error))
        return 128 + signal.SIGTERM
    except Exception as error:
        traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        lines.write(failed=f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})")
        return 1
    changed = [
        {"scope": scope, "before": before[scope], "after": after[scope]}
        for scope in SCOPES
        if scope in before and scope in after and before[scope] != after[scope]
    ]
    lines.write(
        report={
            "run_id": report.run_id,
            "status": report.status,
            "snapshot": report.number,
            "seconds": report.seconds,
            "computed": report.count("computed"),
            "verdicts": changed,
        }
    )
    return 0


def verdicts(store: Path) -> dict[str, str]:
    """The verdict of each scope in the newest snapshot; empty if there is none that can be read."""
    try:
        with snapshot.connect(Root(store)) as connection:
            return {v.scope: v.verdict for v in study.verdicts(connection.cursor()) if v.scope in SCOPES}
    except Exception:  # what goes to a webhook is no reason for a run to fail
        return {}


def end_with(parent: int) -> None:
    """End this process group when the scheduler is gone, so that a killed one leaves no run behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    """Read the request and make the run."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped("It was stopped by the scheduler.")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the scheduler decides what an interrupt means
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    sys.exit(run(json.load(sys.stdin), Lines(output)))


if __name__ == "__main__":
    main()
