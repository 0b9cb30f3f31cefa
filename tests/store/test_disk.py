"""Publishing on a disk that fails, or that is full, and writers killed at any moment: nothing is lost or mixed.

The short forms fail at some moments, those of `make faults` at every one, and print what they found.
"""

import errno
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store import snapshot
from store.root import Root
from store.upkeep import verify
from tests.store import disk
from tests.store.numbered import carried, publish, start, stock, whole

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler to make a failing disk with")
FAULTS = [pytest.param(errno.ENOSPC, True, id="full"), pytest.param(errno.EIO, False, id="broken")]
STEPS = [pytest.param(17, id="some"), pytest.param(1, id="all", marks=pytest.mark.faults)]
PUBLISHER = "tests.store.numbered:publish_in"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return disk.build(tmp_path_factory.mktemp("disk"))


@pytest.fixture
def root(tmp_path: Path) -> Root:
    root = Root(tmp_path / "store")
    publish(root, 1)
    return root


def seen(root: Root) -> list[set[tuple[float, int]]]:
    """What this project's readers and any DuckDB client read."""
    with snapshot.connect(root) as connection, stock(root) as client:
        return [carried(connection), carried(client)]


def see_an_error_in_words(answer: dict[str, Any]) -> None:
    """The error is of the store, with exit code 5 and one sentence."""
    name, code, message = answer["error"]
    assert (name, code) == ("StoreError", 5), answer
    assert "\n" not in message, answer
    assert message.endswith("."), answer


@pytest.mark.parametrize(("fault", "lasting"), FAULTS)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_of_the_disk_loses_nothing(root: Root, library: Path, fault: int, lasting: bool, step: int) -> None:
    answers, number = list[dict[str, Any]](), 1
    with disk.failing(library, PUBLISHER, root.path) as publishing:
        touches = publishing(number)["touches"]
        for at in range(1, touches + step, step):
            number = 3 - number
            answer = publishing(number, at, fault, lasting)
            if answer["error"]:
                see_an_error_in_words(answer)
                assert all(found in (whole(number), whole(3 - number)) for found in seen(root)), answer
            else:
                assert seen(root) == [whole(number)] * 2, answer
            answers.append(answer)
            assert publishing(number)["error"] is None, answer
            assert seen(root) == [whole(number)] * 2, answer
            assert root.temporaries() == [], answer
    assert verify(root) == []
    assert any(answer["error"] for answer in answers)
    print(disk.report(fault, "publishing", answers))


@pytest.mark.parametrize(("fault", "lasting"), FAULTS)
def test_a_fault_while_repointing_keeps_the_catalogue(root: Root, library: Path, fault: int, lasting: bool) -> None:
    before = root.read(snapshot.CATALOGUE)
    with disk.failing(library, "tests.store.numbered:repoint_in", root.path) as repointing:
        touches = repointing(1)["touches"]
        before = root.read(snapshot.CATALOGUE)
        for at in range(1, touches, 3):
            answer = repointing(1, at, fault, lasting)
            if answer["error"]:
                see_an_error_in_words(answer)
            assert seen(root) == [whole(1)] * 2, answer
    assert len(root.read(snapshot.CATALOGUE)) == len(before)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 0.9 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=900k", "none", place]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may mount no file system")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.figures
def test_a_disk_that_fills_up_keeps_the_last_snapshot_that_went_on_it(small_disk: Path, tmp_path: Path) -> None:
    """In a process of its own, since a full disk may end it."""
    root = Root(small_disk / "store")
    last = 0
    publish(root, 1)
    for number in range(2, 200):
        with start(PUBLISH, root.path, number, folder=tmp_path) as process:
            output, trace = process.communicate(timeout=300)
        assert process.returncode == 0, trace
        if output:
            break
        last = number
    assert output.startswith("StoreError: ")
    assert output.count("\n") == 1
    assert all(found in (whole(last), whole(last + 1)) for found in seen(root))
    left = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    print(f"a disk of 0.9 MB took {last} snapshots; {left:,} bytes were left at the end")
    assert last > 1


PUBLISH = """
import sys
from pathlib import Path
from store.errors import StoreError
from tests.store.numbered import publish_in
try:
    publish_in(Path(sys.argv[1]), int(sys.argv[2]))
except StoreError as error:
    print("StoreError:", error)
"""
# For each line with a number it forks a child that publishes from there on until it is killed.
FOR_EVER = """
import itertools, os, sys
from pathlib import Path
from tests.store.numbered import publish_in
for line in sys.stdin:
    if not (child := os.fork()):
        for number in itertools.count(int(line)):
            publish_in(Path(sys.argv[1]), number)
            print(number, flush=True)
    print("child", child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


@pytest.mark.parametrize("kills", [pytest.param(5, id="some"), pytest.param(200, id="all", marks=pytest.mark.faults)])
def test_writers_killed_at_any_moment_leave_whole_snapshots(root: Root, tmp_path: Path, kills: int) -> None:
    choose, number, behind = random.Random(0), 2, 0
    with start(FOR_EVER, root.path, folder=tmp_path) as writers:
        assert writers.stdin
        assert writers.stdout
        for _ in range(kills):
            writers.stdin.write(f"{number}\n")
            writers.stdin.flush()
            lines = [writers.stdout.readline() for _ in range(2)]  # the child, and the first number that it published
            (child,) = (int(line.split()[1]) for line in lines if line.startswith("child"))
            time.sleep(choose.uniform(0, 0.3))
            os.kill(child, signal.SIGKILL)
            lines += iter(writers.stdout.readline, "ended\n")
            done = max(int(line) for line in lines if not line.startswith("child"))
            found = seen(root)
            assert all(one in (whole(done), whole(done + 1)) for one in found), done
            behind += found[0] != found[1]
            number = done + 2
            publish(root, number)
            assert seen(root) == [whole(number)] * 2
            assert root.temporaries() == []
            number += 1
        writers.stdin.close()
    assert verify(root) == []
    print(
        f"{kills} writers killed: 0 mixtures, {behind} times a catalogue one snapshot behind until the next run, "
        f"{kills} of {kills} next runs right, 0 temporaries left"
    )
