"""One writer at a time, by a lock that names its holder and goes with its process, however that ends."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from store.errors import StoreBusy, StoreError
from store.root import Root

LOCK, HOLDER = "writer.lock", "writer.json"


@contextmanager
def writing(root: Root, purpose: str) -> Iterator[None]:
    """Hold the store for writing; StoreBusy, naming the holder, if somebody else does; StoreError if nobody can."""
    lock = FileLock(root.path / LOCK)
    try:
        root.path.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreBusy(f"The store {root.path} is being written by {_holder(root)}; wait for it to end.") from None
    except OSError as error:
        raise StoreError(f"The store {root.path} cannot be written ({error}); name a folder that can be.") from error
    try:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        holder = {"purpose": purpose, "process": os.getpid(), "host": socket.gethostname(), "since": now}
        root.put(HOLDER, json.dumps(holder).encode())
        yield
    finally:
        root.remove(HOLDER)
        lock.release()


def _holder(root: Root) -> str:
    try:
        return "{purpose} (process {process} on {host}, since {since})".format(**json.loads(root.read(HOLDER)))
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
