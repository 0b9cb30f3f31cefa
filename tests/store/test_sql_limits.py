"""A query that would take the machine ends in one sentence, and leaves nothing that runs on."""

import faulthandler
import gc
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import duckdb
import psutil
import pyarrow as pa
import pytest

from store import sql_worker
from store.errors import QueryError
from store.limits import Limits, PageLimits
from store.root import Root
from store.sql import ask
from tests.factories import make_store
from tests.store.numbered import REPOSITORY, start

SMALL = Limits(seconds=60, memory=200, rows=10_000, reply=10)
ONE_SECOND = Limits(seconds=1, memory=1_000)
TIME, MEMORY, ROWS, REPLY = "longer than 1 s", "more than 200 MB of memory", "more than 10,000 rows", "more than 10 MB"
ENDLESS = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
COSTLY = {
    "SELECT repeat('abc', 1000000000::BIGINT)": (SMALL, MEMORY),
    "SELECT list(x) FROM range(1000000000) t(x)": (SMALL, MEMORY),
    "SELECT * FROM range(100000000) t(x) ORDER BY hash(x)": (SMALL, MEMORY),
    "SELECT unnest(range(1000000))": (SMALL, ROWS),
    "SELECT * FROM products a, products b, products c": (SMALL, f"{ROWS}|{REPLY}"),
    "SELECT repeat('x', 10000) FROM range(5000)": (SMALL, REPLY),
    "SELECT repeat('x', 20000000)": (SMALL, REPLY),
    "SELECT lpad('x', 1500000000, 'y')": (ONE_SECOND, TIME),
    ENDLESS: (ONE_SECOND, TIME),
    "SELECT levenshtein(repeat('a', 200000), repeat('b', 200000))": (ONE_SECOND, TIME),
    "SELECT count(*) FROM range(9000000) a, range(9000000) b WHERE a.range * b.range % 7 = 8": (ONE_SECOND, TIME),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return make_store(tmp_path_factory.mktemp("limits") / "store")


@pytest.mark.parametrize("statement", COSTLY)
def test_a_costly_query_ends_in_a_sentence_and_the_next_is_answered(root: Root, statement: str) -> None:
    limits, words = COSTLY[statement]
    before = set(psutil.Process().children())  # of other tests in this process
    with pytest.raises(QueryError, match=words) as refused:
        ask(root, statement, limits=limits)
    assert re.search(r"--(seconds|memory|rows|reply)", str(refused.value)), "the remedy"
    assert set(psutil.Process().children()) <= before
    assert ask(root, "SELECT count(*) AS n FROM products").to_pylist() == [{"n": 60}]


# Prints how many seconds of a processor a query takes more in a process of its own than in this one, median of 40. In a
# small process, as the command is: the cost of a fork grows with the memory of what is forked.
COST = """
import resource, statistics, sys
from pathlib import Path
from store import snapshot
from store.root import Root
from store.sql import ask
root, question = Root(Path(sys.argv[1])), "SELECT count(*) FROM products"
def here():
    with snapshot.connect_sealed(root) as connection:
        connection.execute(question).fetchall()
def there():
    ask(root, question)
def used():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
def cost(asked):
    before = used()
    asked()
    return used() - before
here(), there()  # the first of each imports what it needs
pairs = [(cost(here), cost(there)) for _ in range(40)]
print(statistics.median(b for _, b in pairs) - statistics.median(a for a, _ in pairs))
"""


@pytest.mark.faults
def test_what_a_process_of_its_own_costs_a_query(root: Root, tmp_path: Path) -> None:
    with start(COST, root.path, folder=tmp_path) as asking:
        output, trace = asking.communicate(timeout=600)
    assert not trace
    more, after = float(output), []
    for statement, (limits, _) in COSTLY.items():
        with suppress(QueryError):
            ask(root, statement, limits=limits)
        started = time.monotonic()
        ask(root, "SELECT count(*) FROM products")
        after.append(time.monotonic() - started)
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(
        f"a query in a process of its own takes {1000 * more:.0f} ms of a processor more than in this one (median of "
        f"40); after each of {len(after)} that met a limit the next was answered within {max(after):.2f} s "
        f"(with {busy:.1f} programs to a processor)"
    )
    assert more < 0.030
    assert max(after) < 1.0 * busy


def test_a_result_at_the_limit_is_answered_whole(root: Root) -> None:
    assert ask(root, "FROM range(10000)", limits=SMALL)["range"].to_pylist() == list(range(10_000))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_the_process_of_a_query_gets_no_more_memory_than_its_limit() -> None:
    def work() -> Iterator[pa.Table]:
        sql_worker.confine(SMALL)
        yield pa.table({"n": [len(bytearray(100_000_000))]})
        yield pa.table({"n": [len(bytearray(2_000_000_000))]})

    with pytest.raises(QueryError, match=MEMORY):
        sql_worker.run(work, SMALL)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_a_process_that_is_ended_from_outside_is_named_in_a_sentence(number: signal.Signals) -> None:
    def work() -> Iterator[pa.Table]:
        faulthandler.disable()  # pytest's would write both processes' stacks among the results
        os.kill(os.getpid(), number)
        yield pa.table({})

    with pytest.raises(QueryError, match=f"ended by {number.name}.*--memory"):
        sql_worker.run(work, SMALL)


def test_a_process_that_ends_without_a_reply_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="ended with 3 and no reply"):
        sql_worker.run(lambda: os._exit(3), SMALL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_when_the_command_is_ended(root: Root, number: signal.Signals) -> None:
    # a shell lets what it starts in the background ignore SIGINT, which is inherited
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import aislemap; aislemap.main()"
    command = [sys.executable, "-c", code, "sql", ENDLESS, "--store", str(root.path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        while not (workers := psutil.Process(asked.pid).children()) and asked.poll() is None:
            time.sleep(0.05)
        time.sleep(0.2)
        asked.send_signal(number)
        out, err = asked.communicate(timeout=30)
    assert (asked.returncode, out) == (130 if number == signal.SIGINT else -number, b"")
    assert b"Traceback" not in err
    gone, alive = psutil.wait_procs(workers, timeout=30)
    assert (len(gone), alive) == (1, [])


def test_the_page_of_queries_has_every_limit_with_its_default_and_reason() -> None:
    page = (REPOSITORY / "docs" / "queries.md").read_text(encoding="utf-8")
    for limits in (Limits(), PageLimits()):
        rows = dict(re.findall(rf"^\| `{limits.option}(\w+)` \| (\d+)(?: MB)? \| .{{20,}} \|$", page, re.MULTILINE))
        assert {name: int(value) for name, value in rows.items()} == asdict(limits)


def test_what_this_process_left_to_its_collector_does_not_end_a_query() -> None:
    left: list[object] = [duckdb.connect()]
    left[0].execute("SELECT sum(i) FROM range(10_000_000) t(i)")  # type: ignore[attr-defined]  # it has threads now
    left.append(left)

    def collecting() -> Iterator[pa.Table]:
        gc.collect()
        yield pa.table({"n": [1]})

    gc.disable()
    try:
        del left
        assert sql_worker.run(collecting, Limits()).to_pylist() == [{"n": 1}]
    finally:
        gc.enable()
