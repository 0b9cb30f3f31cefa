"""Open text files of unknown quality: the encoding, line ends, and files that are not text at all."""

import csv
import gzip
import io
import zlib
from collections import deque
from pathlib import Path
from typing import IO, TextIO, cast

from ingestion.reading.encodings import find_encoding
from store.errors import CatalogueError

MAX_FIELD = 16 * 1024 * 1024
"""Characters of one CSV field: above any product's text, and little memory. A row with a longer one is left out."""
MAX_LINE = 4 * MAX_FIELD
"""Characters of one line: a file with a longer one is not a catalogue."""
MAX_RECORD_LINES = 1000
"""Lines that one quoted CSV record may span: a quote that never closes must not consume the catalogue."""
MAX_CONTROL_FRACTION = 0.05
"""Fraction of control characters in the first 64 KiB above which a file is not text."""
MIN_ZERO_BYTES = 0.2
"""Fraction of a text's bytes that are zero at one parity, at least, for it to be UTF-16: two fifths are ASCII."""

MAX_SCANNED = 16 * 1024 * 1024
"""Bytes at the start of a file in which lines with bytes beyond ASCII are looked for."""
MAX_BEYOND = 65536
"""Bytes of such lines that are judged: some hundreds of names, and a tenth of a second."""

MAGIC = {
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the older format",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"%PDF": "a PDF document",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
}


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file to read its bytes, unpacked if it is a gzip archive, whatever its name."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")


def read_head(path: Path, size: int = 65536) -> bytes:
    """The first bytes of a file, unpacked; CatalogueError if it is a damaged gzip archive."""
    try:
        with open_bytes(path) as file:
            return file.read(size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CatalogueError(f"The catalogue {path} is a damaged gzip archive ({error}); pack it again.") from error


def encoding_of(path: Path) -> str:
    """The encoding to open a text file with; CatalogueError if it is empty or not text.

    UTF-8, or UTF-16 and UTF-32 by their byte order mark; UTF-16 without one by the zero bytes of its ASCII characters;
    another one where the letters speak for it (`encodings.find_encoding`).
    """
    head = read_head(path)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise CatalogueError(f"The catalogue {path} is empty; give a file with a header and rows.")
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise CatalogueError(
                f"The catalogue {path} is {what}, not {path.suffix} text; rename, unpack or export it as {path.suffix}."
            )
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        if not any(end in head.decode("utf-16", errors="replace") for end in "\r\n"):
            raise CatalogueError(
                f"The catalogue {path} begins with the byte order mark of UTF-16, but its text is in another encoding: "
                "it has no line end; export it as UTF-8."
            )
        return "utf-16"
    even, odd = head[0::2].count(0) / len(head), head[1::2].count(0) / len(head)
    if len(head) > 8 and max(even, odd) > MIN_ZERO_BYTES and min(even, odd) < MIN_ZERO_BYTES / 10:
        return "utf-16-le" if odd > even else "utf-16-be"
    if sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) > MAX_CONTROL_FRACTION * len(head):
        raise CatalogueError(
            f"The catalogue {path} is not {path.suffix} text: its start is binary; export it as UTF-8."
        )
    return find_encoding(_lines_beyond_ascii(path)) or "utf-8-sig"


def encoding_notes(encoding: str) -> list[tuple[str, str]]:
    """As an issue of the file that its encoding was assumed, with the remedy; none where the file shows it."""
    if encoding.startswith("utf"):
        return []
    name = encoding.upper()
    detail = f"The file is not UTF-8; by its letters it was read as {name}. If names are garbled, export it as UTF-8."
    return [("encoding assumed", detail)]


def _lines_beyond_ascii(path: Path) -> list[bytes]:
    """Lines with bytes beyond ASCII: those of the first `MAX_SCANNED` bytes, up to `MAX_BEYOND` of them."""
    found: list[bytes] = []
    scanned = size = 0
    try:
        with open_bytes(path) as file:
            while scanned < MAX_SCANNED and size < MAX_BEYOND and (line := file.readline(MAX_BEYOND)):
                scanned += len(line)
                if not line.isascii():
                    found.append(line.rstrip(b"\r\n"))
                    size += len(line)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass  # reading the rows says where the archive is damaged
    return found


def open_text(path: Path, encoding: str) -> TextIO:
    """Open with any line ends; bytes that are not in the encoding are kept for `mend`, never an error."""
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, errors=errors)


class Lines:
    """The lines of a file; those taken for the current record are kept and can be put back."""

    def __init__(self, file: TextIO, name: object = None) -> None:
        self.file = file
        self.name = name or getattr(file, "name", "")
        self.taken: list[str] = []
        self._waiting: deque[str] = deque()

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_RECORD_LINES:
            raise csv.Error(f"a quoted field runs over more than {MAX_RECORD_LINES} lines")
        line = self._waiting.popleft() if self._waiting else self._read()
        if not line:
            raise StopIteration
        if len(line) >= MAX_LINE:
            raise CatalogueError(
                f"The catalogue {self.name} has a line of more than {MAX_LINE:,} characters; "
                "it is not a catalogue, or its line ends are lost."
            )
        self.taken.append(line)
        return line

    def _read(self) -> str:
        try:
            return self.file.readline(MAX_LINE)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise CatalogueError(
                f"The catalogue {self.name} is a damaged gzip archive ({error}); pack it again."
            ) from error

    def put_back(self, lines: list[str]) -> None:
        """Return these lines again, before the rest of the file; the current record starts anew."""
        self._waiting.extendleft(reversed(lines))
        self.taken.clear()
