"""What is to be reviewed, what people decided on it, and why a category is disputed.

An item is a suspect, or a pair of duplicates, whatever they have in common. Its newest decision in `reviews` holds

- of a suspect that was rejected, while its category is the one that was found right,
- of a suspect that was accepted, while category and suggestion are those that were seen,
- of a pair always, in whatever order the catalogue has the two.

Otherwise the item is open again. Items are in the order of the findings: suspects by rank, then pairs by similarity.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from store.questions.ask import Cursor, column, rows

FINDINGS = ("suspect", "duplicate")
DECISIONS = ("accept", "reject", "reopen", "note")


@dataclass(frozen=True)
class Item:
    """A suspect, or a pair of duplicates, with its newest decision.

    `decision` is accept or reject, None while the item is open. `earlier` is a decision that no longer holds: the
    product was in `earlier_category` then, and `earlier_suggested` was suggested. `person` and `happened` are those of
    the newest decision; of the newest note, where nothing was decided.
    """

    finding: str
    product_id: str
    other_product_id: str | None
    category: str | None
    other_category: str | None
    suggested_category: str | None
    decision: str | None
    earlier: str | None
    earlier_category: str | None
    earlier_suggested: str | None
    note: str | None
    person: str | None
    happened: datetime | None


@dataclass(frozen=True)
class Step:
    """An item in a list of `of`, at `place` from 1, with the items before and after and the next open one, if any.

    The next open one comes after the item, or after the end of the list is the first one of it.
    """

    item: Item
    place: int
    of: int
    back: Item | None
    forward: Item | None
    following: Item | None


@dataclass(frozen=True)
class Progress:
    """How many items of a list are decided, and how many there are."""

    decided: int
    items: int


@dataclass(frozen=True)
class Vote:
    """The category that a method predicts for a product, its probability, and that of the product's own (0 to 1)."""

    method: str
    predicted_category: str | None
    confidence: float | None
    own_confidence: float | None


@dataclass(frozen=True)
class Evidence:
    """A term of a product: the fraction of the other products with it, of its own and of the suggested category."""

    term: str
    own: float
    suggested: float


KEPT_TO = 500_000
"""Items kept in memory in their order: at some 150 bytes each 75 MB at most."""
_making = threading.Lock()
FOUND = """
    SELECT row_number() OVER (ORDER BY finding DESC, place, product_id, other_product_id) AS number,
           * EXCLUDE (place)
    FROM (
        SELECT 'suspect' AS finding, product_id, NULL AS other_product_id, category, NULL AS other_category,
               suggested_category, "rank"::DOUBLE AS place FROM suspects
        UNION ALL
        SELECT 'duplicate', d.product_id, d.duplicate_of, p.category, o.category, NULL, -d.similarity
        FROM (SELECT product_id, duplicate_of, max(similarity) AS similarity FROM duplicates GROUP BY ALL) d
        LEFT JOIN products p USING (product_id) LEFT JOIN products o ON o.product_id = d.duplicate_of
    )"""
"""The items of a snapshot, which never change, numbered in their order."""
ITEMS = """
    WITH latest AS (
        SELECT finding, least(product_id, pair) AS one, greatest(product_id, pair) AS two,
               max_by(product_id, happened) AS product_id, max_by({'it': other_product_id}, happened) AS other,
               max_by(decision, happened) FILTER (decision <> 'note') AS decision,
               max_by({'it': category}, happened) FILTER (decision <> 'note') AS seen,
               max_by({'it': suggested_category}, happened) FILTER (decision <> 'note') AS seen_suggested,
               max_by(note, happened) FILTER (note IS NOT NULL) AS note,
               coalesce(max_by({'it': person}, happened) FILTER (decision <> 'note'),
                        max_by({'it': person}, happened)) AS who,
               coalesce(max(happened) FILTER (decision <> 'note'), max(happened)) AS happened
        FROM (SELECT *, coalesce(other_product_id, product_id) AS pair FROM reviews) GROUP BY ALL
    ), items AS (
        SELECT f.*, coalesce(f.other_product_id, f.product_id) AS other, l.decision AS last,
               l.seen.it AS seen, l.seen_suggested.it AS seen_suggested,
               nullif(l.note, '') AS note, l.who.it AS person, l.happened,
               coalesce(l.decision IN ('accept', 'reject') AND (f.finding = 'duplicate' OR (
                   l.seen.it IS NOT DISTINCT FROM f.category AND (
                       l.decision = 'reject' OR l.seen_suggested.it IS NOT DISTINCT FROM f.suggested_category
                   ))), false) AS holds
        FROM {found} f LEFT JOIN latest l ON l.finding = f.finding
            AND l.one = least(f.product_id, coalesce(f.other_product_id, f.product_id))
            AND l.two = greatest(f.product_id, coalesce(f.other_product_id, f.product_id))
    )"""
