"""Rows of cells by column name: what every catalogue format is read into."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingestion.issues import shorten
from store.errors import CatalogueError

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
    """A file that can be read: its columns, its rows (one pass), and problems of the file as a whole."""

    columns: list[str]
    rows: Iterator[Row]
    notes: list[tuple[str, str]] = field(default_factory=list)


def check_names(path: Path, columns: list[str]) -> None:
    """CatalogueError if a column has no name, or two have the same."""
    first: dict[str, int] = {}
    for i, name in enumerate(columns, start=1):
        if not name:
            raise CatalogueError(f"Column {i} of the catalogue {path} has no name; name it in the header (first row).")
        if first.setdefault(name, i) < i:
            raise CatalogueError(
                f"Columns {first[name]} and {i} of the catalogue {path} are both named {shorten(name)}; rename one."
            )


def mend(text: str) -> tuple[str, bool, bool]:
    """Make text storable: (the text, whether bytes were not UTF-8, whether characters were dropped or replaced).

    NUL is dropped; a stray byte is read as Windows-1252; half of a surrogate pair becomes U+FFFD.
    """
    found = {ord(c) for c in UNFIT.findall(text)}
    if not found:
        return text, False, False
    return text.translate(_MENDED), any(c in _BYTES for c in found), any(c not in _BYTES for c in found)
