"""A reader for many threads: what is open is answered while something else is opened."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from store import logs, snapshot
from store.errors import SnapshotNotFound, StoreMissing
from store.reader import KEPT, Reader
from store.root import Root
from tests.store.numbered import carried, publish, whole

SECONDS = 30.0
"""A page that waits longer for another one is blocked."""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    root = Root(tmp_path / "store")
    for number in (1, 2):
        publish(root, number)
    return root


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, threading.Event]]:
    """Opening snapshot 1 begins, and ends only once it may."""
    events = {"begun": threading.Event(), "may end": threading.Event()}
    connect = snapshot.connect

    def slowly(root: Root, number: int | None = None) -> duckdb.DuckDBPyConnection:
        if number == 1:
            events["begun"].set()
            assert events["may end"].wait(SECONDS)
        return connect(root, number)

    monkeypatch.setattr(snapshot, "connect", slowly)
    yield events
    events["may end"].set()


def seen(reader: Reader, number: int | None = None) -> set[tuple[float, int]]:
    with reader.cursor(number) as cursor:
        return carried(cursor)


def test_an_old_snapshot_that_is_opened_holds_up_no_other_page(root: Root, slow: dict[str, threading.Event]) -> None:
    reader = Reader(root)
    with ThreadPoolExecutor(3) as threads:
        old = threads.submit(seen, reader, 1)
        assert slow["begun"].wait(SECONDS)
        for _ in range(2):  # it is opened, then it is open
            assert threads.submit(seen, reader).result(SECONDS) == whole(2)
        logs.append(root, "runs", [{"run_id": "1"}])
        assert threads.submit(seen, reader).result(SECONDS) == whole(2)
        assert not old.done()
        slow["may end"].set()
        assert old.result(SECONDS) == whole(1)


def test_a_snapshot_that_many_pages_ask_for_is_opened_once(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int | None] = []
    connect = snapshot.connect
    monkeypatch.setattr(snapshot, "connect", lambda root, number: (opened.append(number), connect(root, number))[1])
    reader = Reader(root)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: seen(reader, 1), range(40))) == [whole(1)] * 40
    assert opened == [1]


def test_so_many_snapshots_are_kept_open_and_a_cursor_outlives_its_own(root: Root) -> None:
    reader = Reader(root)
    with reader.cursor(1) as first:
        for number in range(3, 4 + KEPT):
            publish(root, number)
            assert seen(reader) == whole(number)
        assert carried(first) == whole(1)
    assert sorted(reader._open) == list(range(4, 4 + KEPT))
    assert seen(reader, 2) == whole(2)
    assert sorted(reader._open) == [2, *range(4, 4 + KEPT)], "who asked for an old one will ask again"


def test_what_is_not_there_is_named_and_can_be_asked_for_again(root: Root, tmp_path: Path) -> None:
    reader = Reader(root)
    for _ in range(2):
        with pytest.raises(SnapshotNotFound, match="no snapshot 9"):
            seen(reader, 9)
        with pytest.raises(StoreMissing):
            seen(Reader(Root(tmp_path / "nowhere")))
    assert seen(reader) == whole(2)
