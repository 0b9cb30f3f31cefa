"""The door of the SQL page: whose query runs, who waits and for how long, and the results that are kept."""

import logging
import multiprocessing
import multiprocessing.forkserver
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TypeVar

import pyarrow as pa
from flask import current_app

from store import logs, sql, sql_worker
from store.errors import QueryError
from store.limits import PageLimits
from store.root import Root
from store.sql import Question

log = logging.getLogger(__name__)
WAITING = 3
"""Queries that wait while one runs; they hold threads of the server, which has eight. The next is refused."""
KEPT = 16
"""Results kept, for sorting, paging and files: each of at most `PageLimits.reply` MB. The oldest goes."""
EXTENSION = "aislemap-sql"
PRODUCT_ID = "product_id"
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Result:
    """The first rows of what a statement gave on a snapshot, whether there are more, and how long it took."""

    statement: str
    number: int
    table: pa.Table
    cut: bool
    seconds: float


class Door:
    """One query at a time, in a process of its own, for the threads of the dashboard.

    A query waits at most as long as those before it may take, which is `WAITING` times the limit.
    """

    def __init__(self, root: Root, limits: PageLimits) -> None:
        self.root, self.limits = root, limits
        self._context = sql_worker.threaded()
        self._places = threading.Semaphore(1 + WAITING)
        self._turn = threading.Condition()
        self._running = False
        self._stops: dict[str, Connection] = {}
        self._lock = threading.Lock()
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._products: OrderedDict[tuple[str, int, str], list[str]] = OrderedDict()
        multiprocessing.forkserver.ensure_running()

    def run(self, statement: str, number: int, page: str = "") -> str:
        """The token of a statement's result on that snapshot, cut after `limits.rows`.

        QueryError and StoreError, and QueryError too where too many wait or it was cancelled (`cancel`) by its `page`.
        """
        rows = self.limits.rows
        table, taken = self._ask(
            Question(self.root, statement, number, first=rows + 1), replace(self.limits, rows=rows + 1), page
        )
        result = Result(statement, number, table.slice(0, rows), table.num_rows > rows, taken)
        token = secrets.token_urlsafe(12)
        with self._lock:
            _keep(self._results, token, result)
        return token

    def cancel(self, page: str) -> None:
        """End the query of that page, whether it runs or waits; its process is killed. Nothing where there is none."""
        with self._turn:
            if page in self._stops:
                self._stops.pop(page).send_bytes(b"stop")
                self._turn.notify_all()

    def result(self, token: str | None) -> Result | None:
        """The result of that token, None if it is not kept any more."""
        with self._lock:
            return self._results.get(token or "")

    def products(self, statement: str, number: int) -> list[str]:
        """The ids in the column product_id of the whole result, for a rule of an address; kept until a log grows.

        Errors as `run`, and QueryError where there is no such column or there are more rows than `limits.rows`.
        """
        asked = statement, number, logs.stamp(self.root)
        with self._lock:
            kept = self._products.get(asked)
        if kept is None:
            asker = secrets.token_urlsafe(12)  # no page, so that none cancels it
            table, _ = self._ask(Question(self.root, statement, number, only=PRODUCT_ID), self.limits, asker)
            kept = [str(found) for found in table[PRODUCT_ID].unique().to_pylist() if found is not None]
            with self._lock:
                _keep(self._products, asked, kept)
        return kept

    def _ask(self, question: Question, limits: PageLimits, page: str) -> tuple[pa.Table, float]:
        """The answer, and the seconds that it took once it was its turn."""
        with self._queued(page) as stop:
            started = time.perf_counter()
            try:
                return sql.answer(question, limits, self._context, stop), time.perf_counter() - started
            except RuntimeError as error:  # what the process of the query did not expect
                log.error("a query failed: %s", error)
                raise QueryError("The query failed; the server's log has the details.") from error

    @contextmanager
    def _queued(self, page: str) -> Iterator[Connection]:
        """Wait for the turn, and give what tells that the query is cancelled. QueryError where that was meanwhile."""
        if not self._places.acquire(blocking=False):
            raise QueryError(
                f"One query runs and {WAITING} wait, as many as may; run yours again in "
                f"{self.limits.seconds:g} seconds."
            )
        stop, stopper = multiprocessing.Pipe(duplex=False)
        try:
            with self._turn:
                self._stops[page] = stopper
                self._turn.wait_for(lambda: not self._running or stop.poll())
                if stop.poll():
                    raise QueryError("The query was cancelled while it waited for others.")
                self._running = True
            try:
                yield stop
            finally:
                with self._turn:
                    self._running = False
                    self._turn.notify_all()
        finally:
            with self._turn:
                if self._stops.get(page) is stopper:
                    del self._stops[page]
            stop.close()
            stopper.close()
            self._places.release()


def of_app() -> Door:
    """The door of the app that answers the present request; QueryError where the SQL page is off."""
    door: Door | None = current_app.extensions.get(EXTENSION)
    if door is None:
        raise QueryError("The SQL page is off in this dashboard; it is started with --sql where it is on.")
    return door


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    while len(kept) > KEPT:
        kept.popitem(last=False)
