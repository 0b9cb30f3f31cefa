"""The scheduler: runs the jobs of aislemap.toml on their cron expressions, one at a time per store.

Every event is a line in the log and a row of the `schedule` table of the job's store, for the dashboard to show.
"""

import logging
import re
import signal
import threading
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestion.config import Config, Job
from ingestion.pipeline import ingest as pipeline
from store import snapshot
from store.errors import AislemapError, ConfigError
from store.root import Root

GRACE = 300
"""Seconds by which a run may be late and still start, as after the machine slept; after that it counts as missed."""
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
log = logging.getLogger(__name__)


def run(config: Config) -> None:
    """Run the jobs until SIGINT or SIGTERM; a running ingestion finishes first. ConfigError if no job can run."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    scheduler = Scheduler(config)
    scheduler.start()
    stop.wait()
    scheduler.stop()


class Scheduler:
    """The jobs of a configuration on APScheduler: a thread for each, and a lock for each store, so that its runs wait.

    A queue of APScheduler's own would count the wait as lateness, and drop a run that waited longer than `GRACE`.
    """

    def __init__(self, config: Config) -> None:
        from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        self.config = config
        triggers = {job.name: trigger(job) for job in config.jobs}
        if len(triggers) < max(1, len(config.jobs)):
            have = ", ".join(job.name for job in config.jobs) or "none"
            raise ConfigError(f"The configuration needs [[jobs]] with a name each, all different; it has {have}.")
        self._jobs = {job.name: job for job in config.jobs}
        self._locks = {_place(job): threading.Lock() for job in config.jobs}
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(max_workers=len(config.jobs))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": GRACE},
            timezone=UTC,
        )
        self._scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        for job in config.jobs:
            self._scheduler.add_job(self._ingest, triggers[job.name], [job], id=job.name)

    def start(self) -> None:
        """Start the scheduler; returns at once."""
        self._scheduler.start()
        for job in self.config.jobs:
            self.record(job, "scheduled", f"{job.cron} ({job.timezone})")

    def stop(self) -> None:
        """Start no more ingestions and wait for those that run."""
        log.info("stopping; a running ingestion finishes first")
        self._stopping.set()
        self._scheduler.shutdown(wait=True)
        for job in self.config.jobs:
            self.record(job, "stopped", "the scheduler was stopped")

    def record(self, job: Job, event: str, detail: str, run_id: str | None = None) -> None:
        """Log an event as a line, and as a row of `schedule` in the job's store."""
        planned = self._scheduler.get_job(job.name) if self._scheduler.running else None
        following = planned.next_run_time if planned else None
        log.info("%s: %s, %s; next run %s", job.name, event, detail, following or "none")
        at = datetime.now(UTC)
        row = {
            "happened": at,
            "job": job.name,
            "event": event,
            "next_run": following,
            "run_id": run_id,
            "detail": detail,
        }
        stamp = f"{at:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:6]}"
        snapshot.append_log(Root(job.store), "schedule", [row], stamp)

    def _ingest(self, job: Job) -> None:
        with self._locks[_place(job)]:
            if not self._stopping.is_set():
                self._run(job)

    def _run(self, job: Job) -> None:
        self.record(job, "started", f"ingesting {job.catalogue}")
        try:
            report = pipeline.ingest(job.catalogue, job.images, job.store, self.config)
        except AislemapError as error:
            self.record(job, "failed", str(error))
        except Exception as error:
            log.exception("%s failed", job.name)
            self.record(job, "failed", f"{type(error).__name__}: {error}")
        else:
            detail = f"snapshot {report.number} in {report.seconds:.0f} s, {report.count('computed')} steps computed"
            self.record(job, report.status, detail, report.run_id)

    def _missed(self, event: Any) -> None:
        if late := getattr(event, "scheduled_run_time", None):
            detail = f"the run due at {late} was not made: the machine was off or too busy"
        else:
            detail = f"the run due at {event.scheduled_run_times[-1]} was not made: the one before it had not ended"
        self.record(self._jobs[event.job_id], "missed", detail)


def trigger(job: Job) -> Any:
    """The APScheduler trigger of a job. ConfigError for an invalid cron expression or time zone."""
    from apscheduler.triggers.cron import CronTrigger

    try:
        *fields, days = job.cron.split() or [""]
        found = CronTrigger.from_crontab(" ".join([*fields, weekdays(days)]), ZoneInfo(job.timezone))
        if found.get_next_fire_time(None, datetime.now(UTC)) is None:
            raise ValueError("such a time never comes")
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise ConfigError(
            f"The job {job.name!r} has an invalid time: {job.cron!r} in {job.timezone!r} ({error}). Write it as "
            "'minute hour day month weekday' in a zone such as 'Europe/Paris'."
        ) from error
    return found


def weekdays(field: str) -> str:
    """The days of a cron expression by name: cron counts from Sunday (0 or 7), APScheduler from Monday."""
    days = []
    for part in field.lower().split(","):
        numbers = re.fullmatch(r"([0-7])(?:-([0-7]))?(?:/([1-7]))?|\*/([1-7])", part)
        if not numbers:
            days.append(part)  # '*' or names; the trigger reports what is not a day
            continue
        first, last, step, every = (int(group) if group else None for group in numbers.groups())
        start, end = (0, 6) if every else (first or 0, first or 0 if last is None else last)
        if last is None and step:
            end = 6
        if start > end:
            raise ValueError(f"the days {part} run backwards")
        days += [_DAYS[day % 7] for day in range(start, end + 1, every or step or 1)]
    return ",".join(days)


def _place(job: Job) -> str:
    return str(job.store.resolve())
