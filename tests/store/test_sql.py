"""SQL from a person: one question, read only."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from store import manifest, snapshot, sql
from store.errors import QueryError, StoreDamaged
from store.root import Root
from store.sql import ask, judge
from store.tables import TABLES
from tests.factories import CATEGORIES, make_store

ONE_SELECT = "Give one SELECT"
NO_OTHER_FILE = "no other file"
REFUSED = {
    "COPY products TO 'stolen.csv'": ONE_SELECT,
    "COPY (SELECT 1) TO '{store}/catalog.duckdb' (FORMAT csv, USE_TMP_FILE false)": ONE_SELECT,
    "EXPLAIN ANALYZE COPY products TO 'stolen.csv'": ONE_SELECT,
    "EXPORT DATABASE 'stolen'": ONE_SELECT,
    "ATTACH '{store}/catalog.duckdb' AS c": ONE_SELECT,
    "INSERT INTO products (product_id) VALUES ('x')": ONE_SELECT,
    "UPDATE products SET name = 'x'": ONE_SELECT,
    "DELETE FROM products": ONE_SELECT,
    "CREATE TABLE mine AS SELECT 1": ONE_SELECT,
    "DROP VIEW products": ONE_SELECT,
    "SET enable_external_access = true": ONE_SELECT,
    "PRAGMA threads = 1": ONE_SELECT,
    "CALL pragma_version()": ONE_SELECT,
    "INSTALL httpfs": ONE_SELECT,
    "LOAD httpfs": ONE_SELECT,
    "USE memory": ONE_SELECT,
    "BEGIN": ONE_SELECT,
    "CHECKPOINT": ONE_SELECT,
    "UPDATE EXTENSIONS": ONE_SELECT,  # a type of statement that DuckDB's Python has no name for
    "SELECT get_type(1)": "Unsupported Arrow type",
    "SELECT 1; SELECT 2": ONE_SELECT,
    "SELECT 1; DROP VIEW products": ONE_SELECT,
    "": ONE_SELECT,
    "-- only a comment": ONE_SELECT,
    "PIVOT scores ON metric USING first(value)": "ON column IN",
    "SELECT * FROM '{outside}/secret.csv'": NO_OTHER_FILE,
    "SUMMARIZE '{outside}/secret.csv'": NO_OTHER_FILE,
    "SELECT * FROM '{store}/snapshots/00000001.json'": NO_OTHER_FILE,
    "SELECT getenv('HOME')": "getenv",
    "SELECT * FROM read_csv('{outside}/secret.csv')": NO_OTHER_FILE,
    "SELECT * FROM read_text('{store}/../outside/secret.csv')": NO_OTHER_FILE,
    "SELECT * FROM read_blob('{outside}/*')": NO_OTHER_FILE,
    "SELECT * FROM read_text('{store}/link.csv')": NO_OTHER_FILE,
    "SELECT * FROM glob('{outside}/*')": NO_OTHER_FILE,
    "SELECT * FROM sniff_csv('{outside}/secret.csv')": NO_OTHER_FILE,
    "SELECT * FROM query('COPY products TO ''stolen.csv''')": NO_OTHER_FILE,
    "SELEC 1": "syntax error",
    "SELECT nonsense FROM products": "nonsense",
    "SELECT * FROM nowhere": "nowhere",
    "SELECT * FROM root": "does not exist",  # a Python variable where the query runs
    "SELECT ?": "cannot be answered",
    "SELECT 'x'::INTEGER": "Could not convert",
}


COPY = "COPY (SELECT 1) TO '{target}' (FORMAT csv, USE_TMP_FILE false)"
BODIES = {
    "copy a query": COPY,
    "copy a table": "COPY products TO '{target}' (FORMAT parquet, OVERWRITE_OR_IGNORE true)",
    "copy a CTE": "COPY (WITH e AS (SELECT 1) FROM e) TO '{target}'",
    "insert": "INSERT INTO products (product_id) VALUES ('x') RETURNING *",
    "insert a query": "INSERT INTO products BY NAME SELECT 'x' AS product_id",
    "update": "UPDATE products SET name = 'x' RETURNING *",
    "delete": "DELETE FROM products RETURNING *",
    "truncate": "TRUNCATE products",
}
PLACES = {
    "a CTE": "WITH d AS ({}) SELECT * FROM d",
    "a CTE that nobody reads": "WITH d AS ({}) SELECT 1",
    "a materialised CTE": "WITH d AS MATERIALIZED ({}) FROM d",
    "the second CTE": "WITH a AS (SELECT 1), d AS ({}) SELECT * FROM a, d",
    "a CTE of a CTE": "WITH a AS (WITH d AS ({}) SELECT * FROM d) SELECT * FROM a",
    "a CTE beside a recursive one": "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 2), d AS ({}) FROM r, d",
    "FROM": "SELECT * FROM (WITH d AS ({}) SELECT * FROM d)",
    "a scalar subquery": "SELECT (WITH d AS ({}) SELECT count(*) FROM d)",
    "EXISTS": "SELECT 1 WHERE EXISTS (WITH d AS ({}) SELECT * FROM d)",
    "ORDER BY": "SELECT 1 AS n ORDER BY (WITH d AS ({}) SELECT count(*) FROM d)",
    "the right of a union": "SELECT 1 UNION ALL (WITH d AS ({}) SELECT count(*) FROM d)",
    "a lateral join": "SELECT * FROM products p, LATERAL (WITH d AS ({}) SELECT * FROM d)",
    "DESCRIBE": "DESCRIBE WITH d AS ({}) SELECT * FROM d",
    "SUMMARIZE": "SUMMARIZE WITH d AS ({}) SELECT * FROM d",
    "a list's lambda": "SELECT list_transform([1], lambda x: x + (WITH d AS ({}) SELECT count(*) FROM d))",
}
IN_A_QUERY = {f"{body} in {place}": PLACES[place].format(BODIES[body]) for body in BODIES for place in PLACES}
HIDDEN = {
    "EXPLAIN ANALYZE": f"EXPLAIN ANALYZE WITH d AS ({COPY}) SELECT * FROM d",
    "a subquery": f"SELECT * FROM ({COPY})",
    "a statement in text": "SELECT * FROM query('WITH d AS (' || $$" + COPY + "$$ || ') SELECT * FROM d')",
    "a serialised statement": "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "a name in text": "SELECT * FROM query_table('products')",
    "a log": "SELECT * FROM enable_logging(storage = 'file', storage_path = '{target}')",
    "a profile": "SELECT * FROM enable_profiling(save_location = '{target}')",
    "a checkpoint": "SELECT * FROM force_checkpoint()",
    "memory": "SELECT * FROM arrow_scan(1, 2, 3)",
    "a database": "SELECT * FROM read_duckdb('{target}')",
    "a schema-qualified function": "SELECT * FROM main.read_text('{target}')",
    "metadata": "SELECT * FROM parquet_metadata('{target}')",
    "Parquet": "SELECT * FROM read_parquet('{target}')",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("sql")
    (folder / "outside").mkdir()
    (folder / "outside" / "secret.csv").write_text("password\n1234\n")
    return make_store(folder / "store")


def hashes(root: Root) -> dict[str, str]:
    """Every file of the store, and around it, with its hash."""
    files = (place for place in root.path.parent.rglob("*") if place.is_file())
    return {str(place): hashlib.sha256(place.read_bytes()).hexdigest() for place in files}


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


@pytest.mark.parametrize("attack", IN_A_QUERY | HIDDEN)
def test_the_statements_tree_alone_refuses_whatever_could_write(
    open_to_all: duckdb.DuckDBPyConnection, attack: str
) -> None:
    with pytest.raises((QueryError, duckdb.ParserException)):
        judge(open_to_all, (IN_A_QUERY | HIDDEN)[attack])


def test_the_sealed_connection_alone_keeps_every_file(root: Root, targets: list[Path]) -> None:
    before = hashes(root)
    with snapshot.connect_sealed(root) as sealed:
        for attack in (IN_A_QUERY | HIDDEN).values():
            for target in targets:
                with suppress(duckdb.Error):
                    sealed.execute(attack.replace("{target}", str(target)))
                assert sealed.execute("SELECT count(*) FROM products").fetchall() == [(60,)]
    assert hashes(root) == before


@pytest.mark.parametrize("attack", [name for name in IN_A_QUERY if name.startswith("copy a query")])
def test_asking_writes_to_no_file_at_any_place_of_a_query(root: Root, targets: list[Path], attack: str) -> None:
    before = hashes(root)
    with pytest.raises(QueryError, match=f"{ONE_SELECT}|statements are not supported"):
        ask(root, IN_A_QUERY[attack].replace("{target}", str(targets[0])))
    assert hashes(root) == before


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


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
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
    ],
)
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
