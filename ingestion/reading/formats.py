"""Read the rows of a CSV, TSV, JSON-lines or Parquet file, also of a damaged one.

A row that can be read is yielded as cells by column name; one that cannot is yielded without cells but with the
reason. A file that is not what its suffix says, or that has no usable header, is a CatalogueError. Files are
streamed: no more than one record, or one batch of a Parquet file, is held at a time.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.issues import shorten
from ingestion.reading.csv_rows import open_csv
from ingestion.reading.rows import Row, Source, check_names, mend
from ingestion.reading.text_file import Lines, encoding_of, open_text
from store.errors import CatalogueError

PARQUET_BATCH = 1024


def open_rows(path: Path) -> Source:
    """Open a catalogue by its suffix: .csv, .tsv, .jsonl (.ndjson) or .parquet (.pq).

    CatalogueError if it is missing, empty, of another suffix, not what its suffix says, or has an unusable header.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CatalogueError(
            f"The catalogue {path} has the suffix {path.suffix!r}; give a file ending in {', '.join(READERS)}."
        )
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise CatalogueError(f"The catalogue {path} {what}; check the path.")
        return reader(path)
    except OSError as error:
        raise CatalogueError(f"The catalogue {path} cannot be read ({error}); check the file.") from error


def _open_jsonl(path: Path) -> Source:
    encoding = encoding_of(path)
    columns: dict[str, None] = {}
    for row in _jsonl_rows(path, encoding):
        columns.update(dict.fromkeys(row.cells or ()))
    return Source(list(columns), _jsonl_rows(path, encoding))


def _jsonl_rows(path: Path, encoding: str) -> Iterator[Row]:
    number = 0
    with open_text(path, encoding) as file:
        for line in _jsonl_lines(file):
            number += 1
            try:
                # Numbers stay as the catalogue wrote them: an id of 007.10 or of thirty digits is not to change.
                cells = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
            except (ValueError, RecursionError) as error:
                problem = ("unreadable row", f"Not JSON ({error}); the line was left out: {shorten(line.strip())}")
                yield Row(number, None, (problem,))
                continue
            if isinstance(cells, dict) and cells:
                yield Row(number, cells)
            else:
                found = f"Not a JSON object; the line was left out: {shorten(line.strip())}"
                yield Row(number, None, (("unreadable row", found),))


def _jsonl_lines(file: TextIO) -> Iterator[str]:
    """The lines that are not blank."""
    lines = Lines(file)
    for line in lines:
        lines.taken.clear()
        if line.strip():
            yield line


def _open_parquet(path: Path) -> Source:
    if path.stat().st_size == 0:
        raise CatalogueError(f"The catalogue {path} is empty; give a file with rows.")
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, ValueError) as error:
        raise CatalogueError(f"The catalogue {path} is not a readable Parquet file: {error}") from error
    check_names(path, [mend(name)[0] for name in schema.names])
    binary = [f.name for f in schema if _is_binary(f.type)]
    notes = [("binary column", f"The column {shorten(name)} holds binary data and was left out.") for name in binary]
    columns = [name for name in schema.names if name not in binary]
    return Source(columns, _parquet_rows(path, columns), notes)


def _is_binary(data_type: pa.DataType) -> bool:
    return any(is_(data_type) for is_ in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary))


def _parquet_rows(path: Path, columns: list[str]) -> Iterator[Row]:
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=PARQUET_BATCH, columns=columns):
                values = [_values(batch.column(i)) for i in range(len(columns))]
                for cells in zip(*values, strict=True):
                    number += 1
                    yield Row(number, dict(zip(columns, cells, strict=True)))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise CatalogueError(f"The Parquet file {path} is damaged after row {number}: {error}") from error


def _values(array: pa.Array) -> list[Any]:
    """A column's cells as text, or as lists and objects where they are nested; None for NULL and NaN."""
    data_type = array.type
    if pa.types.is_dictionary(data_type):
        return _values(array.cast(data_type.value_type))
    if pa.types.is_nested(data_type):
        return list(array.to_pylist())
    if pa.types.is_floating(data_type):
        array = pc.if_else(pc.is_nan(array), None, array)
    if not (pa.types.is_string(data_type) or pa.types.is_large_string(data_type)):
        array = array.cast(pa.string())
    # Through bytes, because a Parquet string need not be UTF-8.
    cells = array.cast(pa.large_binary()).to_pylist()
    return [None if cell is None else cell.decode("utf-8", "surrogateescape") for cell in cells]


READERS: dict[str, Callable[[Path], Source]] = {
    ".csv": open_csv,
    ".tsv": open_csv,
    ".jsonl": _open_jsonl,
    ".ndjson": _open_jsonl,
    ".parquet": _open_parquet,
    ".pq": _open_parquet,
}
