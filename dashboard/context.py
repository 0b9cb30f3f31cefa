"""What was asked of a snapshot, kept: a snapshot never changes, so neither do the answers."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from flask import current_app

from dashboard.theme import Look, looks
from store import snapshot
from store.questions import catalogue
from store.questions.ask import Cursor
from store.reader import KEPT, Reader
from store.root import Root

P = ParamSpec("P")
T = TypeVar("T")
ANSWERS = 256
"""Answers kept of a snapshot: those of all pages for some ten methods; the one that was used least lately goes."""


class Context:
    """One snapshot's answers, for many threads: who asks what another is asking already waits for its answer."""

    def __init__(self, reader: Reader, number: int) -> None:
        self.number = number
        self._reader = reader
        self._answers: OrderedDict[tuple[Any, ...], Future[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._files = snapshot.open_snapshot(reader.root, number).files

    def ask(self, question: Callable[Concatenate[Cursor, P], T], *values: P.args, **named: P.kwargs) -> T:
        """The answer of a function of `store.questions` to these values, which must be hashable. Do not change it."""

        def answer() -> T:
            with self.cursor() as cursor:
                return question(cursor, *values, **named)

        return self._kept((question, *values, *sorted(named.items())), answer)

    def draw(self, part: Callable[Concatenate["Context", P], T], *values: P.args, **named: P.kwargs) -> T:
        """A part of a page that rests on this snapshot and these values alone, drawn once. Do not change it."""
        return self._kept((part, *values, *sorted(named.items())), lambda: part(self, *values, **named))

    def _kept(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        with self._lock:
            kept = self._answers.get(key)
            answer = self._answers[key] = kept or Future()
            self._answers.move_to_end(key)
            while len(self._answers) > ANSWERS:
                self._answers.popitem(last=False)
        if kept is None:
            try:
                answer.set_result(make())
            except BaseException as error:
                answer.set_exception(error)
                with self._lock:
                    if self._answers.get(key) is answer:
                        del self._answers[key]
        return cast("T", answer.result())

    def cursor(self) -> AbstractContextManager[Cursor]:
        """A cursor on the snapshot."""
        return self._reader.cursor(self.number)

    @property
    def root(self) -> Root:
        """The store, which has the other snapshots too."""
        return self._reader.root

    def looks(self) -> dict[str, Look]:
        """The look of each category."""
        return looks([c.name for c in self.ask(catalogue.categories)])

    def token(self, *tables: str) -> str:
        """16 hexadecimal digits that are the same while the content of these tables is, in any snapshot or store."""
        files = [(table, [file.sha256 for file in self._files.get(table, [])]) for table in tables]
        return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


_kept: WeakKeyDictionary[Reader, OrderedDict[int, Context]] = WeakKeyDictionary()
_lock = threading.Lock()


def of(reader: Reader, number: int | None = None) -> Context:
    """The context of that snapshot, the reader's own by default. StoreMissing, SnapshotNotFound or StoreDamaged."""
    number, reader = reader.number() if number is None else number, reader.origin
    if number is None or number not in _kept.get(reader, {}):
        number = snapshot.open_snapshot(reader.root, number).number
    with _lock:
        kept = _kept.setdefault(reader, OrderedDict())
        context = kept.get(number) or Context(reader, number)
        kept[number] = context
        kept.move_to_end(number)
        while len(kept) > KEPT:
            kept.popitem(last=False)
        return context


def holding(reader: Reader, token: str, *tables: str) -> Context | None:
    """A context in which these tables have that token, the newest snapshot's first; None if none is kept."""
    contexts = [of(reader), *reversed(_kept[reader].values())]
    return next((context for context in contexts if context.token(*tables) == token), None)


def shown(number: int) -> Context:
    """The context of that snapshot of the store that the app which answers the present request shows."""
    return of(current_app.extensions["aislemap"], number)
