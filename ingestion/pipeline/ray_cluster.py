"""Joining a Ray cluster, or starting one of this machine alone."""

import logging
import os
import signal
import socket
import threading
from typing import Any

import ray

from ingestion.config import Limits
from store.errors import ConfigError

CONNECT_SECONDS = 10.0
"""Seconds that the head of a cluster may take to accept a connection."""
OBJECT_STORE_BYTES = 128 * 2**20
"""Shared memory of a cluster that is started here: tasks and their results are small, the data go through the store."""


def join(address: str | None, limits: Limits) -> bool:
    """Join the cluster of that address, or start one; False if this process has joined one already.

    ConfigError if there is none that can be joined.
    """
    if ray.is_initialized():
        return False
    options: dict[str, Any] = (
        {"address": address}
        if address
        else {
            "address": "local",
            "num_cpus": limits.workers or len(os.sched_getaffinity(0)),
            "object_store_memory": OBJECT_STORE_BYTES,
            "include_dashboard": False,
        }
    )
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would report to its makers
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        if address and address != "auto":
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()  # Ray itself would try for minutes
        ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        where = f"at {address}" if address else "on this machine"
        raise ConfigError(
            f"There is no Ray cluster {where} that can be joined ({first_line(error)}); start one with `ray start`, "
            "and run this command on one of its nodes."
        ) from error
    finally:
        if in_main:
            signal.signal(signal.SIGTERM, handler)  # Ray puts its own there
    return True


def first_line(error: Exception) -> str:
    """What an error says in its first line; the name of its class if it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
