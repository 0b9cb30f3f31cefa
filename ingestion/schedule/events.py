"""The events of the scheduler: one line each, as text or JSON, and a row of `schedule` in the job's store."""

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingestion.jobs import Job
from store import logs
from store.root import Root

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """One event. `job` is None for one of the configuration, `next_run` for a job without a planned time."""

    at: datetime
    event: str
    detail: str
    job: str | None = None
    next_run: datetime | None = None
    run_id: str | None = None
    attempt: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields that there are, times in ISO 8601."""
        fields = {name: value for name, value in vars(self).items() if value is not None}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}

    def as_text(self) -> str:
        """The event as a sentence for people."""
        following = "" if self.job is None else f"; next run {_short(self.next_run) if self.next_run else 'none'}"
        return f"{self.job or 'scheduler'}: {self.event}, {self.detail}{following}"


class Lines(logging.Formatter):
    """Formats each record of any logger as one line: text, or a JSON object with at least at, event and detail."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        event = getattr(record, "event", None)
        if not isinstance(event, Event):
            error = f" {super().formatException(record.exc_info)}" if record.exc_info else ""
            event = Event(datetime.fromtimestamp(record.created, UTC), "log", record.getMessage() + error)
        if self.form == "json":
            return json.dumps(event.as_json())
        text = event.detail if event.event == "log" else event.as_text()
        return one_line(f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z {text}")


def write_lines(form: str) -> None:
    """Write the records of all loggers to standard error in this form, 'text' or 'json'."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(form))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def change_form(form: str) -> None:
    """Go on in another form, where `write_lines` was called."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, Lines):
            handler.formatter.form = form


def record(event: Event, job: Job | None = None) -> None:
    """Log an event, and write its row into the job's store; a store that cannot be written is reported, no more."""
    log.info("%s", event.as_text(), extra={"event": event})
    if job is None:
        return
    row = {
        "happened": event.at,
        "job": job.name,
        "event": event.event,
        "next_run": event.next_run,
        "run_id": event.run_id,
        "detail": event.detail,
    }
    try:
        logs.append(Root(job.store), "schedule", [row])
    except Exception as error:  # whatever is wrong with one store, the other jobs go on
        log.warning("%s: the event %s is not in the table schedule of %s: %s", job.name, event.event, job.store, error)


def one_line(text: str) -> str:
    """The text on one line, without characters that control a terminal."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text)


def _short(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
