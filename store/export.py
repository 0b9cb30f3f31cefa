"""A query's result as a table to look at, CSV, JSON or Parquet."""

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from store.errors import QueryError

SHOWN = 6
"""Values of a list that a printed table shows: enough to distinguish vectors, few enough for one cell."""


def write(result: pa.Table, form: str, file: IO[bytes], width: int | None = None) -> None:
    """Write a result to a binary file as 'table', 'csv', 'json' or 'parquet'.

    `width` is that of the printed table in characters; None asks the terminal. Binary values come out as their size
    in all but Parquet; nested ones are JSON in CSV. QueryError if a column's type does not fit the format.
    """
    try:
        if form == "parquet":
            pyarrow.parquet.write_table(result, file, compression="zstd")
        elif form == "csv":
            pyarrow.csv.write_csv(_flat(result), file)
        elif form == "json":
            file.write(orjson.dumps(result.to_pylist(), default=_plain, option=orjson.OPT_INDENT_2) + b"\n")
        else:
            file.write(_table(result, width).encode())
    except pa.ArrowException as error:
        raise QueryError(f"The result cannot be written as {form}: {error}. Cast that column to VARCHAR.") from error
    file.flush()


def _plain(value: Any) -> Any:
    """A value that JSON cannot hold: DuckDB's sums are decimals, images are bytes, the rest is written as text."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
    return str(value)


def _flat(result: pa.Table) -> pa.Table:
    """CSV holds no lists, bytes or intervals."""
    columns = []
    for column in result.columns:
        data_type = column.type
        if pa.types.is_nested(data_type):
            columns.append(_texts(column, lambda value: orjson.dumps(value, default=_plain).decode()))
        elif pa.types.is_binary(data_type) or pa.types.is_interval(data_type):
            columns.append(_texts(column, lambda value: str(_plain(value))))
        else:
            columns.append(column.cast(pa.string()) if pa.types.is_dictionary(data_type) else column)
    return pa.table(columns, names=result.column_names)


def _texts(column: pa.ChunkedArray, text: Any) -> pa.Array:
    return pa.array([None if value is None else text(value) for value in column.to_pylist()], pa.string())


def _table(result: pa.Table, width: int | None) -> str:
    from rich.console import Console  # noqa: PLC0415  # the dashboard's exports do without it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(caption=f"{result.num_rows} row{'' if result.num_rows == 1 else 's'}")
    for name in result.column_names:
        table.add_column(Text(name), overflow="fold")
    for row in _rows(result):
        table.add_row(*(Text(_cell(value)) for value in row))
    out = StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def _rows(result: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in result.columns), strict=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        more = [f"... {len(value)} values"] if len(value) > SHOWN else []
        return f"[{', '.join([_cell(v) for v in value[:SHOWN]] + more)}]"
    return str(_plain(value)) if isinstance(value, bytes) else str(value)
