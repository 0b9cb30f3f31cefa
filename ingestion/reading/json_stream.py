"""JSON values one after the other: of a file no more is held than a value takes, however long its lines are."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from ingestion.reading.text_file import MAX_LINE
from store.errors import CatalogueError

PIECE = 1 << 20
"""Characters that are read at once."""
MAX_VALUE = MAX_LINE
"""Characters of one value: as many as of one line."""
DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
"""Numbers stay as they are written: an id of 007.10 or of thirty digits is not to change."""


class TooLong(Exception):
    """A value has more than `MAX_VALUE` characters."""


class Stream:
    """The characters of a file from a place on, which moves forward."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self.file, self.path = file, path
        self._text, self._at = "", 0

    def next(self) -> str:
        """The next character that is no white space, which stays the next; empty at the end of the file."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in " \t\r\n\ufeff":
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def skip(self, sign: str) -> bool:
        """Whether the next character is this one; if it is, the stream goes behind it."""
        found = self.next() == sign
        self._at += found
        return found

    def value(self) -> Any:
        """The next value. ValueError or RecursionError if there is none that can be read, TooLong."""
        while True:
            self.next()
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except ValueError:
                if len(self._text) - self._at > MAX_VALUE:
                    raise TooLong from None
                if not self._more():
                    raise
                continue
            size = end - self._at
            whole = self._text[self._at] in '{["' or self._text[end : end + 1].strip("0123456789.eE+-")
            if whole or size > MAX_VALUE or not self._more():  # a number may go on
                self._at += size
                return value

    def shown(self, size: int = 100) -> str:
        """The next characters, for a message."""
        return self._text[self._at : self._at + size]

    def to_objects(self) -> bool:
        """Go behind the next '[' that an object follows; False if there is none."""
        while True:
            at = self._text.find("[", self._at)
            self._at = len(self._text) if at < 0 else at + 1
            if at >= 0 and self.next() == "{":
                return True
            if at < 0 and not self._more():
                return False

    def items(self) -> Iterator[Any]:
        """The values of an array, from behind its '['. ValueError or RecursionError at one that cannot be read, or
        where the file ends before ']'; TooLong.
        """
        while not self.skip("]"):
            if not self.next():
                raise EndedEarly
            yield self.value()
            self.skip(",")

    def _more(self) -> bool:
        """Read on, as much again as is held; False at the end of the file."""
        self._text, self._at = self._text[self._at :], 0
        try:
            piece = self.file.read(max(PIECE, len(self._text)))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise CatalogueError(
                f"The catalogue {self.path} is a damaged gzip archive ({error}); pack it again."
            ) from error
        self._text += piece
        return bool(piece)


class EndedEarly(ValueError):
    """A file ends within an array."""
