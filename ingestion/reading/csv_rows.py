"""Read the rows of a CSV or TSV file.

The strict reader comes first: a lenient one would silently put the rows after a stray or unclosed quote into one cell.
A record that fails is then read leniently, line by line, and its issue says how.
DuckDB's `read_csv` with `store_rejects` does not replace this: it rejects the rows that are recovered here, loses all
rows after a quote that never closes, and reads no row of a file with mixed line ends (DuckDB 2.0; not repeatable).
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion.issues import shorten
from ingestion.reading.rows import Row, Source, check_names, mend
from ingestion.reading.text_file import MAX_FIELD, Lines, encoding_of, open_text
from store.errors import CatalogueError


def open_csv(path: Path) -> Source:
    """A CSV or TSV file; CatalogueError if it is empty, not text, or has an unusable header."""
    csv.field_size_limit(MAX_FIELD)
    encoding = encoding_of(path)
    with open_text(path, encoding) as file:
        delimiter, columns = _header(path, Lines(file))
    check_names(path, columns)
    return Source(columns, _csv_rows(path, encoding, delimiter, columns))


def _header(path: Path, lines: Lines) -> tuple[str, list[str]]:
    """The delimiter, and the names in the first line that is not blank; CatalogueError if it cannot be read."""
    for first in lines:
        if first.strip():
            break
        lines.taken.clear()
    else:
        raise CatalogueError(f"The catalogue {path} is empty; give a file with a header and rows.")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(first)
    lines.put_back([first])
    try:
        names = next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CatalogueError(f"The header of the catalogue {path} cannot be read: {error}.") from error
    return delimiter, [mend(name.strip())[0] for name in names]


def _delimiter(header: str) -> str:
    """The delimiter that gives the header most names; the comma if none gives more."""

    def names(delimiter: str) -> int:
        return len(_lenient([header], delimiter) or [])

    return max(",;\t|", key=names)


def _csv_rows(path: Path, encoding: str, delimiter: str, columns: list[str]) -> Iterator[Row]:
    csv.field_size_limit(MAX_FIELD)
    with open_text(path, encoding) as file:
        lines = Lines(file)
        _header(path, lines)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        number = 0
        while True:
            lines.taken.clear()
            problems: list[tuple[str, str]] = []
            fields: list[str] | None
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fields, problem = _recover(lines, delimiter, len(columns), str(error))
                problems.append(problem)
            else:
                if len(fields) != len(columns) and len(lines.taken) > 1:
                    why = f"{len(fields)} fields over {len(lines.taken)} lines, the header has {len(columns)}"
                    fields, problem = _recover(lines, delimiter, len(columns), why)
                    problems.append(problem)
            if fields == []:
                continue  # a blank line is not a row
            number += 1
            if fields is not None and len(fields) != len(columns):
                fields = _fit(fields, len(columns), problems)
            yield Row(number, dict(zip(columns, fields, strict=True)) if fields else None, tuple(problems))


def _recover(lines: Lines, delimiter: str, width: int, why: str) -> tuple[list[str] | None, tuple[str, str]]:
    """Recover a record with a stray or unclosed quote.

    Its first line alone if that has the right number of fields; else as many lines as a lenient reader takes,
    if that record has; else the first line is left out and reading goes on with the next one, so that a quote that
    never closes loses its own row and not those after it.
    """
    taken = list(lines.taken)
    if not taken:
        return None, ("unreadable row", f"{why}; the line was left out.")
    alone = _lenient(taken[:1], delimiter)
    if alone is not None and len(alone) == width:
        lines.put_back(taken[1:])
        return alone, ("stray quote", f"{why}; the line was read with the quote as it stands.")
    lines.put_back(taken)
    whole = _lenient(lines, delimiter)
    if whole is not None and len(whole) == width:
        return whole, ("stray quote", f"{why}; {len(lines.taken)} lines were read with the quotes as they stand.")
    lines.put_back(list(lines.taken)[1:])
    return None, ("unreadable row", f"{why}; the line was left out: {shorten(taken[0].strip())}")


def _lenient(lines: Any, delimiter: str) -> list[str] | None:
    """The first record of the lines, with stray quotes taken as text; None if there is none."""
    try:
        return next(csv.reader(lines, delimiter=delimiter), None)
    except csv.Error:
        return None


def _fit(fields: list[str], width: int, problems: list[tuple[str, str]]) -> list[str] | None:
    """Bring a one-line record to the header's width; what was done is appended to `problems`.

    Missing fields at the end are empty. With surplus fields it is unknown which value belongs to which column, and a
    shifted category is worse than a missing product: the row is left out.
    """
    if len(fields) > width and not any(value.strip() for value in fields[width:]):
        return fields[:width]
    found = f"{len(fields)} fields, the header has {width}"
    if len(fields) < width:
        problems.append(("ragged row", f"{found}; those missing were left empty."))
        return fields + [""] * (width - len(fields))
    text = shorten(" | ".join(fields))
    problems.append(("ragged row", f"{found}; the row was left out, as its values may have shifted: {text}"))
    return None
