"""Snapshots: published whole, seen by any DuckDB client from anywhere, kept for time travel."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from store import logs, manifest, snapshot, tables
from store.errors import SnapshotNotFound, StoreDamaged, StoreError, StoreMissing
from store.root import Root
from store.sql import ask
from tests.factories import METHODS, make_store
from tests.store.numbered import carried, publish, start, stock, whole, write_part

CLIENT = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as client:
    names = [name for name, in client.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
    print(json.dumps({name: client.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in names}))
    vector_types = client.execute("SELECT DISTINCT typeof(vector) FROM embedding_bert").fetchall()
    print(json.dumps(vector_types))
    near = client.execute(
        "SELECT b.product_id, array_cosine_similarity(a.vector, b.vector) AS s FROM embedding_bert a, embedding_bert b "
        "WHERE a.product_id = 'P0000' ORDER BY s DESC LIMIT 1"
    ).fetchall()
    print(json.dumps(near))
"""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


def test_snapshots_are_numbered_from_one_and_the_newest_is_opened(root: Root) -> None:
    assert manifest.numbers(root) == []
    assert [publish(root, n).number for n in (10, 20, 30)] == [1, 2, 3]
    assert manifest.numbers(root) == [1, 2, 3]
    newest = snapshot.open_snapshot(root)
    assert newest.number == 3
    assert datetime.fromisoformat(newest.created).tzinfo == UTC
    assert set(newest.files) == {"products", "duplicates", "models", "embedding_bert"}


def test_equal_content_publishes_nothing_new_in_whatever_order_its_parts_come(root: Root) -> None:
    first, second = write_part(root, 1, ["products"], "a"), write_part(root, 2, ["products", "models"], "b")
    published = snapshot.publish(root, [first, second])
    written = root.read(manifest.path(1))
    assert snapshot.publish(root, [second, first]) == published
    assert manifest.numbers(root) == [1]
    assert root.read(manifest.path(1)) == written
    assert snapshot.publish(root, [first]).number == 2
    assert snapshot.publish(root, [first, second]).number == 3, "back to an older content is news too"


def test_publishing_equal_content_mends_a_catalogue_that_a_killed_writer_or_a_move_left_behind(root: Root) -> None:
    publish(root, 1)
    old = root.read(snapshot.CATALOGUE)
    publish(root, 2)
    root.put(snapshot.CATALOGUE, old)  # as if killed between the manifest and the catalogue
    publish(root, 2)
    with stock(root) as client:
        assert carried(client) == whole(2)
    root.remove(snapshot.CATALOGUE)
    publish(root, 2)
    with stock(root) as client:
        assert carried(client) == whole(2)


def test_a_number_that_somebody_else_took_is_not_replaced(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(root, 1)
    taken = root.read(manifest.path(1))
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "names", lambda root: [])  # as listed before the other one published
        with pytest.raises(FileExistsError):
            snapshot.publish(root, [write_part(root, 2)])
    assert root.read(manifest.path(1)) == taken


def test_every_earlier_snapshot_can_be_opened_and_asked(root: Root) -> None:
    for n in (1, 2, 3):
        publish(root, n)
    for n in (1, 2, 3):
        with snapshot.connect(root, n) as connection:
            assert carried(connection) == whole(n)
    assert ask(root, "SELECT DISTINCT price FROM products", 2).to_pylist() == [{"price": 2}]


def test_two_snapshots_can_be_compared_by_their_signatures(root: Root) -> None:
    signatures = [publish(root, n).signature for n in (1, 2)]
    assert signatures[0] != signatures[1]
    assert [snapshot.open_snapshot(root, n).signature for n in (1, 2)] == signatures


def test_an_empty_or_absent_store_is_missing_and_the_remedy_is_named(root: Root) -> None:
    for look in (snapshot.open_snapshot, snapshot.connect, snapshot.write_catalogue):
        with pytest.raises(StoreMissing, match=f"{root.path}; run `aislemap ingest`"):
            look(root)
    assert not root.path.exists(), "looking makes no store"


def test_a_number_that_is_not_there_is_named_with_those_that_are(root: Root) -> None:
    publish(root, 1)
    publish(root, 2)
    with pytest.raises(SnapshotNotFound, match="no snapshot 7; it has 1 to 2"):
        snapshot.open_snapshot(root, 7)


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_damaged_file_is_named_by_whoever_opens_the_snapshot(root: Root, damage: str) -> None:
    name = publish(root, 1).files["products"][0].name
    root.remove(name) if damage == "missing" else root.put(name, root.read(name)[:50])
    for look in (snapshot.connect, snapshot.connect_sealed):
        with pytest.raises(StoreDamaged, match=rf"Snapshot 1 .* is not whole: {name} .*store verify"):
            look(root)


