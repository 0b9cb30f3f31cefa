"""Each layer before the files of a store holds alone, and all together, against every attack of `attacks.py`."""

import faulthandler
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from store import landlock, manifest, snapshot, sql_worker
from store.errors import QueryError
from store.limits import Limits
from store.root import Root
from store.sql import ask, judge
from tests.factories import make_store
from tests.store.attacks import COPY, HIDDEN, IN_A_QUERY, ONE_SELECT, PLACES, hashes

no_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return make_store(tmp_path_factory.mktemp("layers") / "store")


@pytest.fixture(scope="module")
def targets(root: Root) -> list[Path]:
    """A file of each kind that a store has, and a new one beside them."""
    newest = snapshot.open_snapshot(root)
    names = [snapshot.CATALOGUE, manifest.path(1), newest.files["products"][0].name, "new.csv"]
    return [root.path / name for name in names]


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may do everything; `judge` only parses on it."""
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.figures
def test_the_statements_tree_alone_refuses_whatever_could_write(open_to_all: duckdb.DuckDBPyConnection) -> None:
    passed = []
    for name, attack in (IN_A_QUERY | HIDDEN).items():
        with suppress(QueryError, duckdb.ParserException):
            judge(open_to_all, attack)
            passed.append(name)
    assert len(IN_A_QUERY | HIDDEN) > 500
    assert passed == []
    print(
        f"{len(IN_A_QUERY | HIDDEN)} statements that write, COPY at {len(PLACES)} places of a query: 0 passed the tree"
    )


@pytest.mark.parametrize("place", list(PLACES)[:6])
def test_where_nothing_holds_it_an_attack_writes(
    open_to_all: duckdb.DuckDBPyConnection, tmp_path: Path, place: str
) -> None:
    open_to_all.execute(PLACES[place].format(COPY).replace("{target}", str(tmp_path / "stolen.csv"))).fetchall()
    assert (tmp_path / "stolen.csv").stat().st_size


@pytest.mark.figures
def test_the_sealed_connection_alone_keeps_every_file(root: Root, targets: list[Path]) -> None:
    before = hashes(root)
    with snapshot.connect_sealed(root) as sealed:
        for attack in (IN_A_QUERY | HIDDEN).values():
            for target in targets:
                with suppress(duckdb.Error):
                    sealed.execute(attack.replace("{target}", str(target)))
            assert sealed.execute("SELECT count(*) FROM products").fetchall() == [(60,)]
    assert hashes(root) == before
    print(f"the same on a sealed connection, at {len(targets)} files each: all {len(before)} files keep their SHA-256")


@no_landlock
@pytest.mark.parametrize("attacks", [[*IN_A_QUERY], *([name] for name in HIDDEN)], ids=lambda names: names[0])
def test_the_process_alone_keeps_every_file(root: Root, targets: list[Path], attacks: list[str]) -> None:
    before = hashes(root)

    def work() -> Iterator[pa.Table]:
        """The attacks on a connection that may do everything, none of them judged."""
        faulthandler.disable()  # pytest's would write both processes' stacks among the results
        with duckdb.connect() as connection:
            connection.read_parquet(str(targets[2])).create_view("products")
            for attack, target in itertools.product(attacks, targets):
                with suppress(duckdb.Error):
                    connection.execute((IN_A_QUERY | HIDDEN)[attack].replace("{target}", str(target)))
        yield pa.table({"done": [True]})

    with suppress(QueryError):  # a log that cannot be written ends the process
        assert sql_worker.run(work, Limits()).to_pylist() == [{"done": True}]
    assert hashes(root) == before


CHANGES: dict[str, Callable[[Path], object]] = {
    "write": lambda place: place.write_text("x"),
    "append": lambda place: place.open("a"),
    "cut off": lambda place: os.truncate(place, 0),
    "remove": lambda place: place.unlink(),
    "rename": lambda place: place.rename(place.with_name("other")),
    "replace": lambda place: place.with_name("beside").replace(place),
    "link": lambda place: os.link(place, place.with_name("other")),
    "make": lambda place: place.with_name("other").touch(),
    "make a folder": lambda place: place.with_name("other").mkdir(),
    "run a program": lambda place: os.execv("/bin/sh", ["sh", "-c", f"echo x > {place}"]),
}


@no_landlock
@pytest.mark.parametrize("change", CHANGES)
def test_the_process_of_a_query_can_change_no_file(tmp_path: Path, change: str) -> None:
    for name in ("file", "beside"):
        (tmp_path / name).write_text(name)

    def work() -> Iterator[pa.Table]:
        CHANGES[change](tmp_path / "file")
        yield pa.table({})

    with pytest.raises(RuntimeError, match="Permission denied"):
        sql_worker.run(work, Limits())
    assert {place.name: place.read_text() for place in tmp_path.iterdir()} == {"file": "file", "beside": "beside"}


def test_without_landlock_the_process_of_a_query_writes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)

    def work() -> Iterator[pa.Table]:
        sql_worker.confine(Limits())
        (tmp_path / "written").write_text("x")
        yield pa.table({})

    with pytest.raises(RuntimeError, match="File too large"):
        sql_worker.run(work, Limits())
    assert (tmp_path / "written").read_text() == ""


@pytest.mark.parametrize("attack", [name for name in IN_A_QUERY if name.startswith("copy a query")])
def test_asking_writes_to_no_file_at_any_place_of_a_query(root: Root, targets: list[Path], attack: str) -> None:
    before = hashes(root)
    with pytest.raises(QueryError, match=f"{ONE_SELECT}|statements are not supported"):
        ask(root, IN_A_QUERY[attack].replace("{target}", str(targets[0])))
    assert hashes(root) == before
