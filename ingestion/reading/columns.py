"""Which column of a catalogue holds what: by the settings, by usual names, else by what the cells look like.

A name decides only if the column is filled; content decides only for the name, the description, the category of a
column whose name speaks of one, the image and the price. Nothing is found by comparing with groups or scores.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ingestion.config import Columns, nearest
from ingestion.issues import shorten
from ingestion.reading import usual_names
from ingestion.reading.cells import IMAGE_SUFFIX, as_list, as_text, image_names, is_missing, naming, parse_price, plain
from ingestion.reading.usual_names import USUAL_NAMES
from store.errors import CatalogueError

MIN_FILLED = 0.02
"""Fraction of the rows that a column must fill to be taken by its usual name where another column could be."""
MIN_CONTENT_ROWS = 3
"""Rows from which on a column is recognised by its content: two cells show too little."""
_LETTERS = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"(?=.*\d)[\w.:/#+-]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*")


@dataclass(frozen=True)
class Taken:
    """The column that was taken for a field, and why: 'named in the settings', 'usual name' or 'content'.

    Where its cell is empty the columns in `also` are asked, in their order; those of images add to it.
    """

    column: str
    why: str
    also: tuple[str, ...] = ()


class Profile:
    """What the cells of one column look like in a sample of rows."""

    def __init__(self, name: str, cells: Sequence[Any]) -> None:
        self.name = name
        self.rows = len(cells)
        self.cells = cells

    @cached_property
    def texts(self) -> list[str]:
        """The filled cells as text."""
        texts = (as_text(naming(cell)) for cell in self.cells)
        return [text.strip() for text in texts if text is not None and not is_missing(text)]

    @property
    def filled(self) -> float:
        """Fraction of the rows whose cell is filled."""
        return len(self.texts) / max(self.rows, 1)

    @cached_property
    def distinct(self) -> int:
        """Distinct filled cells."""
        return len(set(self.texts))

    @cached_property
    def words(self) -> float:
        """Mean number of words of a filled cell; characters count as words where a script has no spaces."""
        return sum(_words(text) for text in self.texts) / max(len(self.texts), 1)

    @cached_property
    def prose(self) -> float:
        """Fraction of filled cells that are words: letters, and no code, date, address or file name."""
        return sum(map(_is_prose, self.texts)) / max(len(self.texts), 1)

    @cached_property
    def images(self) -> float:
        """Fraction of filled cells that name image files."""
        named = (any(map(IMAGE_SUFFIX.search, image_names(text))) for text in self.texts)
        return sum(named) / max(len(self.texts), 1)

    @cached_property
    def prices(self) -> float:
        """Fraction of filled cells that are one number."""
        return sum(parse_price(text) is not None for text in self.texts) / max(len(self.texts), 1)

    def examples(self, count: int = 2) -> list[str]:
        """The first distinct filled cells, each on one line."""
        found = (shorten(plain(text), 40) for text in self.texts)
        return list(dict.fromkeys(found))[:count]


def _words(text: str) -> int:
    spaced = len(text.split())
    return spaced if spaced > 1 or text.isascii() else max(1, len(text) // 3)


def _is_prose(text: str) -> bool:
    text = plain(text)
    if _DATE.fullmatch(text) or IMAGE_SUFFIX.search(text) or re.match(r"https?://|//|www\.", text):
        return False
    return len(_LETTERS.findall(text)) >= max(2, len(text) / 3) and not _CODE.fullmatch(text)


def match(profiles: Mapping[str, Profile], wanted: Columns) -> dict[str, Taken]:
    """The column of each field: the named ones, then those of `USUAL_NAMES`, then by content.

    A field without column is left out. CatalogueError if a named column is absent, or if the category is also named as
    text (the labels would leak).
    """
    names = list(profiles)
    loose = {usual_names.key(name): name for name in reversed(names)}
    found: dict[str, Taken] = {}
    for field, name in wanted.model_dump(exclude_none=True).items():
        column = name if name in names else loose.get(usual_names.key(name) or name)
        if column is None:
            raise CatalogueError(
                f"The catalogue has no column {shorten(name)} (named as {field}){nearest(name, names)} "
                f"Its columns are {listed(names)}."
            )
        found[field] = Taken(column, "named in the settings")
    for field in USUAL_NAMES:
        if field not in found:
            candidates = by_name(field, profiles, {taken.column for taken in found.values()})
            if candidates:
                also = tuple(candidates[1:]) if field in ("price", "image") else ()
                found[field] = Taken(candidates[0], "usual name", also)
    for field in ("image", "name", "description", "category", "price"):
        if field not in found:
            column = by_content(field, profiles, {taken.column for taken in found.values()})
            if column is not None:
                found[field] = Taken(column, "content")
    for field in ("name", "description", "brand"):
        if "category" in found and field in found and found[field].column == found["category"].column:
            raise CatalogueError(
                f"The column {shorten(found[field].column)} is named both as category and as {field}; "
                "the labels would be part of the text. Name another column for one of them."
            )
    return {field: found[field] for field in USUAL_NAMES if field in found}


def by_name(field: str, profiles: Mapping[str, Profile], taken: set[str]) -> list[str]:
    """The columns that have a usual name of a field, the likeliest first, those that cannot hold it left out.

    Columns that are (nearly) empty come last, and so does a category of which all cells are equal.
    """
    ranks = {usual_names.key(name): rank for rank, name in reversed(list(enumerate(USUAL_NAMES[field])))}
    ranked = []
    for place, (name, profile) in enumerate(profiles.items()):
        matches = [(ranks[form], depth) for depth, form in enumerate(usual_names.keys(name)) if form in ranks]
        empty_id = field == "id" and not profile.texts and profile.rows >= MIN_CONTENT_ROWS
        if name not in taken and matches and not empty_id and _can_hold(field, profile):
            rank, depth = min(matches, key=lambda match: match[::-1])
            ranked.append((_weak(field, profile), rank, depth, place, name))
    return [name for *_, name in sorted(ranked)]


def _can_hold(field: str, profile: Profile) -> bool:
    """Whether the cells do not contradict the name: a name or a description is no number, a price has digits."""
    if not profile.texts or profile.rows < MIN_CONTENT_ROWS:
        return True
    if field in ("name", "description"):
        return profile.prose > 0 or not any(parse_price(text) is not None for text in profile.texts)
    return field != "price" or profile.prices > 0 or any(map(str.isdigit, "".join(profile.texts[:100])))


def _weak(field: str, profile: Profile) -> int:
    """0 for a column that is filled, 1 for one that tells little, 2 for an empty one."""
    if field == "price":  # the columns after the first are asked where its cell is empty
        return 0 if profile.texts or profile.rows < MIN_CONTENT_ROWS else 2
    if profile.filled < MIN_FILLED or (field == "id" and profile.filled < 0.5):
        return 2 if not profile.texts else 1
    if field == "category":
        return int(profile.distinct < 2 and profile.rows > 1)
    if field == "image":
        return int(profile.images == 0 and all(parse_price(text) is not None for text in profile.texts))
    return 0


def by_content(field: str, profiles: Mapping[str, Profile], taken: set[str]) -> str | None:
    """The column whose cells look most like a field; None where none does."""
    left = [p for name, p in profiles.items() if name not in taken and len(p.texts) >= MIN_CONTENT_ROWS]
    if field == "image":
        scores = {p.name: p.images * p.filled for p in left if p.images > 0.5}
    elif field == "name":
        prose = [p for p in left if p.prose > 0.7 and p.filled > 0.5 and p.distinct > 0.5 * len(p.texts)]
        # the first column of some words; of two that differ little the name stands before the description
        scores = {p.name: -(abs(p.words - 6) // 4) for p in prose if 1 <= p.words <= 25 and not _is_path(p)}
    elif field == "description":
        scores = {p.name: p.words for p in left if p.prose > 0.7 and p.words >= 8}
    elif field == "category":
        fit = [p for p in left if p.filled > 0.3 and 2 <= p.distinct <= max(2, 0.5 * len(p.texts)) and p.words <= 12]
        spoken = [p for p in fit if usual_names.CATEGORY_WORDS.search(_ascii(usual_names.spaced(p.name)))]
        scores = {p.name: p.prose - p.distinct / 1e6 for p in spoken if p.prose > 0.5} or {
            p.name: float(p.distinct) for p in fit if _is_path(p)
        }
    else:
        named = [p for p in left if usual_names.PRICE_WORDS.search(_ascii(usual_names.spaced(p.name)))]
        scores = {p.name: p.filled for p in named if p.prices > 0.8}
    return max(scores, key=lambda name: scores[name]) if scores else None


def _is_path(profile: Profile) -> bool:
    """Whether most cells are a category path with a separator that names do not hold."""
    paths = sum(bool(re.search(r"\S\s*(?:>|»|::)\s*\S", text)) or len(as_list(text)) > 1 for text in profile.texts)
    return paths > 0.5 * len(profile.texts)


def _ascii(name: str) -> str:
    return name.translate(str.maketrans("áàâãäéèêëíìîïóòôõöúùûüçñ", "aaaaaeeeeiiiiooooouuuucn"))


def listed(names: Sequence[str]) -> str:
    """Column names for a message, at most 30."""
    shown = ", ".join(shorten(name, 40) for name in names[:30])
    return shown + (f" and {len(names) - 30} more" if len(names) > 30 else "")
