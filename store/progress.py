"""What an ingestion is doing at this moment: progress.json, kept by the writer of the store and read by the dashboard.

It is there while an ingestion runs. What a killed one left is told by its process, and the next one replaces it.
"""

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from store.errors import StoreError
from store.ownership import KEYS
from store.root import Root

FILE = "progress.json"
MOST_BYTES = 2_000_000
"""A larger file is nothing that an ingestion wrote: each of some hundred steps takes 150 bytes."""


@dataclass(frozen=True)
class Doing:
    """A step: waiting, running, or how it ended. `done` of `total` units, of a running one that says so."""

    status: str
    seconds: float | None = None
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Running:
    """An ingestion that runs, or ran at `written`, when it was seen last; its steps by name."""

    run_id: str
    catalogue: str
    started: datetime
    written: datetime
    steps: Mapping[str, Doing] = field(default_factory=dict)


def write(root: Root, running: Running) -> None:
    """Replace what is known of the ingestion of this process; a disk that does not take it stops nothing."""
    known = asdict(running) | {"process": os.getpid(), "host": socket.gethostname()}
    with suppress(StoreError):
        root.put(FILE, json.dumps(known, default=datetime.isoformat).encode())


def clear(root: Root) -> None:
    """No ingestion runs any more; what cannot be removed is told by its process."""
    with suppress(StoreError):
        root.remove(FILE)


def read(root: Root) -> Running | None:
    """The ingestion that runs; None if none does, if it was killed on this machine, or if the file is damaged."""
    try:
        if root.size(FILE) > MOST_BYTES:
            return None
        known = json.loads(root.read(FILE))
        if set(known) != KEYS[FILE] or (known["host"] == socket.gethostname() and not _alive(int(known["process"]))):
            return None
        started, written = (datetime.fromisoformat(known[name]).astimezone(UTC) for name in ("started", "written"))
        steps = {str(name): _doing(**step) for name, step in known["steps"].items()}
        return Running(str(known["run_id"]), str(known["catalogue"]), started, written, steps)
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _doing(status: str, seconds: float | None, done: int | None, total: int | None) -> Doing:
    """A step as it was read. TypeError or ValueError for what is none."""
    whole = [None if units is None else int(units) for units in (done, total)]
    return Doing(str(status), None if seconds is None else float(seconds), *whole)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process > 0
