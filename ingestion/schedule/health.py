"""The health file: the state of the scheduler and of each job, for a container's health check or a monitor."""

import json
import logging
import os
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

EVERY = timedelta(seconds=10)
"""How often the file is written when nothing happens."""
log = logging.getLogger(__name__)


class Health:
    """Writes the file; None for a path writes none."""

    def __init__(self, path: Path | None, started: datetime) -> None:
        self.path, self.started = path, started
        self._written: datetime | None = None

    def write(self, now: datetime, configuration: str, jobs: list[dict[str, Any]], happened: bool) -> None:
        """Write the file if something happened or the last time is `EVERY` ago; readers see a whole one."""
        if self.path is None or (self._written and not happened and abs(now - self._written) < EVERY):
            return
        self._written = now
        state = {
            "updated": now.isoformat(),
            "started": self.started.isoformat(),
            "process": os.getpid(),
            "host": socket.gethostname(),
            "configuration": configuration,
            "healthy": all(job["last_event"] not in {"failed", "retrying"} for job in jobs),
            "jobs": jobs,
        }
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
            temporary.replace(self.path)
        except OSError as error:
            log.warning("The health file %s cannot be written: %s", self.path, error.strerror or error)


def holder(path: Path | None) -> str:
    """Who wrote a health file last: 'process 12 on HOST, since TIME'; 'another process' if that is not known."""
    try:
        state = json.loads((path or Path()).read_text(encoding="utf-8"))
        return f"process {state['process']} on {state['host']}, since {state['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
