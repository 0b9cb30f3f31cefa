"""Find a product's image file in a folder by what the catalogue says, or by the product's id.

The folder and its sub-folders are listed once. What is found always lies in the folder: names are looked up in the
list, never on the disk.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from ingestion.reading.rows import UNFIT
from store.errors import CatalogueError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".jfif")
"""Suffixes of files that are found by a product's id."""
_SIZE = re.compile(
    r"(?:[-_.@]_?(?:\d{2,5}x\d{0,5}|x\d{2,5}|s[lxyms]\d{2,4}(?:_.*)?|ac_.*|\dx|small|medium|large|grande|thumb|scaled|"
    r"master|original|pico|compact|icon)(?:@\dx)?_?)+$"
)
"""A size that shops put behind a name: -300x300 (WooCommerce), _480x480 (Shopify), ._SL1500_ (Amazon), @2x."""
_NUMBERED = re.compile(r"^(.+?)(?:[-_. ]+|[-_. ]*\()(?:\d{1,3}|[a-z]|main|front|primary|default|hero)\)?$")
"""A name that is an id with a number behind it: id_1, id-02, id (1), id_main."""


class Folder:
    """The files in an images folder and its sub-folders, listed once."""

    def __init__(self, path: Path) -> None:
        """CatalogueError if the folder does not exist or cannot be listed."""

        def fail(error: OSError) -> None:
            if error.filename is None or Path(error.filename) == path:
                raise CatalogueError(f"The images folder {path} cannot be listed ({error.strerror}); check it.")

        self.path = path
        files: list[str] = []
        for home, folders, names in os.walk(path, onerror=fail):
            folders.sort()
            inner = Path(home).relative_to(path).as_posix()
            found = (name if inner == "." else f"{inner}/{name}" for name in names)
            files += [name for name in found if not UNFIT.search(name)]  # one that is not UTF-8 no catalogue can name
        # Shorter paths first, then sorted, so that of two files with one name it is always the same that is found.
        files.sort(key=lambda name: (name.count("/"), name))
        self._files = set(files)
        images = [name for name in files if name.lower().endswith(SUFFIXES)]
        self._by_stem = _first((PurePosixPath(name).stem, name) for name in images)
        self._by_path = _first((_plain(name), name) for name in files)
        self._by_name = _first((_plain(PurePosixPath(name).name), name) for name in files)
        self._by_plain_stem = _first((_plain(PurePosixPath(name).stem), name) for name in images)
        self._by_sizeless = _first((_SIZE.sub("", _plain(PurePosixPath(name).stem)), name) for name in images)
        self._by_number = _first(
            (match.group(1), name)
            for name in sorted(images, key=_natural)
            if (match := _NUMBERED.match(_plain(PurePosixPath(name).stem)))
        )
        self._by_folder = _first(
            (_plain(PurePosixPath(name).parent.name), name) for name in sorted(images, key=_natural) if "/" in name
        )
        self._by_digits = _first(
            (stem.lstrip("0"), name) for stem, name in self._by_plain_stem.items() if stem.isdigit() and stem.strip("0")
        )
        self.count = len(images)

    def by_id(self, product_id: str) -> str | None:
        """The image of a product without a named one: `<id>.<suffix>` in the folder or below it, or None.

        Else `<id>_1.<suffix>` or the like, the first image of a folder `<id>`, or a number that differs by leading
        zeros, which programs lose.
        """
        plain = _plain(product_id)
        found = (
            self._by_stem.get(product_id)
            or self._by_plain_stem.get(plain)
            or self._by_number.get(plain)
            or self._by_folder.get(plain)
        )
        return found or (self._by_digits.get(plain.lstrip("0")) if plain.isdigit() and plain.strip("0") else None)

    def by_name(self, name: str) -> str:
        """The file, relative to the folder, that a catalogue's name, path or address means; else the name as it is.

        Looked for as it stands, then by the longest end of its path, then by its last part without suffix, without a
        size behind it; case, accents' encoding and percent signs do not matter. A name that leads upwards stays as it
        is, for `read_images` to refuse.
        """
        if name in self._files:
            return name
        if ".." in name.replace("\\", "/").split("/") or "\0" in name:
            return name
        path = unquote(re.split(r"[?#]", name, maxsplit=1)[0]) if "//" in name else name
        parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts or ".." in parts:
            return name
        for start in range(len(parts)):
            if found := self._by_path.get(_plain("/".join(parts[start:]))):
                return found
        last = _plain(parts[-1])
        stem = PurePosixPath(last).stem if last.endswith((*SUFFIXES, ".avif", ".tif", ".tiff")) else last
        sizeless = _SIZE.sub("", stem)
        found = (
            self._by_name.get(last)
            or self._by_name.get(_plain(unquote(parts[-1])))
            or self._by_plain_stem.get(stem)
            or self._by_plain_stem.get(sizeless)
            or self._by_sizeless.get(sizeless)
        )
        return found or name

    def find(self, names: Iterable[str], product_id: str) -> str | None:
        """The first of a product's named images that is there, else the first name; by its id where it names none."""
        first = None
        for name in names:
            found = self.by_name(name)
            if found in self._files:
                return found
            first = name if first is None else first
        return self.by_id(product_id) if first is None else first

    def __contains__(self, name: str) -> bool:
        return name in self._files


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, name in pairs:
        found.setdefault(key, name)
    return found


def _plain(name: str) -> str:
    """A name without what systems change in it: case, and how accents are encoded."""
    return unicodedata.normalize("NFC", name).casefold()


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key by which '2' comes before '10'."""
    return [(int(part), "") if part.isdigit() and part.isascii() else (0, part) for part in re.split(r"(\d+)", name)]


def leads_out(name: str) -> bool:
    """Whether a name could lead out of the folder, on any system."""
    return (
        PurePosixPath(name).is_absolute()
        or bool(PureWindowsPath(name).drive and "://" not in name)
        or name.startswith("\\")
        or ".." in name.replace("\\", "/").split("/")
    )
