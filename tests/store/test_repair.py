"""Damage: readers fall back and say so, an ingestion goes on, repair does the rest and says what it did."""

import json
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import aislemap
from store import lock, manifest, parts, snapshot
from store.errors import StoreDamaged, StoreError, StoreMissing
from store.reader import Reader
from store.repair import repair
from store.root import Root
from store.sql import ask
from store.upkeep import vacuum, verify
from tests.store.numbered import carried, publish, stock, whole, write_part

NEWEST = manifest.path(3)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    root = Root(tmp_path / "store")
    for n in (1, 2, 3):
        publish(root, n)
    return root


def mend(root: Root) -> list[str]:
    with lock.writing(root, "repair"):
        return repair(root)


def shown(root: Root) -> set[tuple[float, int]]:
    """What each way to read the store shows, which must be the same."""
    with snapshot.connect(root) as connection, Reader(root).cursor() as cursor:
        prices = {
            (row["price"], row["n"])
            for row in ask(root, "SELECT price, count(*) n FROM products GROUP BY 1").to_pylist()
        }
        assert carried(connection) == carried(cursor) == prices
        return prices


@pytest.mark.parametrize("stray", [NEWEST, "snapshots/00000007.json", "snapshots/123456789.json"])
def test_a_broken_manifest_stops_neither_readers_nor_ingestions(root: Root, stray: str) -> None:
    root.put(stray, b"{")
    left = 2 if stray == NEWEST else 3
    assert shown(root) == whole(left)
    assert Reader(root).number() == left
    (notice,) = snapshot.notices(root)
    assert stray in notice
    assert notice.endswith(f"Until then snapshot {left} is the newest.")
    assert any(stray in fault for fault in verify(root))
    published = publish(root, 4)
    assert published.number == int(stray[10:-5]) + 1, "no number is taken twice"
    assert shown(root) == whole(4)
    assert snapshot.notices(root) == []
    assert [line.split(":")[0] for line in mend(root)] == [f"Set aside as {stray}.damaged"]
    assert verify(root) == []
    assert mend(root) == []


def test_equal_content_is_published_again_where_its_manifest_is_broken(root: Root) -> None:
    root.put(NEWEST, b"{")
    assert publish(root, 3).number == 4
    assert shown(root) == whole(3)


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_newest_snapshot_that_is_not_whole_is_passed_over(root: Root, damage: str) -> None:
    name = snapshot.open_snapshot(root).files["products"][0].name
    data = root.read(name)
    root.remove(name) if damage == "missing" else root.put(name, data[:-9])
    assert shown(root) == whole(2)
    with pytest.raises(StoreDamaged, match=f"Snapshot 3 .* is not whole: {name}"):
        snapshot.open_snapshot(root, 3)
    (notice,) = snapshot.notices(root)
    assert name in notice
    done = mend(root)
    assert done[0].startswith(f"Snapshot 3 is left: {name} ")
    with stock(root) as client:
        assert carried(client) == whole(2)
    assert publish(root, 3).number == 3, "an ingestion writes the file anew"
    assert shown(root) == whole(3)
    assert verify(root) == mend(root) == []


def test_a_store_of_which_nothing_is_whole_says_what_is_wrong_with_the_newest(root: Root) -> None:
    for n in (1, 2, 3):
        root.put(manifest.path(n), b"{")
    root.remove(snapshot.CATALOGUE)
    for look in (snapshot.open_snapshot, snapshot.connect, Reader(root).cursor().__enter__):
        with pytest.raises(StoreDamaged, match=NEWEST):
            look(*([root] if look in (snapshot.open_snapshot, snapshot.connect) else []))  # type: ignore[operator]
    assert Reader(root).number() == 3, "who opens it is told"
    assert Reader(root).notices() == []
    done = mend(root)
    assert [line.partition(":")[0] for line in done[:3]] == [
        f"Set aside as snapshots/0000000{n}.json.damaged" for n in (1, 2, 3)
    ]
    assert done[3].startswith("catalog.duckdb is missing, and cannot be made anew: Nothing is published")
    with pytest.raises(StoreMissing):
        repair(root)
    assert publish(root, 5).number == 4
    assert shown(root) == whole(5)


