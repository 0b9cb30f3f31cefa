"""A child process that ends with its parent, however that ends."""

import multiprocessing
import os
import threading
from multiprocessing import connection


def end_with_parent() -> None:
    """In a child of `multiprocessing`: end this process, whatever it does, as soon as its parent is gone.

    A thread waits for the parent's end of a pipe, which the kernel closes: nothing is polled, and a killed parent is
    noticed as any other. What the child was writing stays as a temporary file, which the next writer removes.
    """
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
