"""What colours the points of maps: for each product a code, in catalogue order, and what the codes stand for."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from store.questions.ask import Cursor, column

NAMES = 40
"""Names that a column of words keeps, the most frequent ones: as many as there are looks. The rest is 'other'."""
OTHER = "other"
NUMBERS_FROM = 12
"""Distinct numbers from which a column of numbers is continuous; fewer are names."""
STEPS = 64
"""Colours of a continuous scale."""
ENDS = (0.02, 0.98)
"""The quantiles at which a continuous scale begins and ends, so that one odd price does not take all of it."""
LOGARITHMIC_FROM = 20
"""How many times its lower end the upper end of a scale is where it is logarithmic."""
BY = {"cluster": ("method", "grouping"), "match": ("method", "grouping"), "confidence": ("method",)}
"""What the columns depend on beside the snapshot; others on nothing."""

Codes = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Scale:
    """A continuous scale: its ends, and whether it is logarithmic."""

    low: float
    high: float
    log: bool


@dataclass(frozen=True)
class Colours:
    """A column: `codes` from 1 on are the places of `names`, or the `STEPS` of `scale`; 0 is none.

    `counts` has the products of each name.
    """

    names: list[str]
    codes: Codes
    counts: list[int]
    scale: Scale | None = None


def coloured(cursor: Cursor, name: str, method: str = "", grouping: str = "") -> Colours:
    """A column by its name: 'of.<name>' is a further column of the catalogue. `BY` says which depend on what."""
    named: dict[str, Callable[[], Colours]] = {
        "category": lambda: categories(cursor),
        "cluster": lambda: groups(cursor, method, grouping),
        "match": lambda: matches(cursor, method, grouping),
        "suspect": lambda: suspects(cursor),
        "confidence": lambda: confidences(cursor, method),
        "brand": lambda: _words(_texts(cursor, "SELECT brand FROM products ORDER BY catalogue_row")),
        "price": lambda: _continuous(_numbers(cursor, "SELECT price FROM products ORDER BY catalogue_row")),
    }
    return named[name]() if name in named else attributes(cursor, name.removeprefix("of."))


def categories(cursor: Cursor) -> Colours:
    """The category of each product; the names in alphabetical order, all of them."""
    found = _texts(cursor, "SELECT category FROM products ORDER BY catalogue_row")
    return _named(found, sorted(found.dictionary.to_pylist()))


def groups(cursor: Cursor, method: str, grouping: str) -> Colours:
    """The category that the product's group is matched to, in the order of `categories`.

    Without categories, the group itself.
    """
    names = column(cursor, "SELECT DISTINCT category FROM products WHERE category IS NOT NULL ORDER BY category")
    if names:
        return _named(_texts(cursor, _grouped("c.matched_category"), [method, grouping]), sorted(names))
    found = _numbers(cursor, _grouped("c.cluster"), [method, grouping])
    codes = np.nan_to_num(found + 1).astype(np.uint16)
    return _counted([f"group {i}" for i in range(int(codes.max(initial=0)))], codes)


def matches(cursor: Cursor, method: str, grouping: str) -> Colours:
    """Right or wrong: whether the group is matched to the product's category, as the metric `matched_accuracy`."""
    code = """CASE WHEN c.cluster IS NULL OR p.category IS NULL THEN 0
                   WHEN c.matched_category = p.category THEN 1 ELSE 2 END"""
    found = _numbers(cursor, _grouped(code), [method, grouping])
    return _counted(["right", "wrong"], found.astype(np.uint8))


def suspects(cursor: Cursor) -> Colours:
    """Whether the product's category is disputed."""
    sql = """SELECT if(product_id IN (SELECT product_id FROM suspects), 1, 2) FROM products ORDER BY catalogue_row"""
    return _counted(["suspect", "not suspect"], _numbers(cursor, sql).astype(np.uint8))


