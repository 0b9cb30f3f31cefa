"""The table of a query's result: its rows as text, found by words and sorted by a column, in pieces."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from dash import dcc, html

from dashboard import components as ui
from dashboard.selecting import lists
from dashboard.server.sql_door import PRODUCT_ID, Result
from store import export

PER_PAGE = 50
NARROW = 60
"""Characters of a value up to which its column is as narrow as the table needs; a longer text has some words a line."""
SHOWN_CHARACTERS = 300
"""Characters of a value in the table: enough for a name or the beginning of a text; a file has the whole."""


def order(result: Result, words: str | None, column: int | None, down: bool) -> tuple[list[tuple[str, ...]], list[int]]:
    """All rows as text, and the numbers of those that hold every word in one of their cells, in order.

    Without a `column` the order is the query's. Numbers and dates are sorted as such, what has no order of its own by
    its text; a row without a value comes last.
    """
    rows = list(export.shown(result.table))
    found = [i for i, row in enumerate(rows) if lists.matches(words, *row)] if words else list(range(len(rows)))
    if column is None or not 0 <= column < result.table.num_columns:
        return rows, found
    empty = result.table.column(column).is_null().to_pylist()
    keys = _keys(result.table.column(column)) or [row[column] for row in rows]
    there = sorted((i for i in found if not empty[i]), key=lambda i: keys[i], reverse=down)
    return rows, there + [i for i in found if empty[i]]


def _keys(column: pa.ChunkedArray) -> list[Any]:
    """What the values are sorted by, as Arrow orders them; none where it has no order for them."""
    try:
        ranked: list[Any] = pa.compute.rank(column, tiebreaker="min").to_pylist()
    except pa.ArrowException:
        return []
    return ranked


def table(result: Result, rows: Sequence[Sequence[str]], column: int | None, down: bool) -> Any:
    """These rows, below a head that sorts (assets/sql.js); the ids of products lead to their pages."""
    names = result.table.column_names
    figures = [i for i, field in enumerate(result.table.schema) if _is_figure(field.type)]

    def cell(i: int, text: str) -> Any:
        if names[i] == PRODUCT_ID and text:
            return dcc.Link(text, href=ui.product_link(text))
        if len(text) <= NARROW:
            return text
        more = html.Span(f"... {len(text):,} characters", className="sub") if len(text) > SHOWN_CHARACTERS else None
        return html.Div([text[:SHOWN_CHARACTERS], more], className="sql-text-cell")

    head = [_head(i, name, down if i == column else None) for i, name in enumerate(names)]
    return ui.table(head, [[cell(i, text) for i, text in enumerate(row)] for row in rows], figures, "sql-table")


def _head(number: int, name: str, down: bool | None) -> Any:
    """A column's name as a button; `down` is None unless it is sorted by it."""
    sign = "" if down is None else " ↓" if down else " ↑"
    then = "downwards" if down is False else "upwards"
    label = f"Sort by {name} {then}"
    return html.Button(
        [name, sign], type="button", className="sort", **{"data-column": str(number), "aria-label": label}
    )


def _is_figure(data_type: pa.DataType) -> bool:
    return bool(pa.types.is_integer(data_type) or pa.types.is_floating(data_type) or pa.types.is_decimal(data_type))
