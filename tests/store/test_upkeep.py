"""Verify names every fault; vacuum drops what nobody can want, and nothing else."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from store import lock, logs, manifest, parts, snapshot, tables
from store.chunks import Chunks
from store.errors import StoreDamaged, StoreMissing
from store.parts import Part, PartWriter
from store.root import Root
from store.upkeep import Freed, vacuum, verify
from tests.store.numbered import carried, key_of, publish, stock, whole, write_part

NO_GRACE = timedelta(seconds=-1)
HOUR = timedelta(hours=1)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    root = Root(tmp_path / "store")
    for n in (1, 2, 3):
        publish(root, n)
    return root


def age(root: Root, name: str, hours: float) -> None:
    """Make a file, or all files of a folder, that old."""
    then = time.time() - 3600 * hours
    place = root.path / name
    for file in [place] if place.is_file() else place.rglob("*"):
        os.utime(file, (then, then))


def test_a_sound_store_has_no_fault(root: Root) -> None:
    assert verify(root) == []


def test_verify_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        verify(Root(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[:-1], "bytes, not the"),
        (lambda data: b"", "has 0 bytes, not the"),
        (lambda data: data[:9] + bytes([data[9] ^ 1]) + data[10:], "is not what was written"),
        (None, "is missing"),
    ],
    ids=["truncated", "emptied", "one bit altered", "missing"],
)
def test_verify_names_a_damaged_file_its_snapshot_and_the_remedy(root: Root, damage, words: str) -> None:  # type: ignore[no-untyped-def]
    name = snapshot.open_snapshot(root, 2).files["models"][0].name
    root.put(name, damage(root.read(name))) if damage else root.remove(name)
    (fault,) = verify(root)
    assert fault.startswith(f"snapshot 2: {name} ")
    assert words in fault
    assert "ingest again" in fault


def test_following_the_remedy_of_a_damaged_file_mends_the_store(root: Root) -> None:
    name = snapshot.open_snapshot(root).files["models"][0].name
    root.put(name, root.read(name)[:-1])
    root.remove(name)
    publish(root, 3)
    assert verify(root) == []


def test_a_file_shared_by_snapshots_is_named_for_each(root: Root) -> None:
    shared = write_part(root, 9, ["products"], "shared")
    for n in (10, 11):
        snapshot.publish(root, [shared, write_part(root, n, ["models"], "own")])
    root.remove(shared.files["products"].name)
    *faults, catalogue = verify(root)
    assert [fault.split(":")[0] for fault in faults] == ["snapshot 4", "snapshot 5"]
    assert catalogue.startswith("catalog.duckdb does not show the newest whole snapshot"), "that is snapshot 3"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_damaged_manifest_is_named_and_the_other_snapshots_are_checked_all_the_same(root: Root, number: int) -> None:
    root.put(manifest.path(number), b"{}")
    gone = next(n for n in (1, 2) if n != number)
    missing = f"parts/{key_of('first', gone)}/products.parquet"
    root.remove(missing)
    faults = [fault for fault in verify(root) if not fault.startswith("catalog.duckdb")]
    assert len(faults) == 2
    assert any(manifest.path(number) in fault for fault in faults)
    assert any(f"{missing} is missing" in fault for fault in faults)


@pytest.mark.parametrize("fault", ["missing", "truncated", "of an older snapshot", "of another place"])
def test_a_catalogue_that_does_not_show_the_newest_snapshot_is_named(root: Root, fault: str) -> None:
    catalogue = root.read(snapshot.CATALOGUE)
    publish(root, 4)
    if fault == "missing":
        root.remove(snapshot.CATALOGUE)
    elif fault == "truncated":
        root.put(snapshot.CATALOGUE, catalogue[:5000])
    elif fault == "of an older snapshot":
        root.put(snapshot.CATALOGUE, catalogue)
    else:
        root = Root(root.path.rename(root.path.parent / "moved"))
    (named,) = verify(root)
    assert named.startswith("catalog.duckdb ")
    assert named.endswith("; `aislemap store repoint` makes it again.")
    snapshot.write_catalogue(root)
    assert verify(root) == []


def test_a_catalogue_is_not_blamed_for_a_snapshot_that_cannot_be_opened(root: Root) -> None:
    for number in (1, 2, 3):
        root.put(manifest.path(number), b"{}")
    assert not [fault for fault in verify(root) if fault.startswith("catalog.duckdb")]


def test_vacuum_drops_the_chunks_that_the_newest_snapshot_took_nothing_of(root: Root) -> None:
    recipe = "b" * 32
    for n, result in enumerate((b"taken", b"left")):
        Chunks(root, recipe).keep(str(n), result)
    taken, left = sorted(f"chunks/{recipe}/{name}" for name in root.names(f"chunks/{recipe}"))
    with PartWriter(root, "chunked") as writer:
        writer.write(tables.table("issues"), [])
    part = parts.finish(root, Part("chunked", "features:bert", 1.0, 2.0, writer.files(), chunks=(taken,)))
    snapshot.publish(root, [write_part(root, 10), part])
    age(root, ".", hours=2)
    vacuum(root, grace=HOUR)
    assert (root.exists(taken), root.exists(left)) == (True, False)


def test_vacuum_keeps_the_newest_and_drops_the_files_that_only_the_others_use(root: Root) -> None:
    before = sum(
        root.size(f"parts/{part}/{name}") for part in root.names("parts") for name in root.names(f"parts/{part}")
    )
    freed = vacuum(root, keep=2, grace=NO_GRACE)
    assert manifest.numbers(root) == [2, 3]
    assert root.names("parts") == [key_of(half, n) for half in ("first", "second") for n in (2, 3)]
    assert (freed.snapshots, freed.files) == (1, 1 + 3 + 3)
    assert 0 < freed.bytes < before
    assert verify(root) == []
    with snapshot.connect(root, 2) as connection, stock(root) as client:
        assert (carried(connection), carried(client)) == (whole(2), whole(3))
    assert vacuum(root, keep=2, grace=NO_GRACE) == Freed(0, 0, 0)


def test_vacuum_keeps_a_part_that_a_kept_snapshot_uses_too(root: Root) -> None:
    shared = write_part(root, 9, ["products"], "shared")
    for n in (10, 11):
        snapshot.publish(root, [shared, write_part(root, n, ["models"], "own")])
    vacuum(root, keep=1, grace=NO_GRACE)
    assert root.names("parts") == [key_of("own", 11), key_of("shared", 9)]
    assert verify(root) == []


def test_the_newest_snapshot_is_never_dropped(root: Root) -> None:
    vacuum(root, keep=0, grace=NO_GRACE)
    assert manifest.numbers(root) == [3]
    assert verify(root) == []


def test_a_snapshot_that_was_the_newest_within_the_grace_stays_whole_however_old_it_is(root: Root) -> None:
    age(root, ".", hours=50)
    age(root, manifest.path(3), hours=0.5)  # so 2 was the newest half an hour ago
    vacuum(root, keep=1, grace=HOUR)
    assert manifest.numbers(root) == [2, 3]
    with snapshot.connect(root, 2) as connection:
        assert carried(connection) == whole(2)
    age(root, manifest.path(3), hours=2)
    vacuum(root, keep=1, grace=HOUR)
    assert manifest.numbers(root) == [3]
    assert verify(root) == []


def test_what_a_killed_run_left_goes_after_the_grace(root: Root) -> None:
    write_part(root, 4)  # finished, but not published
    write_part(root, 5)
    root.remove(f"parts/{key_of('numbered', 5)}/part.json")  # killed before its marker
    part = f"parts/{key_of('numbered', 6)}"
    left = [f"{part}/.products.parquet.0123abcd", ".catalog.duckdb.0123abcd", ".catalog.duckdb.0123abcd.wal"]
    for name in left:
        root.put(name, b"half")
    assert vacuum(root, grace=HOUR) == Freed(0, 0, 0)
    assert set(left) <= set(root.temporaries())
    age(root, ".", hours=2)
    with lock.writing(root, "vacuum"):  # what is half written goes as soon as nobody writes
        assert root.temporaries() == []
        freed = vacuum(root, grace=HOUR)
    assert (freed.snapshots, freed.files) == (0, 5 + 4)
    assert root.names("parts") == [key_of(half, n) for half in ("first", "second") for n in (1, 2, 3)]
    assert root.temporaries() == []
    assert verify(root) == []


def test_a_part_without_rows_stays_as_long_as_its_snapshot(root: Root) -> None:
    empty = write_part(root, 9, [], "empty")
    snapshot.publish(root, [write_part(root, 10), empty])
    age(root, ".", hours=50)
    vacuum(root, keep=1, grace=HOUR)
    assert parts.find(root, empty.key) == empty
    snapshot.publish(root, [write_part(root, 11)])
    age(root, ".", hours=50)
    vacuum(root, keep=1, grace=HOUR)
    assert parts.find(root, empty.key) is None


def test_a_part_of_which_one_file_is_young_stays_whole(root: Root) -> None:
    part = write_part(root, 4)
    age(root, ".", hours=2)
    age(root, part.files["models"].name, hours=0)
    assert vacuum(root, grace=HOUR) == Freed(0, 0, 0)


def test_logs_are_bounded_and_keep_their_newest_events(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.upkeep.KEEP_LOGS", 5)
    for n in range(1, 8):
        root.put(f"log/schedule/{n:08d}.parquet", b"x")
    vacuum(root, grace=NO_GRACE)
    assert root.names("log/schedule") == [f"{n:08d}.parquet" for n in range(3, 8)]
    assert len(root.names("log/runs")) == 1


def test_vacuum_removes_no_decision(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.upkeep.KEEP_LOGS", 1)
    names = [f"{n:08d}.parquet{aside}" for n, aside in ((1, ""), (2, ".damaged"), (3, ".damaged"), (4, ""))]
    for name in names:
        root.put(f"log/reviews/{name}", b"x")
    vacuum(root, grace=NO_GRACE)
    assert root.names("log/reviews") == names


def test_nothing_is_dropped_while_a_manifest_cannot_be_read(root: Root) -> None:
    root.put(manifest.path(3), b"{}")
    files = sorted(root.path.rglob("*"))
    with pytest.raises(StoreDamaged):
        vacuum(root, keep=1, grace=NO_GRACE)
    assert sorted(root.path.rglob("*")) == files


@pytest.mark.figures
def test_the_disk_is_bounded_over_a_hundred_snapshots(root: Root) -> None:
    sizes = []
    for n in range(4, 104):
        publish(root, n)
        logs.append(root, "runs", [{"run_id": str(n)}])
        vacuum(root, keep=3, grace=NO_GRACE)
        places = [place for place in root.path.rglob("*") if place.is_file()]
        sizes.append((len(places), sum(place.stat().st_size for place in places if "log" not in place.parts)))
    assert manifest.numbers(root) == [101, 102, 103]
    assert {files for files, _ in sizes} == {sizes[0][0]}
    assert max(size for _, size in sizes) < 1.02 * sizes[0][1], "but for the digits of the numbers"
    assert root.size("log/runs/00000001.parquet") < 20_000
    print(
        f"100 snapshots with vacuum after each: {sizes[0][1]:,} bytes after the first, {sizes[-1][1]:,} after the last"
    )
    assert verify(root) == []


OTHERS = (
    "parts/brakes/disc.jpg",
    "parts/brakes/products.parquet",
    "parts/list.csv",
    f"parts/{key_of('second', 1)}/notes.txt",
    "log/engine/2026.txt",
    "log/runs/mine.parquet",
    "snapshots/holiday.jpg",
    "snapshots/2024.json",
    "snapshots/.holiday.jpg.0123abcd",
    "photos/.disc.jpg.0123abcd",
    ".secrets.0123abcd",
)
"""Files that no store wrote, in folders whose names a store uses too."""


def test_vacuum_removes_nothing_that_the_store_did_not_write(root: Root) -> None:
    for name in OTHERS:
        root.put(name, b"mine")
    age(root, ".", hours=50)
    freed = vacuum(root, keep=1, grace=HOUR)
    assert (freed.snapshots, freed.files) == (2, 2 + 6 + 6)
    assert [name for name in OTHERS if not root.exists(name)] == []
    assert manifest.numbers(root) == [3]
    assert verify(root) == []
