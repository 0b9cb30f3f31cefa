"""A reader that follows the newest snapshot: what a long-lived server asks its questions through."""

import copy
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import duckdb

from store import logs, manifest, snapshot, views
from store.errors import StoreError
from store.root import Root

KEPT = 3
"""Snapshots kept open: the newest, and those that pages opened before it still show."""


@dataclass
class _Opened:
    snapshot: manifest.Snapshot
    connection: duckdb.DuckDBPyConnection
    logs: str
    """The stamp of the logs that it shows."""


class Reader:
    """Cursors on the snapshots of a store, for many threads.

    A snapshot is opened once and shared. One that is no longer kept lives on until its last cursor is closed. Who asks
    for one that is open does not wait for another that is being opened, which takes seconds on a slow disk.
    """

    def __init__(self, root: Root) -> None:
        self.root = root
        self.removed = False
        """Whether the store had a snapshot when it was looked at, and had none when it was looked at last."""
        self._had = False
        self._open: dict[int, _Opened] = {}
        self._opening: defaultdict[int | None, threading.Lock] = defaultdict(threading.Lock)
        """Held while a snapshot is opened or its logs are, so that no two threads do the same."""
        self._lock = threading.Lock()
        self._at: int | None = None
        self.origin = self
        """The reader that this one was made of by `at`; itself, if it was not."""

    def at(self, number: int) -> "Reader":
        """The same reader with that snapshot in place of the newest, for who shows an older one."""
        made = copy.copy(self)
        made._at = number
        return made

    def number(self) -> int | None:
        """The number of the newest whole snapshot, None if nothing is published: one listing of a folder once it is
        open. If none is whole it is the newest, and who opens that is told why.
        """
        if self._at is not None:
            return self._at
        newest = next(reversed(self.numbers()), None)
        if newest is not None and newest not in self._open:
            with suppress(StoreError):
                newest = snapshot.open_snapshot(self.root).number
        self._had = self._had or newest is not None
        self.removed = self._had and newest is None
        return newest

    def numbers(self) -> list[int]:
        """The numbers of all snapshots, oldest first."""
        return manifest.numbers(self.root)

    def stamp(self) -> str:
        """Changes whenever the logs do."""
        return logs.stamp(self.root)

    def notices(self) -> list[str]:
        """What whoever sees the newest snapshot should be told (`snapshot.notices`)."""
        with suppress(StoreError):  # told by whoever opens it
            return snapshot.notices(self.root)
        return []

    @contextmanager
    def cursor(self, number: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor on that snapshot (the newest by default). StoreMissing, SnapshotNotFound or StoreDamaged."""
        wanted = self.number() if number is None else number
        with self._lock:
            opening = self._opening[wanted]
        with opening:
            cursor = self._followed(wanted).connection.cursor()
        with cursor:
            yield cursor

    def _followed(self, wanted: int | None) -> _Opened:
        """The snapshot, opened if it is not, with its logs as they are now; for who holds its lock."""
        stamp = self.stamp()
        with self._lock:
            opened = self._open.get(wanted) if wanted is not None else None
        if opened is None:
            found = snapshot.open_snapshot(self.root, wanted)  # StoreMissing where there is none
            opened = _Opened(found, snapshot.connect(self.root, found.number), stamp)
            with self._lock:
                self._open[found.number] = opened
                for old in sorted(self._open)[:-KEPT]:
                    if old != found.number:
                        del self._open[old]
        elif opened.logs != stamp:
            snapshot.create_views(opened.connection, self.root, opened.snapshot, views.over, logs_only=True)
            opened.logs = stamp
        return opened
