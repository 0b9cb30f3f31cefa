"""What a person at the keyboard sees: answers on standard output, one message on standard error, an exit code."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import aislemap
from store import document, lock, manifest, snapshot
from store.root import Root
from tests.factories import make_store
from tests.store.numbered import REPOSITORY, carried, key_of, publish, stock, whole

COMMANDS = (
    "sql",
    *(f"store {name}" for name in ("status", "history", "tables", "verify", "repair", "vacuum", "repoint")),
)


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """What it printed."""
        return self.out.decode()


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run `aislemap ARGUMENTS` as its entry point does."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["aislemap", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            aislemap.main()
        out, err = capfdbinary.readouterr()
        return Outcome(int(end.value.code or 0), out, err.decode())

    return run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that no test changes."""
    return make_store(tmp_path_factory.mktemp("cli") / "store").path


@pytest.fixture
def root(tmp_path: Path) -> Root:
    root = Root(tmp_path / "store")
    for n in (1, 2, 3):
        publish(root, n)
    return root


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_describes_it_and_each_option(run: Run, command: str) -> None:
    shown = run(*command.split(), "--help")
    assert shown.code == 0
    assert f"aislemap {command}" in shown.text
    if command != "store tables":
        assert "--store" in shown.text
    assert run(*command.split(), "-h").out == shown.out


def test_help_documents_the_exit_codes(run: Run) -> None:
    words = " ".join(run("--help").text.split())
    assert aislemap.EPILOG in words


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_sql_answers_in_every_format_on_standard_output_or_in_a_file(
    run: Run, store: Path, tmp_path: Path, form: str
) -> None:
    question = ("sql", "SELECT product_id, price FROM products ORDER BY price LIMIT 2", "--store", store, "-f", form)
    printed = run(*question)
    assert (printed.code, printed.err) == (0, "")
    written = run(*question, "--output", tmp_path / "answer")
    assert (written.code, written.out, written.err) == (0, b"", "")
    assert (tmp_path / "answer").read_bytes() == printed.out
    rows = [{"product_id": "P0000", "price": 99.0}, {"product_id": "P0001", "price": 109.0}]
    if form == "parquet":
        assert pq.read_table(io.BytesIO(printed.out)).to_pylist() == rows
    elif form == "json":
        assert json.loads(printed.out) == rows
    elif form == "csv":
        assert printed.text == '"product_id","price"\n"P0000",99\n"P0001",109\n'
    else:
        assert all(word in printed.text for word in ("product_id", "P0001", "109", "2 rows"))