def confidences(cursor: Cursor, method: str) -> Colours:
    """How sure the linear probe of a method is of the product's own category, 0 to 1."""
    sql = """SELECT c.own_confidence FROM products p LEFT JOIN (SELECT product_id, own_confidence FROM predictions
             WHERE method = ? AND probe = 'linear') c USING (product_id) ORDER BY p.catalogue_row"""
    return _continuous(_numbers(cursor, sql, [method]))


def attributes(cursor: Cursor, key: str) -> Colours:
    """A further column of the catalogue: continuous if it holds numbers alone, and enough different ones."""
    texts = column(cursor, "SELECT attributes FROM products ORDER BY catalogue_row")
    found = [json.loads(text).get(key) or None if text else None for text in texts]
    numbers = [number(text) for text in found]
    known = [n for n in numbers if n is not None]
    if len(set(known)) >= NUMBERS_FROM and len(known) == sum(text is not None for text in found):
        return _continuous(np.array([np.nan if n is None else n for n in numbers]))
    return _words(pa.array(found, pa.string()).dictionary_encode())


def number(text: Any) -> float | None:
    """The finite number that a text is, with or without thousands separators; None for any other."""
    try:
        value = float(str(text).replace(",", ""))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _grouped(what: str) -> str:
    return f"""SELECT {what} FROM products p LEFT JOIN (SELECT product_id, cluster, matched_category FROM clusters
               WHERE method = ? AND grouping = ?) c USING (product_id) ORDER BY p.catalogue_row"""


def _texts(cursor: Cursor, sql: str, values: Sequence[Any] = ()) -> pa.DictionaryArray:
    found = cursor.sql(sql, params=list(values)).to_arrow_table().column(0).cast(pa.string())
    return pa.chunked_array(found).combine_chunks().dictionary_encode()


def _numbers(cursor: Cursor, sql: str, values: Sequence[Any] = ()) -> NDArray[np.float64]:
    """The only column of a query, NaN where it is NULL."""
    found = next(iter(cursor.execute(sql, values).fetchnumpy().values()))
    return np.asarray(np.ma.filled(np.ma.asarray(found, dtype=np.float64), np.nan))


def _words(found: pa.DictionaryArray) -> Colours:
    """The most frequent words by their names, the rest as 'other'."""
    times = np.bincount(found.indices.drop_null().to_numpy(), minlength=len(found.dictionary))
    ranked = sorted(
        zip(found.dictionary.to_pylist(), times.tolist(), strict=True), key=lambda item: (-item[1], item[0])
    )
    names = [name for name, _ in ranked]
    return _named(found, [*names[:NAMES], OTHER], OTHER) if len(names) > NAMES else _named(found, names)


def _named(found: pa.DictionaryArray, names: list[str], rest: str | None = None) -> Colours:
    code = {name: i for i, name in enumerate(names, start=1)}
    other = code.get(rest, 0) if rest else 0
    of = np.array([*(code.get(text, other) for text in found.dictionary.to_pylist()), 0])  # the last: none
    return _counted(names, of[found.indices.fill_null(len(of) - 1).to_numpy()])


def _counted(names: list[str], codes: NDArray[Any]) -> Colours:
    counts = np.bincount(codes, minlength=len(names) + 1)[1:].tolist()
    return Colours(names, codes.astype(np.uint8) if len(names) < 256 else codes.astype(np.uint16), counts)


def _continuous(numbers: NDArray[np.float64]) -> Colours:
    known = np.sort(numbers[~np.isnan(numbers)])
    if not len(known):
        return Colours([], np.zeros(len(numbers), dtype=np.uint8), [])
    low, high = (float(known[min(len(known) - 1, int(end * len(known)))]) for end in ENDS)
    log = low > 0 and high / low > LOGARITHMIC_FROM
    within = np.clip(np.nan_to_num(numbers, nan=low), low, high)
    part = (np.log(within / low) / np.log(high / low)) if log else (within - low) / ((high - low) or 1.0)
    steps = 1 + np.minimum(STEPS - 1, (part * STEPS).astype(np.int64))
    codes = np.where(np.isnan(numbers), 0, steps).astype(np.uint8)
    return Colours([], codes, [], Scale(low, high, log))