"""The tables `latest`, of each item with a review, and `items`. A struct holds what may be NULL in the newest row.

`{found}` is to be replaced by the items without their decisions (`_found`).
"""
CHOSEN = """($finding IS NULL OR finding = $finding)
            AND ($category IS NULL OR category = $category OR other_category = $category)"""
"""A list: the items of that finding, one of whose products is of that category; any where one is NULL."""


def items(
    cursor: Cursor, finding: str | None = None, category: str | None = None, products: Sequence[str] | None = None
) -> list[Item]:
    """The items of that finding, one of whose products is of that category (any, if None), in their order.

    With `products` those that are found at these, by their ids.
    """
    where = "$products IS NULL OR list_contains($products::VARCHAR[], product_id)"
    ids = None if products is None else list(products)
    return _items(cursor, f"{CHOSEN} AND ({where})", {"finding": finding, "category": category, "products": ids})


def item(cursor: Cursor, finding: str, product_id: str, other_product_id: str | None) -> Item | None:
    """That suspect or pair; None if the snapshot has no such finding."""
    found = items(cursor, finding, products=[product_id])
    return next((i for i in found if i.other_product_id == other_product_id), None)


def progress(cursor: Cursor, finding: str | None = None, category: str | None = None) -> Progress:
    """How much of a list is decided; the list as of `items`."""
    decided, found = cursor.execute(
        f"{_with_items(cursor)} SELECT count(*) FILTER (holds), count(*) FROM items WHERE {CHOSEN}",
        {"finding": finding, "category": category},
    ).fetchall()[0]
    return Progress(decided, found)


def step(
    cursor: Cursor,
    finding: str | None = None,
    category: str | None = None,
    wanted: tuple[str, str, str | None] | None = None,
) -> Step | None:
    """An item of a list with its neighbours; the list as of `items`.

    `wanted` is its finding and its two products; without it the first open one. None where the list has no such item.
    """
    of_list = {"finding": finding, "category": category}
    if wanted is None:
        which, values = "NOT holds", {}
    else:
        which = "finding = $of AND product_id = $one AND other_product_id IS NOT DISTINCT FROM $two::VARCHAR"
        values = dict(zip(("of", "one", "two"), wanted, strict=True))
    with_items = _with_items(cursor)
    at = column(
        cursor,
        f"{with_items} SELECT min(number) FROM items WHERE {CHOSEN} AND {which}",
        of_list | values,  # type: ignore[arg-type]
    )[0]
    if at is None:
        return None
    place, of, *numbers = cursor.execute(
        f"""{with_items}
            SELECT count(*) FILTER (number <= $at), count(*),
                   max(number) FILTER (number < $at), min(number) FILTER (number > $at),
                   coalesce(min(number) FILTER (NOT holds AND number > $at),
                            min(number) FILTER (NOT holds AND number < $at))
            FROM items WHERE {CHOSEN}""",
        of_list | {"at": at},
    ).fetchall()[0]
    wanted_numbers = [at, *numbers]
    found = _items(cursor, "list_contains($numbers, number)", {"numbers": [n for n in wanted_numbers if n]})
    by_number = dict(zip(sorted({n for n in wanted_numbers if n}), found, strict=True))
    here, back, forward, following = (by_number.get(n) for n in wanted_numbers)
    assert here is not None
    return Step(here, place, of, back, forward, following)


def categories(cursor: Cursor) -> list[str]:
    """The categories of the items' products, by name."""
    return column(
        cursor,
        f"""SELECT DISTINCT name FROM (SELECT unnest([category, other_category]) AS name FROM {_found(cursor)})
            WHERE name IS NOT NULL ORDER BY name""",
    )


