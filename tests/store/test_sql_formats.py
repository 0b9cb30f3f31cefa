"""The answer to a question in SQL in four formats: each value as it was, or named with the remedy."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store.errors import QueryError
from store.export import write
from store.root import Root
from store.sql import ask


@pytest.fixture(scope="module")
def root(small_store: Root) -> Root:
    return small_store


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
