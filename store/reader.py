"""A reader that follows the newest snapshot: what a long-lived server asks its questions through."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from store import snapshot
from store.root import Root

KEPT = 3
"""Snapshots kept open: the newest, and those that pages opened before it still show."""


class Reader:
    """Cursors on the snapshots of a store, for many threads.

    A snapshot is opened once and shared. One that is no longer kept lives on until its last cursor is closed.
    """

    def __init__(self, root: Root) -> None:
        self.root = root
        self.removed = False
        """Whether the store had a snapshot when it was looked at, and had none when it was looked at last."""
        self._had = False
        self._open: dict[int, duckdb.DuckDBPyConnection] = {}
        self._lock = threading.Lock()

    def number(self) -> int | None:
        """The newest snapshot's number, None if nothing is published: one listing of a folder."""
        newest = next(reversed(self.numbers()), None)
        self._had = self._had or newest is not None
        self.removed = self._had and newest is None
        return newest

    def numbers(self) -> list[int]:
        """The numbers of all snapshots, oldest first."""
        return snapshot.numbers(self.root)

    def stamp(self) -> str:
        """Changes whenever the logs (runs, schedule) do: the names of their newest files."""
        return " ".join(name for log in ("runs", "schedule") for name in self.root.names(f"log/{log}")[-1:])

    @contextmanager
    def cursor(self, number: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor on that snapshot (the newest by default). StoreMissing, SnapshotNotFound or StoreDamaged."""
        wanted = self.number() if number is None else number
        with self._lock:
            if wanted is None or wanted not in self._open:
                wanted = snapshot.open_snapshot(self.root, wanted).number  # StoreMissing where there is none
                self._open[wanted] = snapshot.connect(self.root, wanted)
                for old in sorted(self._open)[:-KEPT]:
                    if old != wanted:
                        del self._open[old]
            cursor = self._open[wanted].cursor()
        with cursor:
            yield cursor
