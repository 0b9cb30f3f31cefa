"""What the process that queries are forked from imports (`sql_worker.threaded`), and how it ends: no other may."""

import atexit
import os

from store import sql

__all__ = ["sql"]
atexit.register(os._exit, 0)  # at Python's own end DuckDB lists what it has not freed on standard error
