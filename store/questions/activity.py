"""What ran, what it cost, and what runs next."""

from dataclasses import dataclass
from datetime import datetime

from store.questions.ask import Cursor, rows


@dataclass(frozen=True)
class Run:
    """One ingestion that ended; see the table `runs`."""

    run_id: str
    started: datetime
    seconds: float
    status: str
    snapshot: int | None
    catalogue: str | None
    products: int | None
    steps_computed: int | None
    steps_cached: int | None
    steps_failed: int | None
    peak_mb: float | None
    detail: str | None
    version: str | None


@dataclass(frozen=True)
class Step:
    """One step of a run; see the table `steps`."""

    step: str
    status: str
    seconds: float | None
    peak_mb: float | None
    rows: int | None
    detail: str | None


@dataclass(frozen=True)
class Job:
    """A scheduled job: its last event, the last run that ended, and when it runs next."""

    job: str
    happened: datetime
    event: str
    next_run: datetime | None
    detail: str | None


@dataclass(frozen=True)
class Event:
    """One line of the scheduler's log."""

    happened: datetime
    job: str
    event: str
    next_run: datetime | None
    run_id: str | None
    detail: str | None


def runs(cursor: Cursor, limit: int = 50) -> list[Run]:
    """The newest runs, the newest first."""
    return rows(
        cursor,
        Run,
        """SELECT run_id, started, seconds, status, snapshot, catalogue, products, steps_computed, steps_cached,
                  steps_failed, peak_mb, detail, version
           FROM runs ORDER BY started DESC, run_id DESC LIMIT ?""",
        [limit],
    )


def steps(cursor: Cursor, run_id: str) -> list[Step]:
    """The steps of one run, the longest first."""
    return rows(
        cursor,
        Step,
        """SELECT step, status, seconds, peak_mb, rows, detail FROM steps WHERE run_id = ?
           ORDER BY seconds DESC NULLS LAST, step""",
        [run_id],
    )


def jobs(cursor: Cursor) -> list[Job]:
    """Each scheduled job with its newest event, by when it runs next."""
    return rows(
        cursor,
        Job,
        """SELECT job, happened, event, next_run, detail FROM schedule
           QUALIFY row_number() OVER (PARTITION BY job ORDER BY happened DESC) = 1
           ORDER BY next_run NULLS LAST, job""",
    )


def events(cursor: Cursor, limit: int = 50) -> list[Event]:
    """The newest lines of the scheduler's log, the newest first."""
    return rows(
        cursor,
        Event,
        "SELECT happened, job, event, next_run, run_id, detail FROM schedule ORDER BY happened DESC LIMIT ?",
        [limit],
    )