@pytest.mark.parametrize("look", [snapshot.connect, snapshot.connect_sealed])
def test_a_file_that_cannot_be_opened_names_its_table(root: Root, look: Callable[[Root], object]) -> None:
    name = publish(root, 1).files["products"][0].name
    root.put(name, root.read(name)[:-4] + b"RAP1")
    with pytest.raises(StoreDamaged, match=r"The table products of snapshot 1 cannot be read .*store verify"):
        look(root)


def test_any_stock_client_in_another_folder_reads_every_table(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    catalogue = str(root.path / snapshot.CATALOGUE)
    command = [sys.executable, "-I", "-c", CLIENT, catalogue]
    output = subprocess.check_output(command, cwd=elsewhere, text=True, timeout=300)
    counts, vector_types, near = map(json.loads, output.splitlines())
    ran = {f"embedding_{m.name}" for m in METHODS if m.noise is not None and not m.of}
    assert set(counts) == {t.name for t in tables.TABLES} | ran
    rows = {t: sum(f.rows for f in files) for t, files in snapshot.open_snapshot(root).files.items()}
    assert {t: counts[t] for t in rows} == rows
    assert all(counts[t.name] for t in tables.TABLES if t.log)
    assert vector_types == [["FLOAT[8]"]]
    assert near == [["P0000", pytest.approx(1)]]


def test_a_table_that_no_part_wrote_is_there_and_empty(root: Root) -> None:
    publish(root, 1)
    with stock(root) as client:
        assert client.execute("SELECT * FROM suspects").fetchall() == []
        types = dict(client.execute("SELECT column_name, column_type FROM (DESCRIBE suspects)").fetchall())
    assert types == {c.name: c.type for c in tables.table("suspects").columns}


def test_a_client_that_left_its_write_ahead_log_does_not_spoil_the_next_catalogue(root: Root, tmp_path: Path) -> None:
    publish(root, 1)
    crash = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute(\"SET wal_autocheckpoint = '1GB'\");"
        'c.execute("CREATE TABLE mine AS SELECT 1"); os._exit(0)'
    )
    subprocess.run([sys.executable, "-c", crash, str(root.path / snapshot.CATALOGUE)], check=True, timeout=300)
    assert root.exists(f"{snapshot.CATALOGUE}.wal")
    publish(root, 2)
    with stock(root) as client:
        assert carried(client) == whole(2)


FULL = """
import resource, signal, sys
from pathlib import Path
from store import snapshot
from store.errors import StoreError
from store.root import Root
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails as on a full disk
for kilobytes in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, resource.RLIM_INFINITY))
    try:
        snapshot.write_catalogue(Root(Path(sys.argv[1])))
        print(kilobytes, "written")
    except StoreError as error:
        print(kilobytes, error)
"""


def test_a_disk_that_is_full_leaves_the_catalogue_as_it_was(root: Root, tmp_path: Path) -> None:
    publish(root, 1)
    before = root.read(snapshot.CATALOGUE)
    size = len(before) >> 10
    limits = [0, 1, 8, 12, 13, 16, 20, 32, 64, 128, 200, 256, *range(262, size, 50), size - 1]
    process = start(FULL, root.path, *limits, folder=tmp_path)
    output, trace = process.communicate(timeout=300)
    assert process.returncode == 0, trace
    assert [line.partition(" ")[2][:14] for line in output.splitlines()] == ["catalog.duckdb"] * len(limits), output
    assert root.read(snapshot.CATALOGUE) == before
    assert root.temporaries() == []
    with stock(root) as client:
        assert carried(client) == whole(1)


@pytest.mark.parametrize("fault", ["DuckDB's", "fewer views"])
def test_a_catalogue_that_is_not_written_whole_is_never_put_in_place(
    root: Root, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    publish(root, 1)
    before = root.read(snapshot.CATALOGUE)

    def writes(path: Path, *_: object) -> None:
        if fault == "DuckDB's":
            raise duckdb.IOException("IO Error: no space\nmore")
        duckdb.connect(str(path)).close()

    monkeypatch.setattr(snapshot, "_write_views", writes)
    with pytest.raises(StoreError, match=r"cannot be written in .*: (IO Error: no space|not all of it reached)"):
        publish(root, 2)
    assert root.read(snapshot.CATALOGUE) == before
    assert (manifest.numbers(root), root.temporaries()) == ([1], [])


@pytest.mark.parametrize("operation", ["fsync", "link", "replace"])
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_fault_of_the_disk_while_publishing_is_an_error_in_words(
    root: Root, monkeypatch: pytest.MonkeyPatch, operation: str, fault: int
) -> None:
    publish(root, 1)
    part = write_part(root, 2)

    def fails(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(*((Path, "replace") if operation == "replace" else (os, operation)), fails)
    with pytest.raises(StoreError, match=rf"cannot be written in .*: {os.strerror(fault)}\.$"):
        snapshot.publish(root, [part])
    assert root.temporaries() == []
    monkeypatch.undo()
    snapshot.publish(root, [part])
    with stock(root) as client:
        assert client.execute("SELECT DISTINCT price FROM products").fetchall() == [(2,)]


def test_the_catalogue_is_of_the_storage_version_that_duckdb_1_reads(root: Root) -> None:
    publish(root, 1)
    with stock(root) as client:
        asked = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
        assert client.execute(asked).fetchall() == [("v1.0.0+",)]
        views = client.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
    assert {name: comment for name, comment in views if name in tables.BY_NAME} == {
        table.name: table.meaning for table in tables.TABLES
    }


def test_a_moved_store_answers_through_connect_and_after_one_repoint_through_any_client(root: Root) -> None:
    publish(root, 1)
    moved = Root(root.path.rename(root.path.parent / "moved"))
    with snapshot.connect(moved) as connection:
        assert carried(connection) == whole(1)
    with stock(moved) as client, pytest.raises(duckdb.IOException):
        carried(client)
    snapshot.write_catalogue(moved)
    with stock(moved) as client:
        assert carried(client) == whole(1)


def test_a_copy_is_a_store_of_its_own(root: Root) -> None:
    publish(root, 1)
    copy = Root(Path(shutil.copytree(root.path, root.path.parent / "copy")))
    publish(copy, 2)
    shutil.rmtree(root.path)
    assert manifest.numbers(copy) == [1, 2]
    with stock(copy) as client:
        assert carried(client) == whole(2)
    with snapshot.connect(copy, 1) as connection:
        assert carried(connection) == whole(1)


@pytest.mark.parametrize("name", ["it's here", "shop [2026]", "a*b", "Läden 店"])
def test_a_store_may_be_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    publish(Root(tmp_path / "aXb"), 7)  # what 'a*b' would match
    root = Root(tmp_path / name)
    publish(root, 1)
    with stock(root) as client, snapshot.connect(root) as connection:
        assert carried(client) == carried(connection) == whole(1)
    assert ask(root, "SELECT count(*) AS n FROM runs").to_pylist() == [{"n": 0}]


def test_reading_writes_nothing_so_a_read_only_mount_will_do(root: Root) -> None:
    publish(root, 1)
    places = [root.path, *root.path.rglob("*")]
    before = {place: (place.stat().st_mtime_ns, place.stat().st_size) for place in places}
    for place in places:
        place.chmod(stat.S_IREAD | (stat.S_IEXEC if place.is_dir() else 0))
    try:
        with snapshot.connect(root) as connection, stock(root) as client:
            assert carried(connection) == carried(client) == whole(1)
        assert ask(root, "SELECT DISTINCT price FROM products").to_pylist() == [{"price": 1}]
        assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in [root.path, *root.path.rglob("*")]} == before
    finally:
        for place in places:
            place.chmod(stat.S_IRWXU)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a read-only folder")
def test_a_read_only_store_refuses_a_writer_in_words(root: Root) -> None:
    publish(root, 1)
    root.path.chmod(stat.S_IREAD | stat.S_IEXEC)
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            publish(root, 2)
    finally:
        root.path.chmod(stat.S_IRWXU)


def test_an_open_catalogue_sees_what_is_added_to_a_log(root: Root) -> None:
    publish(root, 1)
    started = datetime(2026, 11, 2, 7, tzinfo=UTC)
    with stock(root) as client:
        assert client.execute("SELECT count(*) FROM runs").fetchall() == [(0,)]
        for n in (1, 2, 3):
            logs.append(root, "runs", [{"run_id": f"r{n}", "started": started, "seconds": n}])
        assert client.execute("SELECT run_id, epoch(started) FROM runs ORDER BY 1").fetchall() == [
            (f"r{n}", started.timestamp()) for n in (1, 2, 3)
        ]
    publish(root, 2)
    with snapshot.connect(root, 1) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchall() == [(3,)], "logs belong to no snapshot"
    assert root.names("log/runs") == ["00000001.parquet"]
