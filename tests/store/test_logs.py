"""The logs: few files that grow, of which a damaged one costs its own rows only."""

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store import lock, logs, snapshot, tables
from store.errors import StoreBusy, StoreDamaged
from store.reader import Reader
from store.root import Root
from store.upkeep import vacuum, verify
from tests.store.numbered import publish, stock

NAMES = [f"log/runs/{n:08d}.parquet" for n in range(1, 9)]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


def add(root: Root, *runs: str) -> None:
    for run in runs:
        logs.append(root, "runs", [{"run_id": run}])


def found(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [run for (run,) in connection.execute("SELECT run_id FROM runs ORDER BY 1").fetchall()]


def test_events_are_rows_of_one_file_until_it_is_full(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "ROWS", 3)
    add(root, *"abcdefg")
    assert logs.files(root, "runs") == NAMES[:3]
    assert [logs.read(root, name)["run_id"].to_pylist() for name in NAMES[:3]] == [[*"abc"], [*"def"], ["g"]]
    assert root.temporaries() == []


def test_a_text_that_is_not_utf8_is_logged_with_its_escape(root: Root) -> None:
    add(root, os.fsdecode(b"caf\xe9.csv"), "caf\u00e9\x1b.csv")
    assert logs.read(root, NAMES[0])["run_id"].to_pylist() == ["caf\\udce9.csv", "caf\u00e9\x1b.csv"]


def test_a_thousand_events_are_one_file(root: Root) -> None:
    logs.append(root, "runs", [{"run_id": f"{n:04d}"} for n in range(999)])
    add(root, "0999")
    assert logs.files(root, "runs") == NAMES[:1]
    assert len(logs.read(root, NAMES[0])) == 1000


@pytest.mark.figures
def test_ten_thousand_runs_cost_a_poll_and_vacuum_milliseconds(root: Root) -> None:
    publish(root, 1)
    for table, rows in (("runs", 10_000), ("steps", 1_000_000)):
        full = tables.table(table).schema.empty_table()
        full = pa.Table.from_pylist([{"run_id": f"{n:05d}"} for n in range(logs.ROWS)], schema=full.schema)
        for number in range(2, 2 + -(-rows // logs.ROWS)):
            root.put(f"log/{table}/{number:08d}.parquet", b"")
            pq.write_table(full, root.url(f"log/{table}/{number:08d}.parquet"))
    started = time.perf_counter()
    logs.stamp(root)
    polled = time.perf_counter()
    with lock.writing(root, "vacuum"):
        vacuum(root)
    print(
        f"logs of 10,000 runs with a million steps, {len(logs.all_files(root))} files: "
        f"a poll takes {1000 * (polled - started):.1f} ms, vacuum {1000 * (time.perf_counter() - polled):.0f} ms"
    )
    assert polled - started < 0.1
    assert time.perf_counter() - polled < 5


def test_of_events_added_at_once_none_is_lost(root: Root) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: add(root, f"{n:02d}"), range(20)))
    assert sorted(logs.read(root, NAMES[0])["run_id"].to_pylist()) == [f"{n:02d}" for n in range(20)]


def test_events_are_added_while_an_ingestion_holds_the_store(root: Root) -> None:
    with lock.writing(root, "ingest"):
        add(root, "a")
    assert len(logs.read(root, NAMES[0])) == 1


def test_a_log_that_another_process_holds_is_busy(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOG_SECONDS", 0.01)
    with lock.appending(root), pytest.raises(StoreBusy, match="writes to its logs"):
        add(root, "a")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("damage", [cut, lambda data: b"", lambda data: b"no Parquet"])
def test_a_damaged_file_of_a_log_is_left_out_and_named(
    root: Root, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(logs, "ROWS", 2)
    add(root, *"abcdef")
    publish(root, 1)
    reader = Reader(root)
    with reader.cursor() as cursor:
        assert found(cursor) == [*"abcdef"]
    root.put(NAMES[1], damage(root.read(NAMES[1])))
    with reader.cursor(1) as cursor, snapshot.connect(root) as connection, snapshot.connect_sealed(root) as sealed:
        assert found(cursor) == found(connection) == found(sealed) == [*"abef"]
    (fault,) = verify(root)
    assert fault.startswith(f"{NAMES[1]} cannot be read")
    assert snapshot.notices(root) == [n for n in reader.notices() if n.startswith(f"{NAMES[1]} cannot be read")]
    publish(root, 2)
    assert root.exists(f"{NAMES[1]}.damaged"), "nothing is thrown away"
    with stock(root) as client, reader.cursor() as cursor:
        assert found(client) == found(cursor) == [*"abef"]
    assert verify(root) == []
    assert snapshot.notices(root) == []


def test_a_damaged_newest_file_is_set_aside_by_the_next_event(root: Root, caplog: pytest.LogCaptureFixture) -> None:
    add(root, "a")
    root.put(NAMES[0], cut(root.read(NAMES[0])))
    with caplog.at_level(logging.WARNING):
        add(root, "b", "c")
    assert f"{NAMES[0]} cannot be read" in caplog.text
    assert f"It was set aside as {NAMES[0]}.damaged." in caplog.text
    assert logs.files(root, "runs") == [NAMES[1]], "a number is not taken twice"
    assert logs.read(root, NAMES[1])["run_id"].to_pylist() == ["b", "c"]


def test_one_bit_altered_in_a_page_of_a_log_is_noticed(root: Root) -> None:
    publish(root, 1)
    add(root, "abcdefgh")
    data = root.read(NAMES[0])
    at = data.index(b"abcdefgh")
    root.put(NAMES[0], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(StoreDamaged, match=NAMES[0]):
        logs.read(root, NAMES[0])
    assert [fault.partition(" ")[0] for fault in verify(root)] == [NAMES[0]]
    assert len(logs.mend(root, every_byte=True)) == 1
    assert verify(root) == []


def test_a_log_of_an_older_version_gets_the_columns_that_it_lacks(root: Root) -> None:
    publish(root, 1)
    older = pa.table({"run_id": ["old"], "version": ["0.0.9"]})
    with root.writing(NAMES[0]) as temporary:
        pq.write_table(older, temporary)
    publish(root, 2)
    with stock(root) as client, snapshot.connect(root) as connection:
        assert found(client) == found(connection) == ["old"]
        assert connection.execute("SELECT version, products FROM runs").fetchall() == [("0.0.9", None)]
    assert logs.read(root, NAMES[0]).schema == tables.table("runs").schema


def test_the_stamp_of_the_logs_changes_with_every_event(root: Root) -> None:
    publish(root, 1)
    seen = [logs.stamp(root)]
    for log in ("runs", "steps", "schedule"):
        logs.append(root, log, [{}])
        seen.append(logs.stamp(root))
    assert len(set(seen)) == 4
    assert logs.stamp(root) == seen[-1]
