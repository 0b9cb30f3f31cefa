"""How every question is asked: bound values in, typed rows out."""

from collections.abc import Sequence
from typing import Any, TypeVar

import duckdb

Cursor = duckdb.DuckDBPyConnection
Row = TypeVar("Row")


def rows(cursor: Cursor, row: type[Row], sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """All rows of a query as `row`, whose fields are named like the query's columns."""
    cursor.execute(sql, values)
    names = [column[0] for column in cursor.description or ()]
    return [row(**dict(zip(names, values, strict=True))) for values in cursor.fetchall()]


def first(cursor: Cursor, row: type[Row], sql: str, values: Sequence[Any] = ()) -> Row | None:
    """The first row of a query, or None."""
    return next(iter(rows(cursor, row, sql, values)), None)


def column(cursor: Cursor, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """The first column of a query's rows."""
    return [row[0] for row in cursor.execute(sql, values).fetchall()]
