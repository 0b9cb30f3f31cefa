"""One writer at a time; its lock names it and goes with it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from store import lock
from store.errors import StoreBusy, StoreError
from store.root import Root
from tests.store.numbered import start

HOLD = """
import sys
from pathlib import Path
from store import lock
from store.root import Root
with lock.writing(Root(Path(sys.argv[1])), "ingest of shop.csv"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


@pytest.fixture
def holder(root: Root, tmp_path: Path) -> Iterator["Popen[str]"]:
    with start(HOLD, root.path, folder=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_who_holds_the_store(root: Root, holder: "Popen[str]") -> None:
    with pytest.raises(StoreBusy) as refused, lock.writing(root, "vacuum"):
        pass
    message = str(refused.value)
    for known in (str(root.path), "ingest of shop.csv", f"process {holder.pid}", socket.gethostname(), "since 20"):
        assert known in message


def test_the_lock_goes_with_a_killed_process(root: Root, holder: "Popen[str]") -> None:
    holder.kill()
    holder.wait()
    assert root.exists(lock.HOLDER), "it had no time to tidy up"
    with lock.writing(root, "vacuum"):
        assert f'"process": {os.getpid()}'.encode() in root.read(lock.HOLDER)


def test_the_lock_goes_with_the_end_of_the_work_however_it_ends(root: Root) -> None:
    with pytest.raises(ZeroDivisionError), lock.writing(root, "ingest"):
        raise ZeroDivisionError
    assert not root.exists(lock.HOLDER)
    with lock.writing(root, "ingest"):
        assert root.exists(lock.HOLDER)


def test_two_writers_in_one_process_exclude_each_other_too(root: Root) -> None:
    with lock.writing(root, "ingest"), pytest.raises(StoreBusy, match="ingest"), lock.writing(root, "vacuum"):
        pass


@pytest.mark.parametrize("holder_file", [b"", b"{}", b"[]", b"\xff"])
def test_a_holder_that_cannot_be_read_is_another_process(root: Root, holder_file: bytes) -> None:
    with lock.writing(root, "ingest"):
        root.put(lock.HOLDER, holder_file)
        with pytest.raises(StoreBusy, match="another process"), lock.writing(root, "vacuum"):
            pass


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written") as refused, lock.writing(Root(tmp_path / "file"), "x"):
        pass
    assert refused.value.exit_code == StoreError.exit_code
