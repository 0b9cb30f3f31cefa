"""SQL from a person: one question, read only."""

from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from store import snapshot, sql
from store.errors import QueryError, StoreDamaged
from store.root import Root
from store.sql import ask, judge
from store.tables import TABLES
from tests.factories import CATEGORIES, make_store
from tests.store.attacks import NO_OTHER_FILE, ONE_SELECT, REFUSED, hashes


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("sql")
    (folder / "outside").mkdir()
    (folder / "outside" / "secret.csv").write_text("password\n1234\n")
    return make_store(folder / "store")


@pytest.mark.parametrize("statement", REFUSED)
def test_all_but_one_select_over_the_store_is_refused_in_words_and_changes_nothing(
    root: Root, statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outside = root.path.parent / "outside"
    link = root.path / "link.csv"
    link.unlink(missing_ok=True)
    if "link.csv" in statement:
        link.symlink_to(outside / "secret.csv")
    before = hashes(root)
    with pytest.raises(QueryError) as refused:
        ask(root, statement.format(store=root.path, outside=outside))
    assert REFUSED[statement] in str(refused.value)
    assert "1234" not in str(refused.value)
    assert hashes(root) == before
    assert list(tmp_path.iterdir()) == []


def test_the_sealed_connection_shows_what_the_open_one_does(root: Root) -> None:
    with snapshot.connect(root) as open_one, snapshot.connect_sealed(root) as sealed:
        names = "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY 1"
        columns = (
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal ORDER BY 1"
        )
        for question in (f"{names}", f"{columns}, 2"):
            assert sealed.execute(question).fetchall() == open_one.execute(question).fetchall()
        for (name,) in open_one.execute(f"SELECT view_name FROM ({names})").fetchall():
            both = [
                c.execute(f'SELECT md5(x::VARCHAR) FROM "{name}" x ORDER BY 1').fetchall() for c in (sealed, open_one)
            ]
            assert both[0] == both[1], name


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT 1; SELECT 2", ONE_SELECT),
        ("SELECT '\ud800'", "UTF-8"),
        ("UPDATE EXTENSIONS", ONE_SELECT),
        ("DROP VIEW products", ONE_SELECT),
        ("PIVOT scores ON metric USING first(value)", "ON column IN"),
        ("SELECT * FROM read_csv('x')", NO_OTHER_FILE),
    ],
)
def test_a_statement_is_refused_for_what_it_is(root: Root, statement: str, words: str) -> None:
    with snapshot.connect_sealed(root) as sealed, pytest.raises(QueryError, match=words):
        judge(sealed, statement)


@pytest.mark.parametrize(
    ("error", "found", "words"),
    [
        (duckdb.PermissionException("no\nmore"), QueryError, "no other file: no$"),
        (duckdb.OutOfMemoryException("full"), MemoryError, "^$"),
        (pa.ArrowInvalid("bad"), QueryError, "cannot be answered: bad"),
        (duckdb.InvalidInputException("reading the Arrow source failed: cut\nmore"), StoreDamaged, r"\(cut\).*verify"),
    ],
)
def test_an_error_of_the_worker_is_told_in_words(error: Exception, found: type[Exception], words: str) -> None:
    with pytest.raises(found, match=words), sql._in_words():
        raise error


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"error": True, "error_message": "no"}, "cannot be shown as the tree.*no"),
        (RecursionError(), "nested too deeply"),
    ],
)
def test_a_tree_that_cannot_be_read_is_refused(
    root: Root, monkeypatch: pytest.MonkeyPatch, tree: object, words: str
) -> None:
    def read(text: str) -> object:
        if isinstance(tree, Exception):
            raise tree
        return tree

    with snapshot.connect_sealed(root) as sealed:
        monkeypatch.setattr(sql.json, "loads", read)
        with pytest.raises(QueryError, match=words):
            judge(sealed, "SELECT 1")


def test_a_query_nested_very_deeply_is_an_answer_or_refused_in_words(root: Root) -> None:
    for depth in (50, 900, 5000):
        with suppress(QueryError):
            assert ask(root, "SELECT " + "abs(" * depth + "1" + ")" * depth).num_rows == 1


HONEST = [
    ("SELECT count(*) AS n FROM products", 1),
    ("SELECT 1;", 1),
    ("WITH p AS (FROM products) SELECT * FROM p LIMIT 3", 3),
    ("FROM products LIMIT 2", 2),
    ("VALUES (1), (2)", 2),
    ("DESCRIBE scores", 8),
    ("SUMMARIZE projections", 5),
    ("SELECT category, count(*) FROM products WHERE category IS NOT NULL GROUP BY ALL", len(CATEGORIES)),
    ("SHOW TABLES", len(TABLES) + 6),
    ("SELECT * FROM RANGE(3)", 3),
    ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r", 5),
    ("SELECT product_id FROM products EXCEPT SELECT product_id FROM texts WHERE false ORDER BY ALL LIMIT 10%", 6),
    ("SELECT 'a'::ENUM ('a', 'b') AS kind, [x + 1 FOR x IN [1, 2]] AS list, {'type': 'COPY_NODE'} AS pair", 1),
    ("SELECT count(*) FROM products TABLESAMPLE 100%", 1),
    ("FROM (PIVOT scores ON metric IN ('ari', 'ami') USING first(value) GROUP BY method)", 8),
]


def test_the_tree_of_an_honest_question_passes(root: Root) -> None:
    with snapshot.connect_sealed(root) as sealed:
        for statement, _ in HONEST:
            assert judge(sealed, statement) == statement


@pytest.mark.parametrize(("statement", "rows"), HONEST)
def test_every_kind_of_question_is_answered(root: Root, statement: str, rows: int) -> None:
    assert ask(root, statement).num_rows == rows


def test_the_comments_of_tables_and_columns_can_be_asked_for(root: Root) -> None:
    asked = "SELECT comment FROM duckdb_columns() WHERE table_name = 'products' AND column_name = 'price'"
    assert ask(root, asked).to_pylist() == [{"comment": "The price. [the catalogue's currency]"}]


def test_columns_of_one_name_are_all_there(root: Root) -> None:
    joined = ask(root, "SELECT p.product_id, t.*, 7 AS product_id_2 FROM products p JOIN texts t USING (product_id)")
    names = joined.column_names
    assert names[:2] == ["product_id", "product_id_2"]
    assert names[-1] == "product_id_2_2"
    assert joined["product_id"] == joined["product_id_2"]
    assert len(set(names)) == len(names)


def test_no_setting_of_the_connection_names_a_folder_of_the_machine(root: Root) -> None:
    named = ask(root, "SELECT name, value FROM duckdb_settings() WHERE contains(value, '/') OR contains(value, '\\')")
    assert {row["name"] for row in named.to_pylist()} <= {"duckdb_api", "TimeZone"}
    with pytest.raises(QueryError, match="not for it"):
        ask(root, "FROM duckdb_extensions()")