def _items(cursor: Cursor, where: str, values: dict[str, Any]) -> list[Item]:
    found = cursor.execute(
        f"""{_with_items(cursor)}
            SELECT finding, product_id, other_product_id, category, other_category, suggested_category,
                   CASE WHEN holds THEN last END, CASE WHEN NOT holds AND last <> 'reopen' THEN last END,
                   seen, seen_suggested, note, person, happened
            FROM items WHERE {where} ORDER BY number""",
        values,
    ).fetchall()
    return [Item(*row) for row in found]


def _with_items(cursor: Cursor) -> str:
    return ITEMS.replace("{found}", _found(cursor))


def _found(cursor: Cursor) -> str:
    """The name of a snapshot's items, made in memory when they are first asked for; a subquery where they are many."""
    suspects, duplicates = (column(cursor, f"SELECT count(*) FROM {table}")[0] for table in ("suspects", "duplicates"))
    if suspects + duplicates > KEPT_TO:
        return f"({FOUND})"
    with _making:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS review_items AS {FOUND}")
    return "review_items"


def votes(cursor: Cursor, product_id: str) -> dict[str, Vote]:
    """What each method's linear probe, by which suspects are found, predicts for a product, by the method's name."""
    found = rows(
        cursor,
        Vote,
        """SELECT method, predicted_category, confidence, own_confidence FROM predictions
           WHERE product_id = ? AND probe = 'linear' ORDER BY method""",
        [product_id],
    )
    return {vote.method: vote for vote in found}


def evidence(cursor: Cursor, product_id: str, own: str | None, suggested: str | None) -> list[Evidence]:
    """The terms of a product that distinguish two categories, those that speak most for the suggested one first.

    A term speaks by its TF-IDF weight in the text, or its count where that was not computed, times the logarithm of
    the ratio of the two fractions. These are (products with the term + 0.5) / (products + 1), so that a term that one
    category lacks is finite; the product itself is left out. Empty without a text method or a category.
    """
    return rows(
        cursor,
        Evidence,
        """WITH mine AS (
               SELECT method, term, weight FROM terms WHERE product_id = $id
               AND method = (SELECT max(method) FROM terms WHERE product_id = $id AND method IN ('tfidf', 'count'))
           ), sizes AS (
               SELECT count(*) FILTER (category = $own) AS own, count(*) FILTER (category = $suggested) AS suggested
               FROM products WHERE product_id <> $id
           ), counts AS (
               SELECT m.term, any_value(m.weight) AS weight,
                      (count(*) FILTER (p.category = $own) + 0.5) / (any_value(s.own) + 1) AS own,
                      (count(*) FILTER (p.category = $suggested) + 0.5) / (any_value(s.suggested) + 1) AS suggested
               FROM mine m LEFT JOIN terms t ON t.method = m.method AND t.term = m.term AND t.product_id <> $id
               LEFT JOIN products p ON p.product_id = t.product_id CROSS JOIN sizes s GROUP BY m.term
           )
           SELECT term, own, suggested FROM counts WHERE $own IS NOT NULL AND $suggested IS NOT NULL
           ORDER BY weight * ln(suggested / own) DESC, term""",
        {"id": product_id, "own": own, "suggested": suggested},  # type: ignore[arg-type]
    )


def exported(cursor: Cursor) -> pa.Table:
    """What was decided or noted: one row per item that has a review, the newest first.

    Also of items that the snapshot no longer has. `category_now` is the product's category in the snapshot; `holds`
    says whether the decision still does (see above), and is NULL where the item is no finding any more.
    """
    return cursor.sql(
        f"""{_with_items(cursor)}
            SELECT l.finding, l.product_id, p.name, l.other.it AS other_product_id, o.name AS other_name, l.decision,
                   nullif(l.note, '') AS note, l.seen.it AS category, l.seen_suggested.it AS suggested_category,
                   p.category AS category_now, i.holds, l.who.it AS person, l.happened
            FROM latest l LEFT JOIN products p USING (product_id) LEFT JOIN products o ON o.product_id = l.other.it
            LEFT JOIN items i ON i.finding = l.finding AND l.one = least(i.product_id, i.other)
                AND l.two = greatest(i.product_id, i.other)
            ORDER BY l.happened DESC, l.finding DESC, l.product_id"""
    ).to_arrow_table()
