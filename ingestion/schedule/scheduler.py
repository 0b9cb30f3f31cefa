"""The scheduler: looks at the clock, the folders, the configuration and the running processes, twice a second.

It is one thread. What may hang or break is elsewhere: a run is a process, a folder and a webhook have threads, and a
store that cannot be written costs its own job's rows only.
"""

import logging
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ingestion.config import Config, load
from ingestion.jobs import Job
from ingestion.schedule import events, webhook
from ingestion.schedule.claim import Claim
from ingestion.schedule.events import Event
from ingestion.schedule.health import Health
from ingestion.schedule.planned import Planned, checked, plan
from ingestion.schedule.run import COMMAND, KILL_AFTER, Ended, Run
from store.errors import SchedulerBusy

TICK = 0.5
"""Seconds between two looks: a run starts within a second of its time, at no cost that shows."""
POLL = 0.05
"""Seconds between two looks at the processes while they end."""
HANGS = 1.0
"""Seconds after SIGKILL in which a process ends, unless a file system hangs under it."""
Stamp = tuple[int, int, int]
log = logging.getLogger(__name__)


def run(path: Path) -> None:
    """Run the jobs of a configuration until SIGINT or SIGTERM; a second one ends the running ingestions at once.

    ConfigError if no job can run, SchedulerBusy if another scheduler runs this configuration.
    """
    received: list[int] = []  # not an Event: a handler that interrupts its `wait` would wait for its lock for ever
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: received.append(number))
    config = load(path)
    events.write_lines(config.schedule.log)
    claim = Claim(path, config.schedule.health)
    scheduler = Scheduler(config, path, claim)
    scheduler.hurry = lambda: len(received) > 1
    try:
        while not received:
            scheduler.tick()
            time.sleep(TICK)
    finally:
        scheduler.close()
        claim.close()