def alter(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    if isinstance(value, list):
        return value[:-1]
    return 7 if value is None else value + 1


def test_every_field_of_a_manifest_is_verified(root: Root) -> None:
    good = json.loads(root.read(NEWEST))
    file = good["files"]["products"][0]
    for fields in (good, file):
        for field in [name for name in fields if name != "files"]:
            before, fields[field] = fields[field], alter(fields[field])
            root.put(NEWEST, json.dumps(good).encode())
            fields[field] = before
            assert any(" 3 " in fault or NEWEST in fault for fault in verify(root)), field
            assert snapshot.open_snapshot(root).number == 2, field
    root.put(NEWEST, json.dumps(good).encode())
    assert verify(root) == []
    root.put(NEWEST, json.dumps({**good, "more": 1}).encode())
    assert NEWEST in verify(root)[0]


def test_a_file_altered_in_an_older_snapshot_is_mended_or_the_snapshot_dropped(root: Root) -> None:
    shared = write_part(root, 9, ["products"], "shared")
    for n in (10, 11):
        snapshot.publish(root, [shared, write_part(root, n, ["models"], "own")])
    for part, table in ((shared.key, "products"), (write_part(root, 10, ["models"], "own").key, "models")):
        name = f"parts/{part}/{table}.parquet"
        data = root.read(name)
        root.put(name, data[:200] + bytes([data[200] ^ 4]) + data[201:])
    dropped, left = mend(root)
    assert dropped.startswith("Dropped snapshot 4, set aside as snapshots/00000004.json.damaged: parts/")
    assert left.startswith(f"Snapshot 5 is left: parts/{shared.key}/products.parquet is not what was written")
    assert manifest.numbers(root) == [1, 2, 3, 5]
    assert parts.find(root, shared.key) is None, "the next run computes it again"
    write_part(root, 9, ["products"], "shared")
    assert verify(root) == mend(root) == []


def test_an_altered_page_is_no_answer_to_a_query_in_sql(root: Root) -> None:
    name = snapshot.open_snapshot(root).files["products"][0].name
    data, right = root.read(name), ask(root, "FROM products")
    outcomes = set()
    for at in range(4, len(data), len(data) // 40):
        root.put(name, data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        try:
            outcomes.add("right" if ask(root, "FROM products") == right else "wrong")
        except StoreError as error:
            outcomes.add(type(error).__name__)
    assert "StoreDamaged" in outcomes
    assert outcomes <= {"StoreDamaged", "StoreError", "right"}


def test_the_commands_say_what_is_wrong_and_what_was_done(
    root: Root, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> tuple[int, list[str], str]:
        monkeypatch.setattr("sys.argv", ["aislemap", *words, "--store", str(root.path)])
        with pytest.raises(SystemExit) as left:
            aislemap.main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out.splitlines(), err

    assert command("store", "repair") == (0, ["There is nothing to repair."], "")
    root.put(NEWEST, b"{")
    for words in (["sql", "SELECT DISTINCT price FROM products"], ["store", "status"]):
        code, _, err = command(*words)
        assert code == 0
        assert err.startswith(f"aislemap: The manifest {NEWEST}")
        assert err.count("\n") == 1
    code, out, _ = command("store", "history")
    assert (code, len(out)) == (0, 3)
    assert NEWEST in out[2]
    code, out, err = command("store", "repair")
    assert (code, err) == (0, "")
    assert out[0].startswith(f"Set aside as {NEWEST}.damaged: ")
    assert command("store", "verify")[0] == 0
    root = Root(root.path / "nowhere")
    assert command("store", "repair")[0] == 5
    assert not root.path.exists()


def test_what_was_set_aside_goes_with_vacuum_and_its_number_is_not_taken_again(root: Root) -> None:
    for name in (NEWEST, "snapshots/00000008.json"):
        root.put(name, b"{")
    mend(root)
    vacuum(root, grace=timedelta(seconds=-1))
    assert root.names("snapshots") == ["00000001.json", "00000002.json", "00000008.json.damaged"]
    assert publish(root, 9).number == 9


def test_a_snapshot_in_another_form_is_of_another_version(root: Root) -> None:
    for n in (1, 2, 3):
        raw = json.loads(root.read(manifest.path(n)))
        root.put(manifest.path(n), json.dumps({**raw, "format": 1, "version": "0.0.9"}).encode())
    sentence = r"Snapshot 3 .* made by another version of aislemap \(0\.0\.9; this is .*\): ingest again"
    with pytest.raises(StoreError, match=sentence):
        snapshot.connect(root)
    publish(root, 4)
    assert shown(root) == whole(4)


@pytest.mark.parametrize("look", [snapshot.connect, snapshot.connect_sealed, snapshot.write_catalogue])
def test_a_table_without_a_column_of_today_is_of_another_version(
    root: Root, monkeypatch: pytest.MonkeyPatch, look: Any
) -> None:
    import store.tables as declared
    from store.columns import Column, Table

    models = declared.table("models")
    newer = Table("models", models.meaning, (*models.columns, Column("carbon", "DOUBLE", "Of its making.", "kg")))
    monkeypatch.setattr(declared, "TABLES", tuple(newer if t is models else t for t in declared.TABLES))
    sentence = r"table models of snapshot 3, without the column carbon, was made by another version .*: ingest again"
    with pytest.raises(StoreError, match=sentence):
        look(root)


def test_a_catalogue_that_a_killed_writer_left_behind_is_named(root: Root) -> None:
    old = root.path / snapshot.CATALOGUE
    shutil.copy2(old, root.path / "kept")
    publish(root, 4)
    assert snapshot.notices(root) == []
    (root.path / "kept").replace(old)  # as if killed between the manifest and the rename
    assert snapshot.notices(root) == [], "a writer may be at it this moment"
    for place in (old, root.path / manifest.path(4)):
        os.utime(place, (time.time() - 60, place.stat().st_mtime - 60))
    (notice,) = snapshot.notices(root)
    assert notice == "catalog.duckdb does not show snapshot 4 yet; `aislemap store repoint` makes it anew."
    assert mend(root) == [
        "Made catalog.duckdb anew, which does not show the newest whole snapshot at the store's present place."
    ]
    assert snapshot.notices(root) == []
    with stock(root) as client:
        assert carried(client) == whole(4)
    root.remove(snapshot.CATALOGUE)
    assert len(snapshot.notices(root)) == 1
