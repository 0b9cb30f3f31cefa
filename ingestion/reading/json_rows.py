"""Read the rows of a JSON file: one object per line, one array of objects, also within an object, or one table.

Lines and arrays are streamed. A table is held as a whole, up to `MAX_VALUE` characters.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TextIO

from ingestion.issues import shorten
from ingestion.reading.json_stream import DECODER, MAX_VALUE, EndedEarly, Stream, TooLong
from ingestion.reading.rows import Row, Source
from ingestion.reading.text_file import Lines, encoding_notes, encoding_of, open_text
from store.errors import CatalogueError

MAX_ENVELOPE = 3
"""Names of an object in one line around an array of products, at most: {"count": 2, "page": 1, "products": [...]}."""
HEAD = 65_536
"""Characters of a file by which its form is judged."""
ENVELOPE = re.compile(r'\{(?:\s*"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)\s*,)*\s*"[^"\\]*"\s*:\s*\[\s*\{')
"""The beginning of an object around an array of objects: by this alone, where it is too long to be looked through."""


def open_json(path: Path) -> Source:
    """A file of JSON lines, of one JSON array or of one table; CatalogueError if it is empty, not text, or a table of
    more than `MAX_VALUE` characters.
    """
    encoding = encoding_of(path)
    form = _form(path, encoding)
    if isinstance(form, list):
        named = dict.fromkeys(name for row in form if isinstance(row, dict) for name in row)
        rows_of_it = (_row(number, row) for number, row in enumerate(form, start=1))
        return Source(list(named), rows_of_it, encoding_notes(encoding), "a JSON object of products or columns")
    rows = _array_rows if form == "array" else _line_rows
    columns: dict[str, None] = {}
    for row in rows(path, encoding):
        columns.update(dict.fromkeys(row.cells or ()))
    about = "a JSON array" if rows is _array_rows else "JSON, one object per line"
    return Source(list(columns), rows(path, encoding), encoding_notes(encoding), about)


def _form(path: Path, encoding: str) -> Literal["array", "lines"] | list[Any]:
    """How a file is read: an array, bare or within an object; one object per line; or the rows of a table.

    What begins as an object is looked at as a whole, unless its first line is one and others follow.
    """
    with open_text(path, encoding) as file:
        stream = Stream(file, path)
        if stream.next() != "{":
            return "array" if stream.next() == "[" else "lines"
        start = stream.shown(HEAD)
        first, _, rest = start.partition("\n")
        whole_line = first.rstrip().endswith("}")
        if whole_line and rest.strip():
            return "lines"
        try:
            found = _object(stream)
        except TooLong:
            if ENVELOPE.match(start):
                return "array"
            raise CatalogueError(
                f"The catalogue {path} is one JSON object of more than {MAX_VALUE:,} characters, and none that begins "
                "with an array of products; write one object per line."
            ) from None
    if table := _table(found):
        return table
    spread = "\n" in start and not whole_line
    return "array" if spread or (len(found) <= MAX_ENVELOPE and _holds_rows(found)) else "lines"


def _object(stream: Stream) -> dict[str, Any]:
    """The one object that a file is; an empty one if it cannot be read, or others follow. TooLong."""
    try:
        found: dict[str, Any] = stream.value()
    except (ValueError, RecursionError):
        return {}
    return {} if stream.next() else found


def _table(found: dict[str, Any]) -> list[Any] | None:
    """The rows of an object of objects: {"K1": {"name": "Mug"}, ...}, or what pandas writes; None for any other.

    What pandas writes is {"name": {"0": "Mug", ...}, ...}, or {"columns": [...], "data": [[...], ...]}. A row that is
    no object is one that cannot be read.
    """
    names, data = found.get("columns"), found.get("data")
    if isinstance(names, list) and isinstance(data, list) and all(isinstance(name, str) for name in names):
        return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in data]
    inner = [part for part in found.values() if part != {}]
    return _products(found, inner) if len(inner) > 1 and all(isinstance(part, dict) for part in inner) else None


def _products(found: dict[str, Any], inner: list[dict[str, Any]]) -> list[Any] | None:
    """The rows of an object of two or more objects, of which `inner` are those that are not empty."""
    if all(name.isdigit() for part in inner for name in part):
        numbers = dict.fromkeys(at for column in inner for at in column)
        return [{name: column.get(at) for name, column in found.items()} for at in numbers]
    holding = sum(map(_holds_rows, inner))
    if holding and (holding < len(inner) or len(inner) < 3):
        return None  # an envelope: {"meta": {"count": 5}, "data": {"count": 5, "products": [...]}}
    return [{"id": name, **row} for name, row in found.items()] if inner[0].keys() & inner[1].keys() else None


def _holds_rows(value: Any, depth: int = 3) -> bool:
    """Whether an object is an envelope of rows: it holds a list of objects, or another envelope."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and depth > 0 and any(_holds_rows(part, depth - 1) for part in value.values())


def _array_rows(path: Path, encoding: str) -> Iterator[Row]:
    number = 0
    with open_text(path, encoding) as file:
        stream = Stream(file, path)
        if not stream.skip("[") and not stream.to_objects():
            raise CatalogueError(
                f"The catalogue {path} is one JSON object without an array of objects; give an array of them."
            )
        try:
            for value in stream.items():
                number += 1
                yield _row(number, value)
        except EndedEarly:
            problem = "The array ends without ']'; objects may be missing."
        except TooLong:
            problem = f"A value of more than {MAX_VALUE:,} characters; the array was left out from here on."
        except (ValueError, RecursionError) as error:
            problem = f"Not JSON ({error}); the array was left out from here on: {shorten(stream.shown())}"
        else:
            return
    yield Row(number + 1, None, (("unreadable row", problem),))


def _line_rows(path: Path, encoding: str) -> Iterator[Row]:
    number = 0
    with open_text(path, encoding) as file:
        for line in _lines(file, path):
            number += 1
            try:
                value = _parse(line)
            except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
                problem = ("unreadable row", f"Not JSON ({error}); the line was left out: {shorten(line.strip())}")
                yield Row(number, None, (problem,))
                continue
            yield _row(number, value)


def _parse(line: str) -> Any:
    """A line as JSON, or as the object that Python writes, in single quotes (Amazon's data of 2014)."""
    try:
        return DECODER.decode(line)
    except ValueError:
        if not line.lstrip().startswith(("{'", "{u'")):
            raise
        return ast.literal_eval(line.strip())


def _row(number: int, value: Any) -> Row:
    if isinstance(value, dict) and len(value) == 1 and isinstance(inner := next(iter(value.values())), dict) and inner:
        value = inner  # {"product": {...}}
    if isinstance(value, dict) and value:
        return Row(number, {str(name): _scalar(cell) for name, cell in value.items()})
    found = f"Not a JSON object; the line was left out: {shorten(str(value))}"
    return Row(number, None, (("unreadable row", found),))


def _scalar(cell: Any) -> Any:
    """A number that Python's notation gave as text; of a JSON file numbers are text already."""
    return str(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else cell


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    """The lines that are not blank."""
    lines = Lines(file, path)
    for line in lines:
        lines.taken.clear()
        if line.strip():
            yield line
