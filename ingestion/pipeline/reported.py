"""Passes what a run does on to its listener, and keeps it in the store while it runs, for whoever reads the store."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType

from ingestion.pipeline.runner import Listener, Outcome
from store import progress
from store.progress import Doing, Running
from store.root import Root

EVERY_SECONDS = 1.0
"""Seconds between two writes, but for the start and the end of a computation, which are written at once: the next
event can be an hour away.
"""


class Reported(Listener):
    """Keeps `store.progress` from its first step to the end of its block."""

    def __init__(self, root: Root, run_id: str, catalogue: str, started: datetime, to: Listener) -> None:
        self._root, self._to = root, to
        self._running = Running(run_id, catalogue, started, started)
        self._steps: dict[str, Doing] = {}
        self._last = 0.0

    def __enter__(self) -> "Reported":
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        progress.clear(self._root)

    def planned(self, steps: list[str]) -> None:
        """These steps will be looked at."""
        self._to.planned(steps)
        self._steps |= {step: Doing("waiting") for step in steps}
        self._write()

    def started(self, step: str) -> None:
        """A step is being computed."""
        self._to.started(step)
        self._steps[step] = Doing("running")
        self._write()

    def progressed(self, step: str, done: int, total: int) -> None:
        """A step has done so many of its units."""
        self._to.progressed(step, done, total)
        self._steps[step] = Doing("running", None, done, total)
        if time.monotonic() - self._last > EVERY_SECONDS:
            self._write()

    def ended(self, outcome: Outcome) -> None:
        """A step ended; what was there already is many steps at once, and written with the next one."""
        self._to.ended(outcome)
        self._steps[outcome.step] = Doing(outcome.status, outcome.seconds)
        if outcome.status != "cached":
            self._write()

    def _write(self) -> None:
        self._last = time.monotonic()
        progress.write(self._root, replace(self._running, written=datetime.now(UTC), steps=self._steps))
