"""The settings of the scheduler and of its jobs: [schedule] and [[jobs]] in aislemap.toml."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from ingestion.settings import Settings


class Schedule(Settings):
    """The scheduler itself."""

    log: Literal["text", "json"] = "text"
    """How an event is written to standard error: a line for people, or one JSON object for a log collector."""
    health: Path | None = None
    """A file that is written anew at every event and every ten seconds, with the state of each job: a file that is
    older than a minute shows that the scheduler hangs. None by default, since the scheduler needs no file of its
    own."""
    stop_seconds: Annotated[float, Field(ge=0)] = 5.0
    """Seconds that running ingestions have to finish after SIGTERM or SIGINT; those that have not are ended within two
    more, and made at the next start. Five and two are less than the ten that `docker stop` waits."""
    webhook: str | None = None
    """An https address that gets a small JSON by POST when a run has failed for the last time, steps of it failed or a
    verdict has changed. Plain http is taken only for this machine, since the message names the catalogue's results."""
    webhook_seconds: Annotated[float, Field(gt=0)] = 10.0
    """Seconds that the webhook has to answer: ten are more than a server in good order takes."""

    @field_validator("webhook")
    @classmethod
    def _is_private(cls, address: str | None) -> str | None:
        if address is None:
            return None
        parts = urlsplit(address)
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _local(parts.hostname))):
            raise ValueError("a webhook is an https address, as https://example.org/hook")
        return address


class Job(Settings):
    """One scheduled ingestion."""

    name: Annotated[str, Field(min_length=1)]
    """What the job is called in the log and in the table `schedule`; no two jobs share a name."""
    cron: str | None = None
    """When it runs, in five fields: minute, hour, day of month, month, day of week. One of the two days is `*`, as
    schedulers differ in what both together mean. A job has `cron`, `watch` or both."""
    timezone: str = "UTC"
    """The time zone of `cron`, as Europe/Paris. A time that the change to summer time leaves out comes as much later
    as the clocks are moved, and one that the change back repeats comes once; with an hour of `*` runs keep their
    distance."""
    watch: Path | None = None
    """A folder: the job runs when files in it, at any depth, were added, changed or removed and then stayed the same
    for `watch_quiet` seconds."""
    watch_quiet: Annotated[float, Field(gt=0)] = 30.0
    """Seconds without a change after which an upload counts as complete: longer than the pauses within one."""
    catalogue: Path
    """The catalogue file, as for `aislemap ingest`."""
    images: Path | None = None
    """The folder of the images."""
    store: Path
    """The store it publishes into; jobs of one store run one after another."""
    time_limit: Annotated[float, Field(gt=0)] = 21600.0
    """Seconds after which a run is killed with all its processes, and counts as failed: six hours, a night. What it
    had finished is kept, and the next run continues from there."""
    retries: Annotated[int, Field(ge=0)] = 2
    """How often a failed run is tried again: twice, for a file that was being replaced or a store that was in use. What
    fails three times needs a person."""
    retry_wait: Annotated[float, Field(gt=0)] = 60.0
    """Seconds before the first retry; each further one waits twice as long as the one before, an hour at most."""
    misfire_grace: Annotated[float, Field(ge=60)] = 21600.0
    """Seconds by which a run may be late and is still made, once however many were due, when the machine or the
    scheduler was off at its time: six hours, so that a nightly run is made in the morning and not on the next
    afternoon. A later one is reported as missed. Below a minute a busy machine would miss runs."""
    overlap: Literal["skip", "queue", "replace"] = "skip"
    """What to do when a run is due while the job's last one has not ended: report it as missed, make it afterwards, or
    stop the running one for it. 'skip', since the next run takes in the same changes. A watched folder always
    queues, since no later change may come."""

    @model_validator(mode="after")
    def _starts_sometime(self) -> Self:
        if self.cron is None and self.watch is None:
            raise ValueError(f"the job {self.name!r} has neither cron nor watch; give it one, as cron = '30 2 * * *'")
        return self


def _local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
