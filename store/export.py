"""A query's result as a table to look at, CSV, JSON or Parquet."""

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from store.errors import QueryError
from store.terminal import printable

SHOWN = 6
"""Values of a list that a printed table shows: enough to distinguish vectors, few enough for one cell."""
PRINTED_ROWS = 1_000
"""Rows that a printed table shows: more than a person reads. A thousand take a second to lay out, ten thousand 17."""
PRINTED_CHARACTERS = 2_000
"""Characters of a value that a printed table shows: a description whole, but no document."""
SLICE = 10_000
"""Rows that are turned into text at once: Python's values take ten times the memory of Arrow's."""
FORMULA = r"^[=+\-@\t\r\n\x{FF0B}\x{FF0D}\x{FF1D}\x{FF20}]"
"""How a text begins that a spreadsheet may run (OWASP, CSV injection), the full-width signs among them."""
NUMBER = r"^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"


def write(result: pa.Table, form: str, file: IO[bytes], width: int | None = None) -> None:
    """Write a result to a binary file as 'table', 'csv', 'json' or 'parquet'.

    `width` is that of the printed table in characters; None asks the terminal. Binary values come out as their size
    in all but Parquet; nested ones are JSON in CSV. CSV is what spreadsheets open: a text that one would run as a
    formula has a ' before it there, as `'=1+1`, and no number has. A printed table shows the first `PRINTED_ROWS`.
    QueryError if a column's type does not fit the format.
    """
    try:
        if form == "parquet":
            pyarrow.parquet.write_table(result, file, compression="zstd")
        elif form == "csv":
            for start in range(0, max(result.num_rows, 1), SLICE):
                header = pyarrow.csv.WriteOptions(include_header=start == 0)
                pyarrow.csv.write_csv(_inert(_flat(result.slice(start, SLICE))), file, header)
        elif form == "json":
            _write_json(result, file)
        else:
            file.write(_table(result, width).encode())
    except pa.ArrowException as error:
        raise QueryError(f"The result cannot be written as {form}: {error}. Cast that column to VARCHAR.") from error
    file.flush()


def _write_json(result: pa.Table, file: IO[bytes]) -> None:
    """A list of one object per row, indented, as `orjson` writes it of the whole."""
    file.write(b"[")
    for start in range(0, result.num_rows, SLICE):
        rows = [dict(zip(result.column_names, row, strict=True)) for row in _rows(result.slice(start, SLICE))]
        text = orjson.dumps(rows, default=_plain, option=orjson.OPT_INDENT_2)
        file.write((b"," if start else b"") + text.removeprefix(b"[").removesuffix(b"\n]"))
    file.write(b"\n]\n" if result.num_rows else b"]\n")


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
        elif pa.types.is_binary(data_type) or pa.types.is_interval(data_type) or _is_extension(data_type):
            columns.append(_texts(column, lambda value: str(_plain(value))))
        else:
            columns.append(column.cast(pa.string()) if pa.types.is_dictionary(data_type) else column)
    return pa.table(columns, names=result.column_names)


def _is_extension(data_type: pa.DataType) -> bool:
    """Whether it is a type of DuckDB's own (BIGNUM), which has bytes and no values."""
    return isinstance(data_type, pa.BaseExtensionType)


def _inert(result: pa.Table) -> pa.Table:
    """The texts, and the names of the columns, with a ' before those that a spreadsheet would run."""
    columns = [_quoted(column) if pa.types.is_string(column.type) else column for column in result.columns]
    names = _quoted(pa.array(result.column_names, pa.string())).to_pylist()
    return pa.table(columns, names=names)


def _quoted(texts: Any) -> Any:
    runs = pc.and_not(pc.match_substring_regex(texts, FORMULA), pc.match_substring_regex(texts, NUMBER))
    return pc.if_else(runs, pc.binary_join_element_wise("'", texts, ""), texts)


def _texts(column: pa.ChunkedArray, text: Any) -> pa.Array:
    return pa.array([None if value is None else text(value) for value in _values(column)], pa.string())


def _values(column: pa.ChunkedArray) -> list[Any]:
    """The values as Python's; as text where Python has no such date or time (infinity, the year 290,000)."""
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        values = [_value(scalar) for scalar in column]
    return values


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        if pa.types.is_list(scalar.type) or pa.types.is_fixed_size_list(scalar.type) or pa.types.is_map(scalar.type):
            return [_value(value) for value in scalar.values]
        if pa.types.is_struct(scalar.type):
            return {field.name: _value(scalar[i]) for i, field in enumerate(scalar.type)}
        return _value(scalar.value) if pa.types.is_union(scalar.type) else scalar.cast(pa.string()).as_py()


def _table(result: pa.Table, width: int | None) -> str:
    from rich.console import Console  # noqa: PLC0415  # the dashboard's exports do without it
    from rich.table import Table  # noqa: PLC0415

    rows = f"{result.num_rows} row{'' if result.num_rows == 1 else 's'}"
    more = f"The first {PRINTED_ROWS} of " if result.num_rows > PRINTED_ROWS else ""
    table = Table(caption=f"{more}{rows}{'; the other formats hold all' if more else ''}")
    for name in result.column_names:
        table.add_column(_text(name), overflow="fold")
    for row in _rows(result.slice(0, PRINTED_ROWS)):
        table.add_row(*(_text(_cell(value)) for value in row))
    out = StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def shown(result: pa.Table) -> Iterator[tuple[str, ...]]:
    """Each row as a page shows it: its values as text, without characters that steer a terminal or turn the text."""
    for row in _rows(result):
        yield tuple(printable(_cell(value)) for value in row)


def _text(value: str) -> Any:
    from rich.text import Text  # noqa: PLC0415

    more = f"... {len(value)} characters" if len(value) > PRINTED_CHARACTERS else ""
    return Text(printable(value[:PRINTED_CHARACTERS]) + more)


def _rows(result: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(_values(column) for column in result.columns), strict=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        more = [f"... {len(value)} values"] if len(value) > SHOWN else []
        return f"[{', '.join([_cell(v) for v in value[:SHOWN]] + more)}]"
    return str(_plain(value)) if isinstance(value, bytes) else str(value)
