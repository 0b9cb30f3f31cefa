"""Read the rows of a CSV or TSV file.

The strict reader comes first: a lenient one would silently put the rows after a stray or unclosed quote into one cell.
A record that fails is then read leniently, line by line, and its issue says how.
DuckDB's `read_csv` with `store_rejects` does not replace this: it rejects the rows that are recovered here, loses all
rows after a quote that never closes, and reads no row of a file with mixed line ends (DuckDB 2.0; not repeatable).
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ingestion.issues import shorten
from ingestion.reading.rows import Row, Source, mend, name_columns
from ingestion.reading.text_file import MAX_FIELD, Lines, encoding_notes, encoding_of, open_text
from ingestion.reading.usual_names import recognised
from store.errors import CatalogueError

DELIMITERS = ",;\t|"
HEAD_LINES = 60
"""Lines at the start by which the delimiter and the header's line are found."""
_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_COMMENT = "#"


@dataclass(frozen=True)
class Header:
    """Where the rows begin and how they are written: lines before the header, the delimiter, the header's names."""

    skipped: int
    delimiter: str
    columns: list[str]
    notes: list[tuple[str, str]]
    has_comments: bool


def open_csv(path: Path) -> Source:
    """A CSV or TSV file; CatalogueError if it is empty, not text, or has an unusable header."""
    csv.field_size_limit(MAX_FIELD)
    encoding = encoding_of(path)
    with open_text(path, encoding) as file:
        head = list(islice(Lines(file, path), HEAD_LINES))
    header = _header(path, head)
    what = {"\t": "a tab", ",": "','", ";": "';'", "|": "'|'"}.get(header.delimiter, repr(header.delimiter))
    about = f"text delimited by {what}" + ("" if encoding == "utf-8-sig" else f", {encoding.upper()}")
    return Source(header.columns, _csv_rows(path, encoding, header), encoding_notes(encoding) + header.notes, about)


def _header(path: Path, head: list[str]) -> Header:
    """The header: the first line with two names or more, of Excel's 'sep=' line and of comments none counted.

    CatalogueError if there is none, or it cannot be read.
    """
    fixed = "\t" if ".tsv" in path.suffixes[-2:] else None
    start = 0
    while start < len(head) and (
        not head[start].strip() or head[start].startswith(_COMMENT) or _SEP.fullmatch(head[start])
    ):
        if found := _SEP.fullmatch(head[start]):
            fixed = found.group(1)
        # a header may begin with '#', as '#id,name'
        if head[start].startswith(_COMMENT) and _begins_table(head[start:]):
            break
        start += 1
    if start == len(head):
        raise CatalogueError(f"The catalogue {path} is empty; give a file with a header and rows.")
    delimiter, ahead = max(
        (_fit_of(head[start:], delimiter) for delimiter in (fixed or DELIMITERS)),
        key=lambda fit: fit[0],
    )[1:]
    skipped = start + ahead
    try:
        names = next(_strict(head[skipped:], delimiter))
    except (csv.Error, StopIteration) as error:
        raise CatalogueError(f"The header of the catalogue {path} cannot be read: {error}.") from error
    columns, notes = name_columns([mend(name.strip())[0] for name in names])
    lost = [line.strip() for line in head[:skipped] if line.strip() and not _SEP.fullmatch(line)]
    if lost:
        shown = shorten(" / ".join(mend(line)[0] for line in lost), 200)
        notes.append(("lines before the header", f"Left out before the header: {shown}"))
    return Header(skipped, delimiter, columns, notes, any(line.startswith(_COMMENT) for line in lost))


def _begins_table(lines: list[str]) -> bool:
    """Whether a line that starts with '#' has as many fields, two at least, as the next."""
    counts = [[len(_lenient([line], d) or []) for line in lines[:2]] for d in DELIMITERS]
    return any(len(pair) == 2 and pair[0] == pair[1] > 1 for pair in counts)


