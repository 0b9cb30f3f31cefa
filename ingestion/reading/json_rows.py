"""Read the rows of a JSON file: one object per line, one array of objects, also within an object, or one table.

Numbers stay as the catalogue wrote them: an id of 007.10 or of thirty digits is not to change.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from ingestion.issues import shorten
from ingestion.reading.rows import Row, Source
from ingestion.reading.text_file import Lines, encoding_notes, encoding_of, open_text
from store.errors import CatalogueError

MAX_ARRAY = 1 << 30
"""Characters of a JSON array, which is held as a whole; JSON lines are streamed and have no such bound."""
MAX_ENVELOPE = 3
"""Names of an object around an array of products, at most: {"count": 2, "page": 1, "products": [...]}."""
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def open_json(path: Path) -> Source:
    """A file of JSON lines or of one JSON array; CatalogueError if it is empty, or not text."""
    encoding = encoding_of(path)
    if table := _table(path, encoding):
        named = dict.fromkeys(name for row in table if isinstance(row, dict) for name in row)
        rows_of_it = (_row(number, row, str(row)) for number, row in enumerate(table, start=1))
        return Source(list(named), rows_of_it, encoding_notes(encoding), "a JSON object of products or columns")
    rows = _array_rows if _is_array(path, encoding) else _line_rows
    columns: dict[str, None] = {}
    for row in rows(path, encoding):
        columns.update(dict.fromkeys(row.cells or ()))
    about = "a JSON array" if rows is _array_rows else "JSON, one object per line"
    return Source(list(columns), rows(path, encoding), encoding_notes(encoding), about)


def _table(path: Path, encoding: str) -> list[Any] | None:
    """The rows of a file that is one object of objects: {"K1": {"name": "Mug"}, ...}, or what pandas writes.

    What pandas writes is {"name": {"0": "Mug", ...}, ...}, or {"columns": [...], "data": [[...], ...]}. None for any
    other file. A row that is no object is one that cannot be read.
    """
    with open_text(path, encoding) as file:
        start = file.read(65536).lstrip()
        first = start.split("\n", 1)[0].rstrip()
        if not start.startswith("{") or (first.endswith("}") and len(start.splitlines()) > 1):
            return None  # an array, or one object per line
        text = start + file.read(MAX_ARRAY)
    try:
        found = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
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


def _is_array(path: Path, encoding: str) -> bool:
    """Whether the file is one array, or one object over several lines that holds one."""
    with open_text(path, encoding) as file:
        start = file.read(65536).lstrip()
    if start.startswith("["):
        return True
    first = start.split("\n", 1)[0].strip()
    if not first.startswith("{"):
        return False
    try:
        found = json.loads(first)
    except (ValueError, RecursionError):
        return "\n" in start and not first.endswith("}")
    return len(start.splitlines()) == 1 and len(found) <= MAX_ENVELOPE and _holds_rows(found)


def _holds_rows(value: Any, depth: int = 3) -> bool:
    """Whether an object is an envelope of rows: it holds a list of objects, or another envelope."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and depth > 0 and any(_holds_rows(part, depth - 1) for part in value.values())


def _array_rows(path: Path, encoding: str) -> Iterator[Row]:
    with open_text(path, encoding) as file:
        text = file.read(MAX_ARRAY + 1)
    if len(text) > MAX_ARRAY:
        raise CatalogueError(
            f"The JSON array {path} has more than {MAX_ARRAY:,} characters; write one object per line."
        )
    at = _skip(text, 0)
    if text.startswith("{", at):
        at = _first_array(path, text)
    number, at = 0, _skip(text, at + 1)
    while at < len(text) and text[at] != "]":
        number += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            found = f"Not JSON ({error}); the array was left out from here on: {shorten(text[at : at + 100])}"
            yield Row(number, None, (("unreadable row", found),))
            return
        yield _row(number, value, text[at:end])
        at = _skip(text, end)
        at = _skip(text, at + 1) if text.startswith(",", at) else at
        if at >= len(text):
            yield Row(number + 1, None, (("unreadable row", "The array ends without ']'; objects may be missing."),))


def _first_array(path: Path, text: str) -> int:
    """Where the first array of objects starts in an object such as {"count": 2, "products": [...]}."""
    at = text.find("[")
    while at >= 0:
        if text.startswith("{", _skip(text, at + 1)):
            return at
        at = text.find("[", at + 1)
    raise CatalogueError(f"The catalogue {path} is one JSON object without an array of objects; give an array of them.")


def _skip(text: str, at: int) -> int:
    """The place of the next character that is no white space."""
    while at < len(text) and text[at] in " \t\r\n\ufeff":
        at += 1
    return at


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
            yield _row(number, value, line)


def _parse(line: str) -> Any:
    """A line as JSON, or as the object that Python writes, in single quotes (Amazon's data of 2014)."""
    try:
        return _DECODER.decode(line)
    except ValueError:
        if not line.lstrip().startswith(("{'", "{u'")):
            raise
        return ast.literal_eval(line.strip())


def _row(number: int, value: Any, text: str) -> Row:
    if isinstance(value, dict) and len(value) == 1 and isinstance(inner := next(iter(value.values())), dict) and inner:
        value = inner  # {"product": {...}}
    if isinstance(value, dict) and value:
        return Row(number, {str(name): _scalar(cell) for name, cell in value.items()})
    found = f"Not a JSON object; the line was left out: {shorten(text.strip())}"
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
