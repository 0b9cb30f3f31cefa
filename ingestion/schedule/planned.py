"""One job on its way: when it is due, whether it waits, runs or is tried again, and what the health file says of it."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingestion.config import Config
from ingestion.jobs import Job
from ingestion.schedule.run import Run
from ingestion.schedule.watch import Watch, Watcher
from ingestion.schedule.when import Times, times
from store import snapshot
from store.errors import ConfigError, StoreMissing
from store.questions import activity
from store.root import Root

LONGEST_WAIT = 3600.0
"""Seconds between two tries at most: an hour, so that a night has some."""
BEGUN = {"started", "retrying", "interrupted"}
"""Events after which a run has not come to its end."""
NO_RUN = {"scheduled", "stopped", "missed"}
"""Events that say nothing of how the last run ended."""
LATEST = 1000
"""Events that are searched for the last ones of a job."""
log = logging.getLogger(__name__)


@dataclass
class Planned:
    """A job and its state. `queued` says why it waits for the store; `attempt` counts the retries of this run."""

    job: Job
    times: Times | None
    due: datetime | None = None
    watcher: Watcher | None = None
    queued: str | None = None
    queued_at: datetime | None = None
    attempt: int = 0
    retry_at: datetime | None = None
    run: Run | None = None
    last: tuple[str, str, datetime] | None = field(default=None)

    def queue(self, why: str, now: datetime) -> bool:
        """Let the job run as soon as its store is idle; whether it did not wait for that already."""
        self.retry_at = None
        if self.queued is not None:
            return False
        self.queued, self.queued_at = why, now
        return True

    def missed(self, now: datetime) -> tuple[datetime | None, bool]:
        """Take over what is due by now: the first time that is too late to be made, and whether a run is to be made."""
        if self.times is None or self.due is None or self.due > now:
            return None, False
        earliest = now - timedelta(seconds=self.job.misfire_grace)
        lost = self.due if self.due < earliest else None
        recent = self.times.following(earliest - timedelta(microseconds=1)) if lost else self.due
        self.due = self.times.following(now)
        return lost, recent is not None and recent <= now

    def retry_after(self) -> timedelta | None:
        """How long to wait before the run is tried again; None if it has been tried often enough."""
        if self.attempt >= self.job.retries:
            self.attempt = 0
            return None
        self.attempt += 1
        return timedelta(seconds=min(LONGEST_WAIT, self.job.retry_wait * 2.0 ** (self.attempt - 1)))

    def next_run(self) -> datetime | None:
        """When the job runs next by the clock: at its next time or its next try, whichever comes first."""
        return min((at for at in (self.due, self.retry_at) if at), default=None)

    def close(self) -> None:
        """End the watching."""
        if self.watcher:
            self.watcher.close()

    def state(self) -> dict[str, Any]:
        """What the health file says of the job."""
        following, (event, detail, at) = self.next_run(), self.last or ("", "", None)
        return {
            "job": self.job.name,
            "state": "running" if self.run else "waiting" if self.queued else "retrying" if self.retry_at else "idle",
            "next_run": following.isoformat() if following else None,
            "last_event": event,
            "detail": detail,
            "at": at.isoformat() if at else None,
            "process": self.run.pid if self.run else None,
        }


def checked(config: Config) -> Config:
    """The configuration, if it has jobs with a name each and valid times. ConfigError otherwise."""
    names = [job.name for job in config.jobs]
    if len(set(names)) < max(1, len(names)):
        raise ConfigError(
            f"The configuration needs [[jobs]] with a name each, all different; it has {', '.join(names) or 'none'}."
        )
    for job in config.jobs:
        times(job)
    return config


def plan(job: Job, now: datetime, first: bool) -> Planned:
    """A job's state at the start, or at a change of its settings. ConfigError for an invalid time.

    At the `first` start what was due, or had begun, while no scheduler ran is taken up from the store's log.
    """
    planned = Planned(job, times(job))
    events = _logged(job)
    if planned.times:
        planned.due = planned.times.following(events[0].happened if first and events else now)
    ended = next((event.event for event in events if event.event not in NO_RUN), None)
    if first and ended in BEGUN:
        planned.queue("the run before it was interrupted", now)
    if job.watch:
        began = next((event.happened.timestamp() for event in events if event.event == "started"), None)
        planned.watcher = Watcher(Watch(job.watch, job.watch_quiet, job.store, began))
    return planned


def _logged(job: Job) -> list[activity.Event]:
    """The job's last events by its store's log, the newest first; empty if there is none, or it cannot be read."""
    try:
        with snapshot.connect(Root(job.store)) as connection:
            return [event for event in activity.events(connection.cursor(), LATEST) if event.job == job.name]
    except StoreMissing:
        return []
    except Exception as error:  # a damaged store costs its own job what it would make up for, and no other anything
        log.warning("%s: the log of %s cannot be read: %s", job.name, job.store, error)
        return []
