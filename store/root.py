"""The place a store lives in: a folder, through the few operations that a store needs.

Names are relative, with '/'. Everything is written whole or not at all: to a hidden temporary file, synced, then
renamed (or linked, where it must not replace anything). An object store offers the same operations, so nothing
else in the project opens a file of a store for writing.
"""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from store.errors import StoreError

FOLDERS = ("snapshots", "parts", "chunks", "log")
"""The folders that a store writes in; a store may stand in a folder that holds many others."""
DAMAGED = ".damaged"
"""The ending of a file that was set aside."""
TEMPORARY = re.compile(r"\.(?P<target>.+)\.[0-9a-f]{8}(\.wal)?")  # `writing` makes the name; DuckDB adds its .wal


@dataclass(frozen=True)
class Root:
    """A store's root folder; StoreError for a path that DuckDB cannot be given."""

    path: Path

    def __post_init__(self) -> None:
        whole = str(self.path.absolute())
        if whole.encode("utf-8", "replace").decode() != whole:
            raise StoreError(f"The path of the store {self.path} is not UTF-8; give it another name.")

    def url(self, name: str) -> str:
        """The absolute place of a file, as DuckDB and pyarrow read it."""
        return str(self.path.resolve() / name)

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.path / name).exists()

    def read(self, name: str) -> bytes:
        """The bytes of a file; FileNotFoundError if there is none."""
        return (self.path / name).read_bytes()

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted, less hidden ones (temporary files); empty if there is no such folder."""
        place = self.path / folder
        return sorted(p.name for p in place.iterdir() if p.name[0] != ".") if place.is_dir() else []

    def below(self, *folders: str) -> list[str]:
        """The files in these folders and all folders in them, sorted, hidden ones too."""
        found = (p for folder in folders for p in (self.path / folder).rglob("*") if not p.is_dir())
        return sorted(p.relative_to(self.path).as_posix() for p in found)

    def temporaries(self) -> list[str]:
        """The temporary files there are: those of writing going on, and what killed writers left."""
        top = (path.name for path in self.path.glob(".*") if path.is_file())
        names = [*top, *self.below(*FOLDERS)]
        return sorted(name for name in names if TEMPORARY.fullmatch(name.rpartition("/")[2]))

    def size(self, name: str) -> int:
        """Size of a file in bytes."""
        return (self.path / name).stat().st_size

    def modified(self, name: str) -> float:
        """When a file was last written, in seconds since 1970."""
        return (self.path / name).stat().st_mtime

    def sha256(self, name: str) -> str:
        """Hash of a file's bytes, in hexadecimal."""
        with (self.path / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextmanager
    def writing(self, name: str, replace: bool = True) -> Iterator[Path]:
        """Give a temporary path to write to; on leaving, sync it and let it appear under `name`.

        With `replace=False` the name must be new: FileExistsError, and nothing changes, if it is not.
        On an exception the temporary file goes and `name` is as before. StoreError where the disk does not take it.
        """
        target = self.path / name
        with self.in_words(name):
            _make(target.parent)
        temporary = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}"
        try:
            yield temporary
            with self.in_words(name):
                _sync(temporary)
                if replace:
                    temporary.replace(target)
                else:
                    os.link(temporary, target)  # unlike rename, fails if the name is taken
                _sync(target.parent)
        finally:
            self.remove(temporary.relative_to(self.path).as_posix())

    def put(self, name: str, data: bytes, replace: bool = True) -> None:
        """Write a whole file; see `writing`."""
        with self.writing(name, replace) as temporary, self.in_words(name):
            temporary.write_bytes(data)

    @contextmanager
    def in_words(self, name: str) -> Iterator[None]:
        """StoreError, naming the file, for an OSError of writing it; a FileExistsError is an answer and stays."""
        try:
            yield
        except FileExistsError:
            raise
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]  # pyarrow adds its own
            raise StoreError(f"{name} cannot be written in {self.path}: {reason}.") from error

    def remove(self, name: str) -> None:
        """Delete a file, and its folder if that leaves it empty; no error if it is gone already, else StoreError."""
        path = self.path / name
        with self.in_words(name):
            path.unlink(missing_ok=True)
        if path.parent != self.path:
            with suppress(OSError):  # it is not empty
                path.parent.rmdir()

    def set_aside(self, name: str) -> str:
        """Rename a damaged file so that nothing reads it any more, in place of one set aside before; its new name."""
        with self.in_words(name):
            (self.path / name).replace(self.path / (name + DAMAGED))
        return name + DAMAGED


def _make(folder: Path) -> None:
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in new:
        _sync(place.parent)  # a synced file is lost all the same if the folder above it is


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
