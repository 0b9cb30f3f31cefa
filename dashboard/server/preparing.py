"""A snapshot is made ready beside the server, so that its first visitor does not wait for what is asked once."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dash import Dash

from dashboard import pages
from store.reader import Reader

log = logging.getLogger(__name__)
SECONDS = 4.0
"""How often the store is looked at for a new snapshot: as often as an open page does, by one listing of a folder."""


@contextmanager
def following(app: Dash, seconds: float = SECONDS) -> Iterator[None]:
    """Prepare each newest snapshot of the app's store, in one thread that ends with the block.

    A page that asks meanwhile waits for the same answer, which is kept once. A store that is empty or cannot be read
    is looked at again; the log says why. At the end at most one page's preparation is waited for.
    """
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(app, ended, seconds), name="preparing")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def prepare(app: Dash, number: int, ended: threading.Event | None = None) -> None:
    """Let each page that has a `prepare` make that snapshot ready, until `ended` is set."""
    reader: Reader = app.server.extensions["aislemap"]
    with app.server.app_context():
        for page in pages.discover():
            if page.prepare is not None and not (ended and ended.is_set()):
                page.prepare(reader, number)


def _follow(app: Dash, ended: threading.Event, seconds: float) -> None:
    reader: Reader = app.server.extensions["aislemap"]
    done = reported = None
    while not ended.is_set():
        try:
            number = reader.number()
            if number is not None and number != done:
                prepare(app, number, ended)
                done = number
        except Exception as error:  # whatever it is, whoever opens the page sees it
            if str(error) != reported:
                log.warning("a snapshot was not prepared: %s", error)
                reported = str(error)
        ended.wait(seconds)
