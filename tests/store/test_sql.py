"""SQL from a person: one question, read only, and its answer in four formats."""

import csv
import hashlib
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store.errors import QueryError
from store.export import write
from store.root import Root
from store.sql import ask
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
    "SELECT 1; SELECT 2": ONE_SELECT,
    "SELECT 1; DROP VIEW products": ONE_SELECT,
    "": ONE_SELECT,
    "-- only a comment": ONE_SELECT,
    "WITH x AS (DELETE FROM products RETURNING *) SELECT * FROM x": "cannot be answered",
    "WITH x AS (INSERT INTO products (product_id) VALUES ('x') RETURNING *) SELECT * FROM x": "cannot be answered",
    "SELECT * FROM '{outside}/secret.csv'": NO_OTHER_FILE,
    "SELECT * FROM read_csv('{outside}/secret.csv')": NO_OTHER_FILE,
    "SELECT * FROM read_text('{store}/../outside/secret.csv')": NO_OTHER_FILE,
    "SELECT * FROM read_blob('{outside}/*')": NO_OTHER_FILE,
    "SELECT * FROM read_text('{store}/link.csv')": NO_OTHER_FILE,
    "SELECT * FROM glob('{outside}/*')": NO_OTHER_FILE,
    "SELECT * FROM sniff_csv('{outside}/secret.csv')": NO_OTHER_FILE,
    "SELECT * FROM query('COPY products TO ''stolen.csv''')": "cannot be answered",
    "SELEC 1": "syntax error",
    "SELECT nonsense FROM products": "nonsense",
    "SELECT * FROM nowhere": "nowhere",
    "SELECT * FROM root": "does not exist",  # a Python variable where the query runs
    "SELECT ?": "cannot be answered",
    "SELECT 'x'::INTEGER": "Could not convert",
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


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT count(*) AS n FROM products", 1),
        ("SELECT 1;", 1),
        ("WITH p AS (FROM products) SELECT * FROM p LIMIT 3", 3),
        ("FROM products LIMIT 2", 2),
        ("VALUES (1), (2)", 2),
        ("DESCRIBE scores", 12),
        ("SUMMARIZE projections", 5),
        ("SELECT category, count(*) FROM products WHERE category IS NOT NULL GROUP BY ALL", len(CATEGORIES)),
        ("FROM (PIVOT scores ON metric IN ('ari', 'ami') USING first(value) GROUP BY method)", 9),
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


QUESTION = """
    SELECT product_id, price, catalogue_row, brand, category = 'Watches' AS watch,
           [1.5, NULL] AS list, {'a': 'x'} AS pair, 'é"; ,\n'::VARCHAR AS odd,
           sum(catalogue_row) OVER () AS total, 1.25::DECIMAL(4, 2) AS fraction, DATE '2026-11-02' AS day,
           'a'::ENUM ('a', 'b') AS kind, 'abc'::BLOB AS bytes, 'nan'::DOUBLE AS nothing
    FROM products ORDER BY catalogue_row LIMIT 5
"""


def exported(result: pa.Table, form: str) -> bytes:
    file = io.BytesIO()
    write(result, form, file, width=100)
    return file.getvalue()


def test_parquet_gives_the_answer_back_as_it_was(root: Root) -> None:
    result = ask(root, QUESTION)
    back = pq.read_table(io.BytesIO(exported(result, "parquet")))
    rows = [{**row, "nothing": None} for row in result.to_pylist()]  # a NaN equals nothing, itself included
    assert [{**row, "nothing": None} for row in back.to_pylist()] == rows
    assert back.schema.field("fraction").type == pa.decimal128(4, 2)


def test_csv_holds_every_value_as_text(root: Root) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(ask(root, QUESTION), "csv").decode(), newline="")))
    assert len(rows) == 5
    first = rows[0]
    assert (first["product_id"], first["price"], first["brand"], first["watch"]) == ("P0000", "99", "Aria", "false")
    assert rows[4]["brand"] == "", "NULL is empty"
    assert (json.loads(first["list"]), json.loads(first["pair"])) == ([1.5, None], {"a": "x"})
    assert first["odd"] == 'é"; ,\n'
    assert (first["total"], first["fraction"], first["day"]) == (str(60 * 61 // 2), "1.25", "2026-11-02")
    assert (first["kind"], first["bytes"]) == ("a", "<3 bytes>")


def test_json_holds_numbers_as_numbers_and_is_read_by_any_parser(root: Root) -> None:
    rows = json.loads(exported(ask(root, QUESTION), "json"))
    assert len(rows) == 5
    assert rows[0] == {
        "product_id": "P0000",
        "price": 99.0,
        "catalogue_row": 1,
        "brand": "Aria",
        "watch": False,
        "list": [1.5, None],
        "pair": {"a": "x"},
        "odd": 'é"; ,\n',
        "total": 60 * 61 // 2,
        "fraction": 1.25,
        "day": "2026-11-02",
        "kind": "a",
        "bytes": "<3 bytes>",
        "nothing": None,
    }
    assert rows[4]["brand"] is None


def test_json_says_great_numbers_and_intervals_too(root: Root) -> None:
    rows = json.loads(
        exported(ask(root, "SELECT 2::HUGEINT ** 100 AS p, INTERVAL 2 DAY AS i, 9e18::HUGEINT AS h"), "json")
    )
    assert rows[0]["p"] == pytest.approx(2**100)
    assert rows[0]["h"] == 9 * 10**18
    assert "2" in rows[0]["i"]


def test_a_printed_table_is_short_and_says_how_many_rows(root: Root) -> None:
    printed = exported(
        ask(root, "SELECT product_id, vector, 1 / 3 AS third FROM embedding_bert ORDER BY 1"), "table"
    ).decode()
    assert "60 rows" in printed
    assert "P0059" in printed
    assert "... 8 values]" in printed.replace("\n", " ")
    assert "0.333333" in printed
    assert max(map(len, printed.splitlines())) <= 100
    assert "1 row\n" in exported(ask(root, "SELECT 1"), "table").decode().replace(" \n", "\n") + "\n"


def test_markup_in_a_value_is_printed_as_it_stands(root: Root) -> None:
    assert "[bold]x[/bold]" in exported(ask(root, "SELECT '[bold]x[/bold]' AS \"[red]a\""), "table").decode()


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_no_rows_are_a_result_too(root: Root, form: str) -> None:
    written = exported(ask(root, "SELECT product_id, price FROM products WHERE false"), form)
    if form == "parquet":
        assert pq.read_table(io.BytesIO(written)).column_names == ["product_id", "price"]
    else:
        expected = {"table": "0 rows", "csv": '"product_id","price"', "json": "[]"}[form]
        assert expected in written.decode()


def test_a_type_that_a_format_cannot_hold_is_named_with_the_remedy(root: Root) -> None:
    with pytest.raises(QueryError, match=r"cannot be written as parquet.*Cast that column to VARCHAR"):
        exported(ask(root, "SELECT INTERVAL 1 DAY AS i"), "parquet")
    assert "i" in exported(ask(root, "SELECT INTERVAL 1 DAY AS i"), "csv").decode()
