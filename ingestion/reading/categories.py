"""Category paths: what separates their levels, which level counts, and which words are no category.

Both are found by looking at the cells, without any vector or score: the levels' numbers of categories decide.
"""

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.reading.cells import MAX_CELL, as_list, as_text, is_missing, naming
from ingestion.reading.rows import mend

STRONG = (">>", "»", "›", "→", "->", "::", ">", "|", ";")
"""Separators that are seldom part of a category's name: accepted where one cell in ten has them."""
WEAK = ("/", "\\", " - ", ",")
"""Separators that names hold too, as 'TV/Audio': accepted where half of the cells have them and first levels recur."""
MIN_STRONG, MIN_WEAK = 0.1, 0.5
MAX_RECURRING = {"/": 0.7, "\\": 0.7, " - ": 0.5, ",": 0.5}
"""Distinct first levels to distinct cells, at most: in a tree several paths begin with one level."""
MIN_SIZE = 5
"""Products of a category that counts towards a level: a verdict needs as many (`verdict.least_per_category`)."""
MAX_CATEGORIES = 50
"""Categories of a level, at most, where a level above or below has fewer."""


@dataclass(frozen=True)
class Level:
    """The level of the category paths that counts, and why. `sizes` are the products of its categories."""

    number: int
    reason: str
    sizes: Counter[str]
    deepest: int


def split_path(value: Any, separator: str | None) -> list[str]:
    """The levels of a category path, top first: 'A >> B', '["A >> B"]' and ["A", "B"] are the same.

    Of several paths the first counts, or a later one that continues it: 'Home, Home > Mugs' is Home, Mugs. A missing
    value (`cells.MISSING`) has no level. None as separator splits lists only.
    """
    value = naming(value)
    items = as_list(value) or [as_text(value) or ""]
    items = [html.unescape(item[:MAX_CELL]) if "&" in item else item[:MAX_CELL] for item in items]
    if separator is not None and any(separator in item for item in items):
        items = _first_path(items, separator)
    levels = [level for item in items if (level := mend(item)[0].strip())]
    return [] if all(map(is_missing, levels)) else [level for level in levels if not is_missing(level)]


def _first_path(items: Sequence[str], separator: str) -> list[str]:
    """The first of several paths, or the longest that continues it."""
    if len(items) == 1 and separator in (">", ">>", "»", "›", "/", "|"):
        pieces = re.split(r",\s*", items[0])
        starts = [piece.split(separator)[0].strip() for piece in pieces]
        # 'Home, Home > Mugs' lists two paths; the comma of 'Food, Drinks > Tea' is part of a name
        if len(pieces) > 1 and starts[0] and set(starts) == {starts[0]}:
            items = pieces
    paths = [[level.strip() for level in item.split(separator) if level.strip()] for item in items]
    first = paths[0]
    for path in paths[1:]:
        if len(path) > len(first) and path[: len(first)] == first:
            first = path
    return first


def find_separator(cells: Sequence[Any]) -> str | None:
    """The separator of the paths in a column's cells; None where the cells look like plain names."""
    texts = [item for cell in cells for item in (as_list(naming(cell)) or [as_text(naming(cell)) or ""])[:1]]
    texts = [html.unescape(text) for text in texts if not is_missing(text)]
    for separator in STRONG:
        if sum(_splits(text, separator) for text in texts) > MIN_STRONG * len(texts):
            return separator
    for separator in WEAK:
        have = {text for text in texts if _splits(text, separator)}
        if sum(text in have for text in texts) <= MIN_WEAK * len(texts):
            continue
        first = {text.split(separator)[0].strip() for text in have}
        deep = separator in "/\\" and all(text.count(separator) > 1 for text in have)
        if deep or (len(have) > 2 and len(first) <= MAX_RECURRING[separator] * len(have)):
            return separator
    return None


def _splits(text: str, separator: str) -> bool:
    """Whether a separator stands between two parts of a text; '<a>' and an address hold none."""
    if separator in "/->" and ("://" in text or "</" in text):
        return False
    before, found, after = text.strip().partition(separator)
    return bool(found and before.strip() and after.strip())


def choose_level(paths: Sequence[Sequence[str]], wanted: int | None = None) -> Level:
    """The level that counts: `wanted`, or the first with 2 to 50 categories of 5 products or more.

    Where no level has those, the first with two categories; then the top one. A shorter path counts by its deepest
    level. A level is left out if its categories of 5 or more hold less than half of the products.
    """
    deepest = max(map(len, paths), default=0)
    sizes = {number: at_level(paths, number) for number in range(1, max(deepest, 1) + 1)}
    if wanted is not None:
        return Level(wanted, "as the setting category_level says", at_level(paths, wanted), deepest)
    if deepest <= 1:
        return Level(1, "the cells hold one level", sizes[1], deepest)
    total = sum(bool(path) for path in paths)
    for number, counts in sizes.items():
        large = [size for size in counts.values() if size >= MIN_SIZE]
        few = len(counts) <= 2 * MAX_CATEGORIES and 2 <= len(large) <= MAX_CATEGORIES
        if few and sum(large) >= total / 2:
            reason = f"the first level with 2 to {MAX_CATEGORIES} categories of {MIN_SIZE} products or more"
            return Level(number, reason, counts, deepest)
    for number, counts in sizes.items():
        if len(counts) > 1:
            reason = f"the first level with 2 categories; none has 2 to {MAX_CATEGORIES} of {MIN_SIZE} products or more"
            return Level(number, reason, counts, deepest)
    return Level(1, "no level has two categories", sizes[1], deepest)


def at_level(paths: Sequence[Sequence[str]], number: int) -> Counter[str]:
    """The products of each category at a level; of a shorter path the deepest level counts."""
    return Counter(path[min(number, len(path)) - 1] for path in paths if path)