def test_sql_reads_a_long_statement_from_standard_input(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT count(*) AS n\nFROM products"))
    assert json.loads(run("sql", "-", "--store", store, "--format", "json").out) == [{"n": 60}]


def test_sql_refuses_a_statement_that_is_not_utf8(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SELECT '\xff'"), "utf-8"))
    for statement in ("-", os.fsdecode(b"SELECT '\xff'")):
        ended = run("sql", statement, "--store", store)
        assert (ended.code, ended.out, ended.err.count("\n")) == (7, b"", 1)
        assert "UTF-8" in ended.err


def test_sql_asks_an_earlier_snapshot(run: Run, root: Root) -> None:
    question = ("sql", "SELECT DISTINCT price FROM products", "-s", root.path, "-f", "json")
    assert json.loads(run(*question).out) == [{"price": 3}]
    assert json.loads(run(*question, "--snapshot", 1).out) == [{"price": 1}]


def test_parquet_is_not_thrown_at_a_terminal(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    refused = run("sql", "SELECT 1", "--store", store, "--format", "parquet")
    assert (refused.code, refused.out) == (7, b"")
    assert "--output FILE" in refused.err


def test_an_output_that_ends_early_is_no_traceback(store: Path) -> None:
    command = [sys.executable, "aislemap.py", "sql", "FROM range(200000)", "-s", str(store), "-f", "csv"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_status_says_what_the_newest_snapshot_holds(run: Run, store: Path) -> None:
    shown = run("store", "status", "--store", store)
    assert shown.code == 0
    assert "Snapshot 1 of 20" in shown.text
    assert [line.split() for line in shown.text.splitlines() if " products " in line] == [["products", "60", "rows"]]


def test_history_lists_every_snapshot_oldest_first(run: Run, root: Root) -> None:
    lines = run("store", "history", "--store", root.path).text.splitlines()
    assert [int(line.split()[0]) for line in lines] == [1, 2, 3]
    assert all("20 products" in line for line in lines)
    assert snapshot.open_snapshot(root, 2).signature[:12] in lines[1]


def test_tables_prints_the_documentation(run: Run) -> None:
    assert run("store", "tables").text == document.as_text() + "\n"


def test_vacuum_drops_and_says_what_it_dropped(run: Run, root: Root) -> None:
    assert "0 snapshots and 0 files" in run("store", "vacuum", "--store", root.path).text, "grace is an hour"
    then = time.time() - 7200
    for place in root.path.rglob("*"):
        os.utime(place, (then, then))
    assert "Dropped 2 snapshots and 14 files" in run("store", "vacuum", "-s", root.path, "--keep", 1).text
    assert manifest.numbers(root) == [3]


def test_repoint_makes_a_moved_store_answer_any_client(run: Run, root: Root) -> None:
    moved = Root(root.path.rename(root.path.parent / "moved"))
    assert run("store", "verify", "-s", moved.path).code == 5
    assert str(moved.path) in run("store", "repoint", "-s", moved.path).text
    with stock(moved) as client:
        assert carried(client) == whole(3)
    assert run("store", "verify", "-s", moved.path).code == 0


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "store tables"])
def test_exit_5_where_there_is_no_store_and_none_is_made(run: Run, tmp_path: Path, command: str) -> None:
    statement = ["SELECT 1"] if command == "sql" else []
    ended = run(*command.split(), *statement, "--store", tmp_path / "nowhere")
    assert (ended.code, ended.out) == (5, b"")
    assert ended.err.startswith(f"aislemap: Nothing is published in the store {tmp_path / 'nowhere'}")
    assert not (tmp_path / "nowhere").exists()


def test_exit_5_for_a_damaged_store_with_each_fault_on_a_line(run: Run, root: Root) -> None:
    assert run("store", "verify", "-s", root.path).code == 0
    for n in (1, 2):
        root.remove(f"parts/{key_of('first', n)}/products.parquet")
    ended = run("store", "verify", "-s", root.path)
    assert (ended.code, ended.out) == (5, b"")
    assert [line.split(":")[0] for line in ended.err.splitlines()[1:]] == ["snapshot 1", "snapshot 2"]
    assert run("sql", "SELECT 1", "-s", root.path, "--snapshot", 1).code == 5
    assert run("sql", "SELECT 1", "-s", root.path, "--snapshot", 9).code == 5
    assert run("sql", "SELECT 1", "-s", root.path).code == 0


@pytest.mark.parametrize("command", ["vacuum", "repoint"])
def test_exit_4_while_another_writer_holds_the_store(run: Run, root: Root, command: str) -> None:
    with lock.writing(root, "ingest of shop.csv"):
        ended = run("store", command, "-s", root.path)
    assert (ended.code, ended.out) == (4, b"")
    assert "ingest of shop.csv" in ended.err


@pytest.mark.parametrize("statement", ["DROP VIEW products", "SELECT * FROM nowhere", "SELEC", ""])
def test_exit_7_for_a_question_that_cannot_be_answered(run: Run, store: Path, statement: str) -> None:
    ended = run("sql", statement, "--store", store)
    assert (ended.code, ended.out) == (7, b"")
    assert ended.err.startswith("aislemap: ")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("sql",),
        ("sql", "SELECT 1"),
        ("sql", "SELECT 1", "--store", "x", "--format", "xml"),
        ("store", "vacuum", "--store", "x", "--keep", "0"),
        ("store", "vacuum", "--store", "x", "--grace", "-1"),
        ("nothing",),
    ],
)
def test_exit_2_for_a_wrong_command_line(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, b"")
    assert "Usage: aislemap" in ended.err


def test_exit_3_for_an_output_that_cannot_be_written_or_a_catalogue_that_cannot_be_read(
    run: Run, store: Path, tmp_path: Path
) -> None:
    ended = run("sql", "SELECT 1", "--store", store, "--output", tmp_path / "no" / "folder.csv")
    assert (ended.code, ended.out) == (3, b"")
    assert f"{tmp_path / 'no' / 'folder.csv'} cannot be written (No such file or directory)" in ended.err
    ended = run("ingest", tmp_path / "nowhere.csv", "--store", tmp_path / "new")
    assert ended.code == 3
    assert "nowhere.csv" in ended.err


def test_exit_6_when_a_method_asked_for_by_name_cannot_run(run: Run, tmp_path: Path) -> None:
    words = ("steel mug", "glass mug", "red shirt", "blue shirt")
    rows = [f"{i},{word},{word} number {i},{word.split()[1]}" for i, word in enumerate(words * 3)]
    (tmp_path / "shop.csv").write_text("\n".join(["id,name,description,category", *rows, ""]))
    ended = run("ingest", tmp_path / "shop.csv", "-s", tmp_path / "new", "-m", "use", "-w", f"use={tmp_path / 'none'}")
    assert ended.code == 6, ended.err
    assert "use" in ended.err


def test_exit_130_when_interrupted(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyboard(io.StringIO):
        def read(self, size: int | None = -1) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Keyboard())
    ended = run("sql", "-", "--store", store)
    assert (ended.code, ended.out) == (130, b"")
    assert "Traceback" not in ended.err


def test_exit_1_for_an_error_that_nobody_expected() -> None:
    code = "import aislemap, store.sql; store.sql.ask = None; aislemap.main()"
    command = [sys.executable, "-c", code, "sql", "SELECT 1", "--store", "x"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "TypeError" in ended.stderr, "shown whole, so that it can be reported"
