"""One writer at a time, by a lock that names its holder and goes with its process, however that ends.

The logs have a lock of their own, held for one file: the scheduler writes events while an ingestion holds the store. It
stands in their folder, so that who may write there alone, as a dashboard for reviews, can add to them.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from store.errors import StoreBusy, StoreError
from store.ownership import own
from store.root import Root

LOCK, HOLDER = "writer.lock", "writer.json"
LOG_LOCK = "log/writer.lock"
LOG_SECONDS = 5.0
"""Seconds to wait for the lock of the logs: writing a file of a log takes some 0.1."""


@contextmanager
def writing(root: Root, purpose: str) -> Iterator[None]:
    """Hold the store for writing, after removing what killed writers left half written.

    StoreBusy, naming the holder, if somebody else holds it; StoreError if nobody can.
    """
    with _held(root, LOCK, 0, lambda: _holder(root)):
        with appending(root):
            for name in filter(own, root.temporaries()):
                root.remove(name)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        holder = {"purpose": purpose, "process": os.getpid(), "host": socket.gethostname(), "since": now}
        try:
            root.put(HOLDER, json.dumps(holder).encode())
            yield
        finally:
            root.remove(HOLDER)


@contextmanager
def appending(root: Root) -> Iterator[None]:
    """Hold the logs for writing one file; StoreBusy if somebody else does for long, StoreError if nobody can."""
    with _held(root, LOG_LOCK, LOG_SECONDS, lambda: "a process that writes to its logs"):
        yield


@contextmanager
def _held(root: Root, name: str, seconds: float, holder: Callable[[], str]) -> Iterator[None]:
    lock = FileLock(root.path / name)
    try:
        (root.path / name).parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=seconds)
    except Timeout:
        raise StoreBusy(f"The store {root.path} is being written by {holder()}; wait for it to end.") from None
    except OSError as error:
        raise StoreError(f"The store {root.path} cannot be written ({error}); name a folder that can be.") from error
    try:
        yield
    finally:
        lock.release()


def _holder(root: Root) -> str:
    try:
        return "{purpose} (process {process} on {host}, since {since})".format(**json.loads(root.read(HOLDER)))
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
