"""The views: one per table over its Parquet files, with its comments, made in any DuckDB connection."""

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from store.root import Root
from store.tables import Table

Connection = duckdb.DuckDBPyConnection
CHECKED = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)
"""Parquet, read with the checksums of its pages; DuckDB's own reader passes over these."""


def over(connection: Connection, root: Root, table: Table, names: list[str]) -> None:
    """A view over these files, which DuckDB reads itself; it replaces one of that name."""
    _create(connection, table, f"[{', '.join(quote(pattern(root.url(name))) for name in names)}]" if names else None)


def following(connection: Connection, root: Root, table: Table, names: list[str]) -> None:
    """As `over`; of a log over all files that it has at the time of a query."""
    if table.log:
        _create(connection, table, quote(pattern(root.url(f"log/{table.name}")) + "/*.parquet"))
    else:
        over(connection, root, table, names)


def sealed(connection: Connection, root: Root, table: Table, names: list[str]) -> None:
    """A view over these files, which pyarrow opens for DuckDB, and reads with the checksums of their pages."""
    urls = [root.url(name) for name in names]
    for url in urls:
        if set(table.schema.names).difference(pq.read_schema(url).names):  # a dataset would say NULL
            raise pa.ArrowInvalid(f"{url} lacks a column")
    rows = ds.dataset(urls, schema=table.schema, format=CHECKED) if urls else table.schema.empty_table()
    connection.from_arrow(rows).project(_columns(table)).create_view(table.name)
    _comment(connection, table)


def pattern(path: str) -> str:
    """A path as DuckDB takes it literally, whatever wildcards are in the names of its folders."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


def _create(connection: Connection, table: Table, files: str | None) -> None:
    nothing = ", ".join(f'NULL::{c.type} AS "{c.name}"' for c in table.columns)
    select = f"SELECT {_columns(table)} FROM read_parquet({files})" if files else f"SELECT {nothing} WHERE false"
    connection.execute(f'CREATE OR REPLACE VIEW "{table.name}" AS {select}')
    _comment(connection, table)


def _comment(connection: Connection, table: Table) -> None:
    connection.execute(f'COMMENT ON VIEW "{table.name}" IS {quote(table.meaning)}')
    for column in table.columns:
        connection.execute(f'COMMENT ON COLUMN "{table.name}"."{column.name}" IS {quote(column.comment)}')


def _columns(table: Table) -> str:
    return ", ".join(f'"{c.name}"::{c.type} AS "{c.name}"' for c in table.columns)


def quote(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
