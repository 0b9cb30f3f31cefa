"""The tables are a contract: declared once, documented everywhere, named as people write them."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from store import document, snapshot, tables
from tests.factories import make_store
from tests.store.numbered import REPOSITORY, stock

CONTRACT = {
    "products": "product_id name description category image_path",
    "images": "product_id image_path sha256 width height thumbnail",
    "texts": "product_id raw clean",
    "terms": "product_id term weight",
    "embedding_bert": "product_id vector",
    "projections": "method reducer product_id x y",
    "clusters": "method grouping product_id cluster matched_category found_again placed",
    "scores": "method grouping metric value low high",
    "category_scores": "method grouping category precision recall f1",
    "confusions": "method grouping category cluster products",
    "judged_groupings": "method grouping metric",
    "verdicts": "scope method verdict reason",
    "suspects": "product_id category suggested_category votes rank",
    "duplicates": "product_id duplicate_of modality similarity",
    "issues": "product_id stage problem detail",
    "models": "method model source licence sha256 dimensions status",
    "runs": "run_id started seconds status",
    "reviews": "happened finding product_id other_product_id decision note category snapshot person",
    "steps": "run_id step key status seconds peak_mb",
}
"""What people's SQL rests on: a name here is never changed or dropped."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = make_store(tmp_path_factory.mktemp("tables"), products=10)
    with stock(root) as client:
        yield client


@pytest.fixture(scope="module")
def shown(client: duckdb.DuckDBPyConnection) -> dict[str, tables.Table]:
    """The declared tables that the catalogue shows."""
    embeddings = ("count", "tfidf", "bert", "sift", "cnn", "fusion")
    return {t.name: t for t in (*tables.TABLES, *(tables.embedding_table(name, 8) for name in embeddings))}


@pytest.mark.parametrize("table", CONTRACT)
def test_the_names_that_people_write_in_sql_are_there(client: duckdb.DuckDBPyConnection, table: str) -> None:
    client.execute(f"SELECT {', '.join(CONTRACT[table].split())} FROM {table}").fetchall()


def test_every_view_of_the_catalogue_carries_its_meaning(client: duckdb.DuckDBPyConnection, shown) -> None:  # type: ignore[no-untyped-def]
    found = dict(client.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
    assert found == {name: table.meaning for name, table in shown.items()}


def test_every_column_of_the_catalogue_has_its_declared_type_and_meaning(
    client: duckdb.DuckDBPyConnection, shown
) -> None:  # type: ignore[no-untyped-def]
    asked = "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal"
    declared = {
        (table.name, c.name, c.type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), c.comment)
        for table in shown.values()
        for c in table.columns
    }
    assert set(client.execute(asked).fetchall()) == declared


def test_the_written_documentation_is_what_the_code_declares() -> None:
    written = (REPOSITORY / "docs" / "tables.md").read_text(encoding="utf-8")
    assert written == document.as_markdown(), "run `make docs`"


@pytest.mark.parametrize("text", [document.as_markdown(), document.as_text()], ids=["markdown", "terminal"])
def test_the_documentation_names_every_table_and_column_with_its_meaning(text: str) -> None:
    for table in document.documented():
        assert table.meaning in text
        for column in table.columns:
            assert column.name in text
            assert column.comment.replace("|", "&#124;") in text or column.comment in text


def test_meanings_are_sentences_and_names_are_plain() -> None:
    for table in document.documented():
        assert table.meaning.endswith((".", "?")), table.name
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), table.name
        for column in table.columns:
            assert column.name.islower() or column.name in {"x", "y"}
            assert column.meaning.strip() == column.meaning
            assert column.meaning.endswith((".", "..."))


def test_a_declared_type_has_one_arrow_type() -> None:
    assert tables.arrow_type("FLOAT[384]") == pa.list_(pa.float32(), 384)
    assert tables.arrow_type("TIMESTAMPTZ") == pa.timestamp("us", tz="UTC")
    with pytest.raises(KeyError):
        tables.arrow_type("TEXT")


def test_a_table_that_is_not_declared_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        tables.table("nowhere")


def test_times_of_the_logs_come_back_as_they_were_written(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", products=10)
    with snapshot.connect(root) as connection:
        rows = connection.execute("SELECT happened, next_run FROM schedule ORDER BY happened").fetchall()
    assert [(after - before).total_seconds() for before, after in rows] == [3600, 86400]
    assert all(at.utcoffset().total_seconds() == 0 for at, _ in rows)