class Scheduler:
    """The jobs of a configuration. `clock` gives the time in UTC; `command` is what a run starts."""

    def __init__(
        self,
        config: Config,
        path: Path | None = None,
        claim: Claim | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.config, self.path = checked(config), path
        self.hurry: Callable[[], bool] = lambda: False
        """Whether `close` is to end what runs at once."""
        self._claim, self._clock, self._command = claim, clock, command
        self._stamp = self._newer = _stamp(path)
        now = clock()
        self.health, self._happened = Health(config.schedule.health, now), True
        self.jobs = {job.name: plan(job, now, first=True) for job in config.jobs}
        self._leaving: list[Planned] = []  # out of the configuration, with a run that has not ended
        for planned in self.jobs.values():
            self.record(planned, "scheduled", _when(planned.job))

    def tick(self) -> None:
        """Do what is due now."""
        self._reload()
        now = self._clock()
        for planned in self._all():
            self._guarded(planned, self._look, now)
        waiting = [planned for planned in self.jobs.values() if planned.queued and not planned.run]
        for planned in sorted(waiting, key=lambda planned: planned.queued_at or now):
            if not any(p.run and _place(p.run.job) == _place(planned.job) for p in self._all()):
                self._guarded(planned, self._start, now)
        self._leaving = [planned for planned in self._leaving if planned.run]
        self._write_health()

    def close(self) -> None:
        """Start nothing more, give what runs `stop_seconds`, then end it, and record what the next start makes."""
        until = time.monotonic() + self.config.schedule.stop_seconds
        running = [planned for planned in self._all() if planned.run]
        if running:
            names = ", ".join(planned.job.name for planned in running)
            self.say("stopping", f"{names} may run for {self.config.schedule.stop_seconds:g} s more")
        while any(planned.run for planned in running) and time.monotonic() < until and not self.hurry():
            for planned in running:
                self._guarded(planned, self._collect, self._clock())
            time.sleep(POLL)
        for planned in running:
            if planned.run:
                planned.run.stop("It was stopped with the scheduler; the next start makes it")
        until = time.monotonic() + KILL_AFTER + HANGS
        while any(planned.run for planned in running) and time.monotonic() < until:
            for planned in running:
                if planned.run and self.hurry():
                    planned.run.kill()
                self._guarded(planned, self._collect, self._clock())
            time.sleep(POLL)
        for planned in self.jobs.values():
            if planned.run:
                self.record(planned, "interrupted", f"Its process {planned.run.pid} does not end, even when killed.")
            if planned.queued:
                self.record(planned, "interrupted", "It had not started; the next start makes it.")
            planned.due = planned.retry_at = None
            self.record(planned, "stopped", "the scheduler was stopped")
            planned.close()
        self._write_health()

    def record(self, planned: Planned, event: str, detail: str, run_id: str | None = None) -> None:
        """Log an event of a job: its line, its row in the job's store, and the health file."""
        now = self._clock()
        planned.last, self._happened = (event, detail, now), True
        job, following = planned.job, planned.next_run()
        events.record(Event(now, event, detail, job.name, following, run_id, planned.attempt or None), job)

    def say(self, event: str, detail: str) -> None:
        """Log an event of the scheduler itself."""
        events.record(Event(self._clock(), event, detail))

    def _all(self) -> list[Planned]:
        return [*self.jobs.values(), *self._leaving]

    def _guarded(self, planned: Planned, do: Callable[[Planned, datetime], None], now: datetime) -> None:
        """What breaks for one job is a failed run of that job."""
        try:
            do(planned, now)
        except Exception as error:
            log.exception("%s broke", planned.job.name)
            planned.queued = None
            if planned.run:
                planned.run.kill()
                planned.run = None
            self._fail(planned, f"{type(error).__name__}: {error}", now)

    def _look(self, planned: Planned, now: datetime) -> None:
        self._collect(planned, now)
        if planned in self._leaving:
            return
        lost, is_due = planned.missed(now)
        if lost:
            detail = f"the run due at {_utc(lost)} was not made: the machine or the scheduler was off for too long"
            self.record(planned, "missed", detail)
        if is_due:
            self._due(planned, now)
        if planned.watcher and planned.watcher.changed():
            planned.queue(f"files in {planned.job.watch} changed", now)
        if planned.retry_at and planned.retry_at <= now:
            planned.queue(f"retry {planned.attempt} of {planned.job.retries}", now)

    def _due(self, planned: Planned, now: datetime) -> None:
        overlap = planned.job.overlap
        if planned.run and overlap == "skip":
            self.record(planned, "missed", "the run due now was not made: the one before it had not ended")
            return
        if planned.run and overlap == "replace":
            planned.run.stop("It was stopped for the next run (overlap of the job)")
        planned.attempt = 0
        if not planned.queue("it was due", now):
            self.record(planned, "missed", "the run due now is made together with the one that waits for the store")

    def _start(self, planned: Planned, now: datetime) -> None:
        why, planned.queued = planned.queued, None
        planned.run = Run(planned.job, self.config, self._command)
        self.record(planned, "started", f"ingesting {planned.job.catalogue}: {why}")

    def _collect(self, planned: Planned, now: datetime) -> None:
        if planned.run is None or (ended := planned.run.poll()) is None:
            return
        planned.run = None
        if ended.status == "failed":
            self._fail(planned, ended.detail, now)
        else:
            planned.attempt = 0
            self.record(planned, ended.status, ended.detail, ended.run_id)
            self._tell(planned, ended)

    def _fail(self, planned: Planned, detail: str, now: datetime) -> None:
        superseded = planned.queued is not None or planned in self._leaving
        wait = None if superseded else planned.retry_after()
        if wait is None:
            self.record(planned, "failed", detail)
            self._post("failed", planned, detail=detail)
        else:
            planned.retry_at = now + wait
            self.record(planned, "retrying", f"{detail} It is retried in {wait.total_seconds():g} s.")

    def _tell(self, planned: Planned, ended: Ended) -> None:
        if ended.verdicts:
            self._post("verdict changed", planned, snapshot=ended.snapshot, verdicts=ended.verdicts)
        if ended.steps:
            self._post("steps failed", planned, snapshot=ended.snapshot, steps=ended.steps)

    def _post(self, event: str, planned: Planned, **more: object) -> None:
        message = {"event": event, "job": planned.job.name, "store": str(planned.job.store), **more}
        settings = self.config.schedule
        webhook.send(settings.webhook, {**message, "at": self._clock().isoformat()}, settings.webhook_seconds)

    def _write_health(self) -> None:
        happened, self._happened = self._happened, False
        self.health.write(self._clock(), str(self.path), [planned.state() for planned in self._all()], happened)

    def _reload(self) -> None:
        """Take over an edited configuration once it is the same for two looks, so that no half-written one is read."""
        before, self._newer = self._newer, _stamp(self.path)
        if self.path is None or self._newer in {self._stamp, None} or self._newer != before:
            return
        self._stamp = self._newer
        try:
            if self._claim:
                self._claim.renew()
            config = checked(load(self.path))
            now = self._clock()
            kept = {job.name: self.jobs[job.name] for job in config.jobs if self._has(job)}
            new = {job.name: plan(job, now, first=False) for job in config.jobs if job.name not in kept}
        except SchedulerBusy:
            raise
        except Exception as error:  # an edit never ends the scheduler
            self.say("rejected", f"{self.path} was edited and cannot be used; the old one is kept. {error}")
            return
        self._replace(config, kept, new)

    def _has(self, job: Job) -> bool:
        return job.name in self.jobs and self.jobs[job.name].job == job

    def _replace(self, config: Config, kept: dict[str, Planned], new: dict[str, Planned]) -> None:
        gone = [planned for name, planned in self.jobs.items() if name not in kept]
        order = [job.name for job in config.jobs]
        self.config, self.jobs = config, {name: kept.get(name) or new[name] for name in order}
        self.health.path = config.schedule.health
        events.change_form(config.schedule.log)
        self.say("reloaded", f"{self.path}: {_listed('new or changed', new)}; {_listed('unchanged', kept)}")
        for planned in gone:
            planned.close()
            if changed := new.get(planned.job.name):
                changed.run, changed.attempt, changed.retry_at = planned.run, planned.attempt, planned.retry_at
                changed.queued, changed.queued_at = planned.queued, planned.queued_at
            else:
                planned.due = planned.retry_at = planned.queued = None
                self.record(planned, "stopped", "it is no longer in the configuration")
                self._leaving.append(planned)
        for planned in new.values():
            self.record(planned, "scheduled", _when(planned.job))


def _stamp(path: Path | None) -> Stamp | None:
    try:
        stat = path.stat() if path else None
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None


def _when(job: Job) -> str:
    parts = [f"{job.cron} ({job.timezone})"] if job.cron else []
    return " and ".join([*parts, *([f"when files in {job.watch} change"] if job.watch else [])])


def _listed(what: str, names: Iterable[str]) -> str:
    return f"{what}: {', '.join(names) or 'none'}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _place(job: Job) -> str:
    return str(job.store.resolve())
