"""A child process with limits for work that somebody else wrote, and its reply as a table.

It is forked, which costs milliseconds where a new interpreter costs most of a second: of this process, or, where that
has threads, of one that never has (`threaded`). The kernel holds its limits, whatever it computes: the time by an
alarm, the memory by its address space, the disk by a file size of none and by Landlock.
"""

import gc
import json
import multiprocessing
import os
import resource
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from multiprocessing import connection
from multiprocessing.context import ForkContext, ForkServerContext

import psutil
import pyarrow as pa

from store import landlock
from store.errors import AislemapError, QueryError, SnapshotNotFound, StoreDamaged, StoreError, StoreMissing
from store.limits import Limits
from store.orphan import end_with_parent

HEADROOM_MB = 1_024
"""Address space beyond a query's memory, for the stacks and arenas of threads: they reserve more than they use. Opening
DuckDB alone reserves 670 MB on two cores."""
ERRORS = {error.__name__: error for error in (QueryError, StoreError, StoreMissing, SnapshotNotFound, StoreDamaged)}
"""What the child may end with in words."""


def threaded() -> ForkServerContext:
    """For `run` in a process with threads, of which a fork could wait for ever: children of a process of its own.

    That process is started by the first query, or by `multiprocessing.forkserver.ensure_running`, ends with this one,
    and has imported what a query needs.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["aislemap", "store.sql_preload"])
    return context


def run(
    work: Callable[[], Iterator[pa.Table]],
    limits: Limits,
    context: ForkServerContext | None = None,
    stop: "connection.Connection | None" = None,
) -> pa.Table:
    """The tables of `work`, which all have the schema of the first, as one; the work is done in a child process.

    The child is killed when this is left, by an exception (a KeyboardInterrupt) too, and ends by itself when this
    process is gone. QueryError where a limit is met, for a MemoryError of `work`, and as soon as anything can be read
    from `stop`; what `work` raises of `ERRORS`; RuntimeError with the child's traceback for anything else. A fork of
    this process if no `context` (`threaded`) is given, by which `work` is pickled.
    """
    made: ForkContext | ForkServerContext = context or multiprocessing.get_context("fork")
    receiver, sender = made.Pipe(duplex=False)
    child = made.Process(target=_serve, args=(work, limits, sender), daemon=True)
    collecting = gc.isenabled()
    gc.disable()  # in the child too, which would free what this process's threads hold, and crash
    try:
        with warnings.catch_warnings():  # Python 3.12 warns of any thread; here none is ours, and none holds a lock
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
    finally:
        if collecting:
            gc.enable()
    sender.close()
    try:
        pieces = []
        while (message := _receive(receiver, child, limits, stop))[:1] == b"T":
            pieces.append(pa.ipc.open_stream(pa.py_buffer(message)[1:]).read_all())
        if message[:1] == b"E":
            _raise(message[1:])
        return pa.concat_tables(pieces)
    finally:
        child.kill()
        child.join()
        receiver.close()


def confine(limits: Limits) -> None:
    """Take away from this process, for good, the right to write a byte to any file and to more memory than the limit.

    Called in the child once what needs no limit is open: the address space counts from what is taken by then.
    """
    space = psutil.Process().memory_info().vms + (limits.memory + HEADROOM_MB) * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _receive(
    receiver: "connection.Connection",
    child: multiprocessing.process.BaseProcess,
    limits: Limits,
    stop: "connection.Connection | None",
) -> bytes:
    if stop is not None and stop in connection.wait([receiver, stop]):
        raise QueryError("The query was cancelled.")
    try:
        return receiver.recv_bytes()
    except EOFError:
        child.join()
    if child.exitcode == -signal.SIGALRM:
        raise QueryError(
            f"The query took longer than {limits.seconds:g} s and was ended. Ask for less (WHERE, a narrower join), or "
            f"give it more with {limits.option}seconds."
        )
    if (child.exitcode or 0) < 0:
        raise QueryError(
            f"The query was ended by {signal.Signals(-(child.exitcode or 0)).name}, as it is where memory ends. "
            f"{_less_memory(limits)}"
        )
    raise RuntimeError(f"The process of the query ended with {child.exitcode} and no reply.")


def _less_memory(limits: Limits) -> str:
    more = f"give it more than {limits.memory:,} MB with {limits.option}memory"
    return f"Ask for less (WHERE, LIMIT, fewer columns), or {more}."


def _raise(body: bytes) -> None:
    name, text = json.loads(body)
    if name in ERRORS:
        raise ERRORS[name](text)
    raise RuntimeError(f"The process of the query failed:\n{text}")


def _serve(work: Callable[[], Iterator[pa.Table]], limits: Limits, sender: "connection.Connection") -> None:
    """The child: send each table as it comes, then how it ended. It never returns to what was forked."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches both; the parent says so
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    gc.freeze()  # a connection of the parent would wait for threads that are not here
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):  # C++ writes to it as memory ends; the parent tells it in words
        os.dup2(nowhere, standard)
    end_with_parent()
    try:
        landlock.change_nothing()  # before DuckDB starts threads, which have the rights of their maker
        rows = size = 0
        for piece in work():
            rows, size = rows + piece.num_rows, size + piece.nbytes
            if rows > limits.rows:
                raise QueryError(
                    f"The result has more than {limits.rows:,} rows. Add a LIMIT, or raise {limits.option}rows."
                )
            if size > limits.reply * 1_000_000:
                raise QueryError(
                    f"The result has more than {limits.reply:,} MB. Ask for fewer columns or rows, or raise "
                    f"{limits.option}reply."
                )
            sender.send_bytes(b"T" + _stream(piece))
        sender.send_bytes(b"D")
    except AislemapError as error:
        sender.send_bytes(b"E" + json.dumps([type(error).__name__, str(error)]).encode())
    except MemoryError:
        text = f"The query needs more than {limits.memory:,} MB of memory. {_less_memory(limits)}"
        sender.send_bytes(b"E" + json.dumps([QueryError.__name__, text]).encode())
    except Exception:  # handed over, as nothing else of this process is seen
        sender.send_bytes(b"E" + json.dumps(["", traceback.format_exc()]).encode())
    finally:
        os._exit(0)  # threads may still compute what nobody waits for


def _stream(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())
