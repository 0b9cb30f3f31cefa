"""Readers beside a writer, and writers killed at every step."""

import json
import re
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from store import lock, snapshot
from store.root import Root
from store.upkeep import vacuum, verify
from tests.store.numbered import carried, key_of, publish, start, stock, whole

PUBLISHES = 50
GRACE = timedelta(seconds=4)
"""Longer than a reader below takes, and less than half as long as fifty are published in."""
# Opens the store anew again and again until it sees the last snapshot; asks each table in a query of its own.
READER = """
import json, os, sys
import duckdb
from pathlib import Path
from store import snapshot
from store.root import Root
from tests.store.numbered import key_of, carried
way, folder, last = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
os.nice(5)  # the writer goes first where cores are few
seen, errors, mixed, reads = [0], [], [], 0
while seen[-1] < last:
    reads += 1
    try:
        with (
            duckdb.connect(str(folder / "catalog.duckdb"), read_only=True) if way == "stock"
            else snapshot.connect(Root(folder))
        ) as connection:
            found = carried(connection)
    except Exception as error:
        errors.append(repr(error))
        if len(errors) > 100:
            break
        continue
    if len(found) != 1:
        mixed.append(sorted(found))
        continue
    seen.append(int(found.pop()[0]))
    if reads == 1:
        print("ready", flush=True)
print(json.dumps({"reads": reads, "errors": errors, "mixed": mixed, "seen": seen[1:]}))
"""
# For each line "number fatal" it forks a child that publishes that number and is killed at that touch of the disk.
KILLED = """
import json, os, signal, sys
from pathlib import Path
import store.root
from tests.store.numbered import key_of, publish
folder = Path(sys.argv[1])
def deadly(real, what):
    def touch(place, *others):
        global left
        left -= 1
        if not left:
            os.write(place_pipe, f"{what} {Path(others[0] if others else place).relative_to(folder)}".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        return real(place, *others)
    return touch
store.root._sync = deadly(store.root._sync, "sync")
Path.replace = deadly(Path.replace, "rename")
os.link = deadly(os.link, "link")
for line in sys.stdin:
    number, left = map(int, line.split())
    reader, place_pipe = os.pipe()
    if not (child := os.fork()):
        publish(store.root.Root(folder), number)
        os._exit(0)
    os.close(place_pipe)
    _, status = os.waitpid(child, 0)
    place = os.read(reader, 1000).decode()
    os.close(reader)
    print(json.dumps([place, os.waitstatus_to_exitcode(status)]), flush=True)
"""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


@pytest.mark.figures
def test_readers_in_other_processes_see_whole_snapshots_while_fifty_come_and_old_ones_go(
    root: Root, tmp_path: Path
) -> None:
    publish(root, 1)
    dropped = 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    readers = [start(READER, way, root.path, PUBLISHES, folder=elsewhere) for way in ("stock", "stock", "connect")]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        for number in range(2, PUBLISHES + 1):
            publish(root, number)
            with lock.writing(root, "vacuum"):
                dropped += vacuum(root, keep=2, grace=GRACE).snapshots
        assert dropped > 10
        reads = 0
        for reader in readers:
            output, error = reader.communicate(timeout=300)
            assert reader.returncode == 0, error
            report = json.loads(output)
            assert (report["errors"], report["mixed"]) == ([], [])
            assert report["seen"] == sorted(report["seen"]), "never back to an older one"
            assert len(set(report["seen"])) > 2, "it read while the writer worked"
            reads += report["reads"]
        print(
            f"{PUBLISHES} publishes and {dropped} snapshots dropped by vacuum beside 3 readers: {reads:,} readings, "
            "0 errors, 0 mixtures"
        )
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


@pytest.mark.figures
def test_a_writer_killed_at_any_touch_of_the_disk_leaves_a_whole_snapshot_and_the_next_one_works(
    root: Root, tmp_path: Path
) -> None:
    publish(root, 1)
    places, left = list[str](), 0
    with start(KILLED, root.path, folder=tmp_path) as writers:
        assert writers.stdin is not None
        assert writers.stdout is not None
        for number in range(2, 200):
            before = snapshot.open_snapshot(root).number
            writers.stdin.write(f"{number} {number - 1}\n")
            writers.stdin.flush()
            place, code = json.loads(writers.stdout.readline())
            if code == 0:
                break
            assert code == -signal.SIGKILL
            places.append(place)
            with snapshot.connect(root) as connection, stock(root) as client:
                assert carried(client) in (whole(number - 1), whole(number)), place
                assert carried(connection) in (whole(number - 1), whole(number)), place
            assert snapshot.open_snapshot(root).number in (before, before + 1)
            left += len(root.temporaries())
            publish(root, number)  # the lock went with the process
            assert root.temporaries() == []
            with snapshot.connect(root) as connection, stock(root) as client:
                assert carried(client) == carried(connection) == whole(number), place
        writers.stdin.close()
    assert code == 0, "it was killed every time"
    for kind in (
        f"rename parts/{key_of('first', 0)[:10]}",
        "rename parts/.*/part.json",
        "link snapshots/",
        "rename catalog.duckdb",
    ):
        assert any(re.match(kind, place) for place in places), f"never killed at {kind}"
    assert verify(root) == []
    assert left, "killed writers had no time to tidy up"
    with lock.writing(root, "vacuum"):
        vacuum(root, keep=1, grace=timedelta(seconds=-1))
    assert root.names("parts") == [key_of("first", number), key_of("second", number)]
    print(f"a writer killed at each of its {len(places)} fsyncs, renames and links: 0 mixtures, all next runs right")
    with stock(root) as client:
        assert carried(client) == whole(number)
