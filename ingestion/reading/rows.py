"""Rows of cells by column name: what every catalogue format is read into."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingestion.issues import shorten
from store.errors import CatalogueError

MAX_ROWS = 1_000_000
"""Rows of a catalogue, unless the setting `max_rows` says otherwise."""
MAX_COLUMNS = 20_000
"""Columns of a catalogue: more than the different attributes of a shop's products, and read in seconds."""
UNFIT = re.compile(r"[\x00\ud800-\udfff]")
# Bytes that are not UTF-8 arrive as U+DC80 to U+DCFF (surrogateescape) and are read as Windows-1252, the usual
# other encoding of catalogues, or as Latin-1 where that has no character.
_BYTES = {0xDC00 + b: bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(0x80, 0x100)}
_MENDED = dict.fromkeys(range(0xD800, 0xE000), "\ufffd") | _BYTES | {0: ""}


@dataclass(frozen=True)
class Row:
    """One row, the first data row being number 1. `cells` is None where it could not be read.

    A cell is text, None, or (JSON and Parquet) a list or an object. `problems` are (name, what was found and done).
    """

    number: int
    cells: dict[str, Any] | None
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Source:
    """A file that can be read: its columns, its rows (one pass), and problems of the file as a whole.

    `format` says in words what it was read as; `image_column` is the column of images whose bytes are in the file.
    """

    columns: list[str]
    rows: Iterator[Row]
    notes: list[tuple[str, str]] = field(default_factory=list)
    format: str = ""
    image_column: str | None = None


def name_columns(names: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Column names that are all there and all different, and as notes what was done for that.

    A column without a name becomes 'column 3', the second of two of one name 'price (2)': both are kept.
    """
    found: dict[str, None] = {}
    written, numbers = set(names), dict[str, int]()
    nameless, twice = [], []
    for i, name in enumerate(names, start=1):
        unique = own = name or f"column {i}"
        while unique in found or (unique != name and unique in written):
            numbers[own] = numbers.get(own, 1) + 1
            unique = f"{own} ({numbers[own]})"
        if not name:
            nameless.append(unique)
        elif unique != name:
            twice.append(f"{shorten(name)} as {shorten(unique)}")
        found[unique] = None
    notes = []
    if nameless:
        notes.append(("column without name", f"Columns without a name in the header are called {', '.join(nameless)}."))
    if twice:
        notes.append(("columns of one name", f"Of columns of one name the second was kept too: {', '.join(twice)}."))
    return list(found), notes


def few_columns(path: Path, source: Source) -> Source:
    """The source, if it has at most `MAX_COLUMNS`; CatalogueError otherwise."""
    if len(source.columns) > MAX_COLUMNS:
        raise CatalogueError(
            f"The catalogue {path} has {len(source.columns):,} columns, more than {MAX_COLUMNS:,}; give fewer, or see "
            "whether its separator or its line ends are lost."
        )
    return source


def limited(path: Path, rows: Iterator[Row], max_rows: int) -> Iterator[Row]:
    """The rows, until there are more than `max_rows`: then CatalogueError."""
    for row in rows:
        if row.number > max_rows:
            raise too_many_rows(path, max_rows)
        yield row


def too_many_rows(path: Path, max_rows: int, found: int | None = None) -> CatalogueError:
    """The error of a file with more rows than the setting allows."""
    has = f"{found:,} rows, more than" if found else "more rows than the"
    return CatalogueError(
        f"The catalogue {path} has {has} {max_rows:,} that `max_rows` under [catalogue] allows; raise it."
    )


def mend(text: str) -> tuple[str, bool, bool]:
    """Make text storable: (the text, whether bytes were not UTF-8, whether characters were dropped or replaced).

    NUL is dropped; a stray byte is read as Windows-1252; half of a surrogate pair becomes U+FFFD.
    """
    found = {ord(c) for c in UNFIT.findall(text)}
    if not found:
        return text, False, False
    return text.translate(_MENDED), any(c in _BYTES for c in found), any(c not in _BYTES for c in found)