def _fit_of(lines: list[str], delimiter: str) -> tuple[float, str, int]:
    """How well a delimiter fits, the delimiter, and how many lines come before the header.

    Lines of one filled field are no header where most records have more. The fit grows with the header's names and the
    fraction of the records that have as many fields.
    """
    records = _records(lines, delimiter)
    filled = [sum(bool(field.strip()) for field in record) for record in records]
    usual = Counter(len(record) for record in records if record).most_common(1)
    ahead = 0
    if usual and usual[0][0] > 1 and usual[0][1] > len(records) / 2:
        width = usual[0][0]
        pairs = list(enumerate(zip(filled, records, strict=True)))
        # a header names most columns, or all of its own; a line above it, as 'Report;May;;', does neither
        whole = (i for i, (n, record) in pairs if n > width / 2 or 1 < n == len(record))
        ahead = next(whole, next((i for i, (n, record) in pairs if n > 1 or len(record) == width), 0))
        if not recognised(records[ahead]):
            later = (i for i, (n, record) in pairs[ahead + 1 :] if n > width / 2 and recognised(record) > 1)
            ahead = next(later, ahead)
        if ahead and any(line.count('"') % 2 for line in lines[:ahead]):
            ahead = 0  # a quoted name over several lines: records are not lines
    if not records:
        return 0.0, delimiter, 0
    width = len(records[ahead])
    same = sum(len(record) == width for record in records[ahead:]) / len(records[ahead:])
    return (width - 1) * (same + 0.01), delimiter, ahead


def _records(lines: list[str], delimiter: str) -> list[list[str]]:
    """The records of the first lines, read leniently; of those before a fault."""
    found: list[list[str]] = []
    try:
        for record in csv.reader(lines, delimiter=delimiter, skipinitialspace=True):
            found.append(record)
    except csv.Error:
        pass
    return found


def _strict(lines: Iterable[str], delimiter: str, escape: str | None = None) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t", escapechar=escape)


def _csv_rows(path: Path, encoding: str, header: Header) -> Iterator[Row]:
    csv.field_size_limit(MAX_FIELD)
    delimiter, columns = header.delimiter, header.columns
    with open_text(path, encoding) as file:
        lines = Lines(file, path)
        for _ in range(header.skipped):
            next(lines)
            lines.taken.clear()
        reader = _strict(lines, delimiter)
        next(reader)
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
                fields = _recover(lines, delimiter, len(columns), str(error), problems)
            else:
                if len(fields) != len(columns) and len(lines.taken) > 1:
                    why = f"{len(fields)} fields over {len(lines.taken)} lines, the header has {len(columns)}"
                    fields = _recover(lines, delimiter, len(columns), why, problems)
            if fields == []:
                continue  # a blank line is not a row
            if header.has_comments and fields is not None and len(fields) == 1 and fields[0].startswith(_COMMENT):
                continue  # a comment behind the rows, as there was one before them
            number += 1
            if fields is not None and len(fields) != len(columns):
                fields = _fit(fields, len(columns), problems)
            yield Row(number, dict(zip(columns, fields, strict=True)) if fields else None, tuple(problems))


def _recover(lines: Lines, delimiter: str, width: int, why: str, problems: list[tuple[str, str]]) -> list[str] | None:
    """Recover a record with a stray or unclosed quote; what was done is appended to `problems`.

    Quotes escaped by a backslash (MySQL, PHP) are read as such. Else its first line alone if that has the right number
    of fields; else as many lines as a lenient reader takes, if that record has; else the first line is left out and
    reading goes on with the next one, so that a quote that never closes loses its own row and not those after it.
    """
    taken = list(lines.taken)
    if not taken:
        problems.append(("unreadable row", f"{why}; the line was left out."))
        return None
    lines.put_back(taken)
    if '\\"' in "".join(taken):
        try:
            fields = next(_strict(lines, delimiter, "\\"), None)
        except csv.Error:
            fields = None
        if fields is not None and len(fields) == width:
            return fields
        lines.put_back(list(lines.taken))
    alone = _lenient([next(lines)], delimiter)
    if alone is not None and len(alone) == width:
        problems.append(("stray quote", f"{why}; the line was read with the quote as it stands."))
        return alone
    lines.put_back(list(lines.taken))
    whole = _lenient(lines, delimiter)
    if whole is not None and len(whole) == width:
        problems.append(("stray quote", f"{why}; {len(lines.taken)} lines were read with the quotes as they stand."))
        return whole
    lines.put_back(list(lines.taken)[1:])
    problems.append(("unreadable row", f"{why}; the line was left out: {shorten(taken[0].strip())}"))
    return None


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
