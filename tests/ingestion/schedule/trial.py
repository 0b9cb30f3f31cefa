"""A scheduler for tests: a clock that is set by hand, processes that are tiny, and events to look at."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingestion.config import Config
from ingestion.jobs import Job
from ingestion.schedule.planned import Planned
from ingestion.schedule.scheduler import Scheduler

EVENING = (2026, 11, 3, 20, 0)
"""Half past two in Berlin is 01:30 UTC."""
PATIENCE = 30
"""Seconds after which something is taken for lost; a bound on a broken test, not a measurement."""
REPORT = (
    '{"report": {"run_id": "r1", "status": "published", "snapshot": 1, "seconds": 2, "computed": 3, "verdicts": []}}'
)
PUBLISHES = ("sh", "-c", f"echo '{REPORT}'")
FAILS = ("sh", "-c", "echo of all things >&2; exit 3")
HANGS = ("sh", "-c", """echo '{"started": "features:bert"}'; trap '' TERM; sleep 60 & wait; sleep 60""")


class Clock:
    """The time, as a test sets it."""

    def __init__(self, *start: int) -> None:
        self.now = datetime(*start, tzinfo=UTC)  # type: ignore[arg-type,misc]

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)  # so that events have an order
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


class Trial(Scheduler):
    """The scheduler, with its events: (job, event, detail)."""

    def __init__(self, jobs: Sequence[Job], clock: Clock, command: Sequence[str] = PUBLISHES, **rest: Any) -> None:
        self.events: list[tuple[str, str, str]] = []
        config = Config.model_validate({"jobs": jobs, "schedule": rest.pop("schedule", {})})
        super().__init__(config, clock=clock, command=command, **rest)

    def record(self, planned: Planned, event: str, detail: str, run_id: str | None = None) -> None:
        super().record(planned, event, detail, run_id)
        self.events.append((planned.job.name, event, detail))

    def say(self, event: str, detail: str) -> None:
        super().say(event, detail)
        self.events.append(("", event, detail))

    def happened(self, job: str = "nightly") -> list[str]:
        return [event for name, event, _ in self.events if name == job]

    def detail(self, event: str) -> str:
        return next(detail for _, found, detail in reversed(self.events) if found == event)

    def until(self, condition: Callable[[], object]) -> None:
        """Tick until the condition holds."""
        wait(condition, self.tick)

    def idle(self) -> None:
        """Tick until nothing runs or waits."""
        self.tick()
        self.until(lambda: not any(p.run or p.queued for p in self.jobs.values()))


def wait(condition: Callable[[], object], meanwhile: Callable[[], object] = lambda: None) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        meanwhile()
        time.sleep(0.01)


def job(store: Path, name: str = "nightly", **changes: Any) -> Job:
    """A job at half past two in Berlin."""
    settings = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "catalogue": "c.csv"}
    return Job.model_validate({"name": name, "store": store, **settings, **changes})


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
