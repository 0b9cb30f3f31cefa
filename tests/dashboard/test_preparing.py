"""A snapshot is made ready before its first visitor, beside the server and never in its way."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboard import context
from dashboard.app import create_app
from dashboard.pages import discover
from dashboard.server import preparing
from store.errors import StoreError
from store.questions import points
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import BODIES, answered
from tests.dashboard.test_points import counted
from tests.factories import make_store


def test_the_first_visitor_asks_the_store_for_logs_only(large_store: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(large_store)
    reader: Reader = app.server.extensions["aislemap"]
    preparing.prepare(app, 1)
    with counted(reader, monkeypatch) as asked:
        answered(app, "answer-body", BODIES["answer-body"])
        assert len(asked) == 2, "the runs and the schedule, which are logged beside the snapshots"
        answered(app, "text-body", BODIES["text-body"])
        answered(app, "text-categories", BODIES["text-categories"])
        context.of(reader).ask(points.rows)
        assert len(asked) == 2
    with reader.cursor(1) as cursor:
        made = cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert ("searched_products",) in made, "the first search reads no text of a file"


def test_each_new_snapshot_is_prepared_and_an_empty_store_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, prepared, changed = create_app(Root(tmp_path)), list[int](), threading.Condition()
    real = preparing.prepare

    def noted(app: object, number: int, ended: threading.Event) -> None:
        real(app, number, ended)  # type: ignore[arg-type]
        with changed:
            prepared.append(number)
            changed.notify_all()

    monkeypatch.setattr(preparing, "prepare", noted)
    with preparing.following(app, seconds=0.01), changed:
        make_store(tmp_path)
        assert changed.wait_for(lambda: prepared == [1], timeout=60)
        make_store(tmp_path, products=80, seed=1)
        assert changed.wait_for(lambda: prepared == [1, 2], timeout=60)
    assert not [thread for thread in threading.enumerate() if thread.name == "preparing"]


def test_a_store_that_cannot_be_read_stops_no_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_store(tmp_path)
    app, tried = create_app(Root(tmp_path)), threading.Semaphore(0)

    def broken(*_: object) -> None:
        tried.release()
        raise StoreError("the disk is gone")

    monkeypatch.setattr(preparing, "prepare", broken)
    with caplog.at_level(logging.WARNING), preparing.following(app, seconds=0.01):
        assert all(tried.acquire(timeout=60) for _ in range(3))
        assert app.server.test_client().get("/theme.css").status_code == 200
    assert caplog.text.count("the disk is gone") == 1, "the log says it once"


def test_who_asks_what_is_being_asked_gets_the_same_answer(small_store: Root) -> None:
    asked = context.Context(Reader(small_store), 1)
    begun, go = threading.Event(), threading.Event()
    made: list[object] = []

    def slow(_: context.Context) -> object:
        begun.set()
        go.wait(60)
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(asked.draw, slow)
        assert begun.wait(60)
        second = threads.submit(asked.draw, slow)
        go.set()
        assert first.result(60) is second.result(60) is made[0]
    assert len(made) == 1


def test_an_answer_that_failed_is_asked_again(small_store: Root) -> None:
    asked, tries = context.Context(Reader(small_store), 1), list[int]()

    def once(_: context.Context) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise StoreError("not now")
        return "drawn"

    with pytest.raises(StoreError, match="not now"):
        asked.draw(once)
    assert asked.draw(once) == asked.draw(once) == "drawn"
    assert len(tries) == 2


def test_pages_are_prepared_whatever_the_snapshot_lacks(bare_store: Root) -> None:
    app = create_app(bare_store)
    preparing.prepare(app, 1)
    assert {page.name for page in discover() if page.prepare} == {"Answer", "Map", "Text"}
