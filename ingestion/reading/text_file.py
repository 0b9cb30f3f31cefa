"""Open text files of unknown quality: the encoding, line ends, and files that are not text at all."""

import csv
from collections import deque
from pathlib import Path
from typing import TextIO

from store.errors import CatalogueError

MAX_FIELD = 16 * 1024 * 1024
"""Characters of one CSV field: above any product's text, and little memory. A row with a longer one is left out."""
MAX_LINE = 4 * MAX_FIELD
"""Characters of one line: a file with a longer one is not a catalogue."""
MAX_RECORD_LINES = 1000
"""Lines that one quoted CSV record may span: a quote that never closes must not consume the catalogue."""
MAX_CONTROL_FRACTION = 0.05
"""Fraction of control characters in the first 64 KiB above which a file is not text."""

MAGIC = {
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"%PDF": "a PDF document",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
}


def encoding_of(path: Path) -> str:
    """The encoding to open a text file with; CatalogueError if it is empty or not text."""
    with path.open("rb") as file:
        head = file.read(65536)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise CatalogueError(f"The catalogue {path} is empty; give a file with a header and rows.")
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise CatalogueError(
                f"The catalogue {path} is {what}, not {path.suffix} text; rename, unpack or export it as {path.suffix}."
            )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        if not any(end in head.decode("utf-16", errors="replace") for end in "\r\n"):
            raise CatalogueError(
                f"The catalogue {path} begins with the byte order mark of UTF-16, but its text is in another encoding: "
                "it has no line end; export it as UTF-8."
            )
        return "utf-16"
    if sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) > MAX_CONTROL_FRACTION * len(head):
        raise CatalogueError(
            f"The catalogue {path} is not {path.suffix} text: its start is binary, or UTF-16 without a "
            "byte order mark; export it as UTF-8."
        )
    return "utf-8-sig"


def open_text(path: Path, encoding: str) -> TextIO:
    """Open with any line ends; bytes that are not in the encoding are kept for `mend`, never an error."""
    return path.open(encoding=encoding, errors="replace" if encoding == "utf-16" else "surrogateescape")


class Lines:
    """The lines of a file; those taken for the current record are kept and can be put back."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.taken: list[str] = []
        self._waiting: deque[str] = deque()

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_RECORD_LINES:
            raise csv.Error(f"a quoted field runs over more than {MAX_RECORD_LINES} lines")
        line = self._waiting.popleft() if self._waiting else self.file.readline(MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) >= MAX_LINE:
            raise CatalogueError(
                f"The catalogue {self.file.name} has a line of more than {MAX_LINE:,} characters; "
                "it is not a catalogue, or its line ends are lost."
            )
        self.taken.append(line)
        return line

    def put_back(self, lines: list[str]) -> None:
        """Return these lines again, before the rest of the file; the current record starts anew."""
        self._waiting.extendleft(reversed(lines))
        self.taken.clear()
