"""The points of maps and what colours them, each as one array over all products in catalogue order."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store.questions.ask import Cursor, column

NAMES = 40
"""Names that a column of words keeps, the most frequent ones: as many as there are looks. The rest is 'other'."""
OTHER = "other"
NUMBERS_FROM = 12
"""Distinct numbers from which a column of numbers is continuous; fewer are names."""
TABLES = ("products", "projections", "clusters", "suspects", "predictions")
"""What the answers of this module rest on."""


@dataclass(frozen=True)
class Positions:
    """A map: `x` and `y` from -32767 to 32767, both -32768 where the method has no vector of the product.

    A coordinate of the map is `centre + scale * x` (or `y`), one scale for both axes.
    """

    x: NDArray[np.int16]
    y: NDArray[np.int16]
    centre: tuple[float, float]
    scale: float


@dataclass(frozen=True)
class Values:
    """A column: words as `codes` (0: none; 1 is the first of `names`), or numbers (NaN: none)."""

    names: list[str]
    codes: NDArray[np.uint16] | None
    numbers: NDArray[np.float32] | None


def rows(cursor: Cursor) -> NDArray[np.int64]:
    """The catalogue row of each product, in catalogue order: a point's number is its place in this array."""
    found = cursor.execute("SELECT catalogue_row FROM products ORDER BY catalogue_row").fetchnumpy()["catalogue_row"]
    return np.asarray(found, dtype=np.int64)


def positions(cursor: Cursor, method: str, reducer: str) -> Positions | None:
    """The map of that method and reducer; None if there is none."""
    found = cursor.execute(
        """SELECT j.x, j.y FROM products p
           LEFT JOIN (SELECT product_id, x, y FROM projections WHERE method = ? AND reducer = ?) j USING (product_id)
           ORDER BY p.catalogue_row""",
        [method, reducer],
    ).fetchnumpy()
    x, y = (np.ma.filled(np.ma.asarray(found[axis], dtype=np.float64), np.nan) for axis in ("x", "y"))
    there = ~np.isnan(x)
    if not there.any():
        return None
    ends = [(values[there].min(), values[there].max()) for values in (x, y)]
    centre = tuple(float(low + high) / 2 for low, high in ends)
    scale = max(high - low for low, high in ends) / 2 / 32767 or 1.0
    fitted = [
        np.where(there, np.round((np.nan_to_num(values) - middle) / scale), -32768).astype(np.int16)
        for values, middle in zip((x, y), centre, strict=True)
    ]
    return Positions(fitted[0], fitted[1], (centre[0], centre[1]), float(scale))


def categories(cursor: Cursor) -> Values:
    """The category of each product; the names in alphabetical order, all of them."""
    found = column(cursor, "SELECT category FROM products ORDER BY catalogue_row")
    return _named(found, sorted({c for c in found if c is not None}))


def groups(cursor: Cursor, method: str, grouping: str) -> tuple[NDArray[np.uint16], dict[int, str]]:
    """The group of each product plus one (0: none) in a grouping, and the category that each group is matched to."""
    found = column(
        cursor,
        """SELECT c.cluster FROM products p LEFT JOIN (SELECT product_id, cluster FROM clusters
           WHERE method = ? AND grouping = ?) c USING (product_id) ORDER BY p.catalogue_row""",
        [method, grouping],
    )
    matched = cursor.execute(
        """SELECT DISTINCT cluster, matched_category FROM clusters
           WHERE method = ? AND grouping = ? AND matched_category IS NOT NULL""",
        [method, grouping],
    ).fetchall()
    return np.array([0 if c is None else c + 1 for c in found], dtype=np.uint16), dict(matched)


def values(cursor: Cursor, name: str, method: str = "") -> Values:
    """A column by its name: brand, price, suspect, confidence (of `method`'s probe), or 'of.<a further column>'."""
    if name == "brand":
        return _words(column(cursor, "SELECT brand FROM products ORDER BY catalogue_row"))
    if name == "price":
        return _numbers(column(cursor, "SELECT price FROM products ORDER BY catalogue_row"))
    if name == "suspect":
        found = column(
            cursor,
            """SELECT if(product_id IN (SELECT product_id FROM suspects), 'suspect', 'not suspect') FROM products
               ORDER BY catalogue_row""",
        )
        return _named(found, ["suspect", "not suspect"])
    if name == "confidence":
        return _numbers(
            column(
                cursor,
                """SELECT c.own_confidence FROM products p LEFT JOIN (SELECT product_id, own_confidence FROM predictions
                   WHERE method = ? AND probe = 'linear') c USING (product_id) ORDER BY p.catalogue_row""",
                [method],
            )
        )
    key = name.removeprefix("of.")
    texts = column(cursor, "SELECT attributes FROM products ORDER BY catalogue_row")
    found = [json.loads(text).get(key) or None if text else None for text in texts]
    numbers = [_number(text) for text in found]
    known = [n for n in numbers if n is not None]
    if len(set(known)) >= NUMBERS_FROM and len(known) == sum(text is not None for text in found):
        return _numbers(numbers)
    return _words(found)


def _words(found: Sequence[str | None]) -> Values:
    counts = Counter(text for text in found if text is not None)
    names = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:NAMES]]
    kept = set(names)
    rest = [OTHER] if len(counts) > len(names) else []
    return _named([t if t is None or t in kept else OTHER for t in found], [*names, *rest])


def _named(found: Sequence[str | None], names: list[str]) -> Values:
    code: dict[str | None, int] = {name: i for i, name in enumerate(names, start=1)}
    return Values(names, np.array([code.get(text, 0) for text in found], dtype=np.uint16), None)


def _numbers(found: Sequence[float | None]) -> Values:
    return Values([], None, np.array([np.nan if n is None else n for n in found], dtype=np.float32))


def _number(text: Any) -> float | None:
    """The finite number that a text is, with or without thousands separators; None for any other."""
    try:
        value = float(str(text).replace(",", ""))
    except ValueError:
        return None
    return value if np.isfinite(value) else None
