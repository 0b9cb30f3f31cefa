"""The products: the catalogue in figures, search, and everything about one product."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from store.questions.ask import Cursor, column, first, rows


@dataclass(frozen=True)
class Summary:
    """The catalogue in figures."""

    products: int
    categories: int
    uncategorised: int
    texts: int
    images: int
    issues: int
    suspects: int
    duplicates: int


@dataclass(frozen=True)
class Count:
    """How many there are of something."""

    name: str
    count: int


@dataclass(frozen=True)
class Brief:
    """A product in a list."""

    product_id: str
    name: str | None
    category: str | None
    brand: str | None
    price: float | None
    has_image: bool


@dataclass(frozen=True)
class Found:
    """One page of a search: `total` products match, `products` are those of the page."""

    total: int
    products: list[Brief]


@dataclass(frozen=True)
class Product:
    """One product with its texts and the size of its image in pixels."""

    product_id: str
    name: str | None
    description: str | None
    category: str | None
    category_path: str | None
    image_path: str | None
    brand: str | None
    price: float | None
    attributes: str | None
    catalogue_row: int
    raw: str | None
    clean: str | None
    raw_words: int | None
    clean_words: int | None
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Placement:
    """Where one method put a product: the group, its category, and how often resamples put it there (0 to 1)."""

    method: str
    cluster: int
    matched_category: str | None
    found_again: float | None


@dataclass(frozen=True)
class Neighbour:
    """A product near another one by some method; `similarity` is the cosine, -1 to 1."""

    method: str
    product_id: str
    name: str | None
    category: str | None
    has_image: bool
    similarity: float


@dataclass(frozen=True)
class Concern:
    """Something to check about a product. `other` is another product it concerns, if any."""

    topic: str
    detail: str
    other: str | None = None


SEARCHED_TO = 300_000
"""Products whose texts are kept in memory to be searched: at some 500 bytes each 150 MB at most."""
KEPT_COLUMNS = 8
"""Columns of the catalogue's own whose values are kept in memory: at some 30 bytes a product 72 MB at most."""
_making = threading.Lock()
BRIEF = """p.product_id, p.name, p.category, p.brand, p.price,
           p.product_id IN (SELECT product_id FROM images) AS has_image"""


def summary(cursor: Cursor) -> Summary:
    """What the catalogue is, in figures."""
    found = first(
        cursor,
        Summary,
        """SELECT count(*) AS products, count(DISTINCT category) AS categories,
                  count(*) - count(category) AS uncategorised,
                  (SELECT count(*) FROM texts) AS texts, (SELECT count(*) FROM images) AS images,
                  (SELECT count(*) FROM issues) AS issues, (SELECT count(*) FROM suspects) AS suspects,
                  (SELECT count(*) FROM duplicates) AS duplicates FROM products""",
    )
    assert found is not None  # an aggregate always has its one row
    return found


def rests_on(cursor: Cursor) -> str | None:
    """'a sample of 10,000 of 100,000 products': what the study rests on; None where that is all products.

    Of one that was taken over from an earlier run also how much has changed since.
    """
    found = column(cursor, "SELECT count(*) FROM study_sample")[0]
    of = column(cursor, "SELECT count(*) FROM products")[0]
    changed = column(cursor, "SELECT changed FROM kept_study")
    if changed:
        return f"{found:,} of {of:,} products, as it was estimated before {changed[0]:.1%} of them changed"
    return f"a sample of {found:,} of {of:,} products" if found else None


def categories(cursor: Cursor) -> list[Count]:
    """The categories with their numbers of products, by name."""
    return rows(
        cursor,
        Count,
        """SELECT category AS name, count(*) AS count FROM products WHERE category IS NOT NULL
           GROUP BY category ORDER BY category""",
    )


def attributes(cursor: Cursor) -> list[str]:
    """The names of the catalogue's own columns, beside those of `products`; the most often filled first.

    Kept in memory once they were asked for, as the JSON of every product is read for them.
    """
    with _making:
        cursor.execute(
            """CREATE TABLE IF NOT EXISTS own_columns AS SELECT name, count(*) AS filled
               FROM (SELECT unnest(json_keys(attributes)) AS name FROM products) GROUP BY name"""
        )
    return column(cursor, "SELECT name FROM own_columns ORDER BY filled DESC, name")


def own_values(cursor: Cursor, name: str) -> tuple[str, list[Any]]:
    """SQL, for a FROM, that gives `catalogue_row` and `value` of a column of the catalogue's own, and what it binds.

    The values are texts, NULL where a product has none. Those of the first `KEPT_COLUMNS` columns that are asked for
    are kept in memory: to find them in the JSON of 100,000 products takes 200 ms of CPU.
    """
    path = f"/{name.replace('~', '~0').replace('/', '~1')}"
    select = "SELECT catalogue_row, nullif(json_extract_string(attributes, ?), '') AS value FROM products"
    kept = f"column_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    with _making:
        tables = column(cursor, "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'column_')")
        if kept not in tables:
            if len(tables) >= KEPT_COLUMNS or column(cursor, "SELECT count(*) FROM products")[0] > SEARCHED_TO:
                return f"({select})", [path]
            cursor.execute(f"CREATE TABLE {kept} AS {select}", [path])
    return kept, []


def issue_counts(cursor: Cursor) -> list[Count]:
    """The problems of the input with their numbers of rows, the most frequent first."""
    return rows(
        cursor,
        Count,
        "SELECT problem AS name, count(*) AS count FROM issues GROUP BY problem ORDER BY count DESC, name",
    )


def search(cursor: Cursor, text: str = "", category: str | None = None, limit: int = 24, offset: int = 0) -> Found:
    """Products of that category (any, if None) whose id, name, brand or description hold every word of `text`.

    In catalogue order; letter case does not matter, and no character is a wildcard.
    """
    found = matching_rows(cursor, text, category)
    return Found(len(found), products_at(cursor, found[offset : offset + limit]))


def product(cursor: Cursor, product_id: str) -> Product | None:
    """One product as catalogued and with its cleaned text; None if there is no such product."""
    return first(
        cursor,
        Product,
        """SELECT p.* EXCLUDE (other_images), t.raw, t.clean, t.raw_words, t.clean_words, i.width, i.height
           FROM products p LEFT JOIN texts t USING (product_id)
           LEFT JOIN (SELECT product_id, width, height FROM images) i USING (product_id)
           WHERE p.product_id = ?""",
        [product_id],
    )


def products_at(cursor: Cursor, catalogue_rows: Sequence[int]) -> list[Brief]:
    """The products that came from those rows of the catalogue, in the order of `catalogue_rows`."""
    return rows(
        cursor,
        Brief,
        f"""SELECT {BRIEF} FROM products p JOIN (SELECT unnest(?) AS catalogue_row, unnest(range(?)) AS place) USING (
            catalogue_row) ORDER BY place""",
        [list(catalogue_rows), len(catalogue_rows)],
    )


def matching_rows(cursor: Cursor, text: str, category: str | None = None) -> list[int]:
    """The catalogue rows of all products that `search` finds, in order."""
    sql, values = matching(cursor, text, category)
    return column(cursor, f"{sql} ORDER BY catalogue_row", values)


def matching(cursor: Cursor, text: str, category: str | None = None) -> tuple[str, list[Any]]:
    """SQL that gives the `catalogue_row` of each product that `search` finds, and the values of its placeholders."""
    words = text.lower().split()
    conditions = ["p.category = ?"] * (category is not None) + ["contains(p.searched, ?)"] * len(words)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        f"SELECT p.catalogue_row FROM {_searched(cursor) if words else 'products'} p{where}",
        [*([] if category is None else [category]), *words],
    )


def prepare_search(cursor: Cursor) -> None:
    """Make what the first search of a snapshot would make."""
    _searched(cursor)


def _searched(cursor: Cursor) -> str:
    """The name of the products with the text that is searched, in lower case.

    It is made at the first search of a snapshot, in memory, so that the next ones read and convert no text again. Of a
    catalogue that would take too much memory it is a subquery.
    """
    select = """SELECT catalogue_row, category, lower(concat_ws(' ', product_id, name, brand, description)) AS searched
                FROM products"""
    if column(cursor, "SELECT count(*) FROM products")[0] > SEARCHED_TO:
        return f"({select})"
    with _making:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS searched_products AS {select}")
    return "searched_products"


def thumbnail(cursor: Cursor, product_id: str) -> bytes | None:
    """The JPEG thumbnail of a product's image, or None if it has none."""
    found = column(cursor, "SELECT thumbnail FROM images WHERE product_id = ?", [product_id])
    return bytes(found[0]) if found and found[0] is not None else None


def placements(cursor: Cursor, product_id: str) -> dict[str, Placement]:
    """Where each method put the product in the grouping that it is judged by, by the method's name."""
    found = rows(
        cursor,
        Placement,
        """SELECT method, cluster, matched_category, found_again
           FROM clusters SEMI JOIN judged_groupings USING (method, grouping) WHERE product_id = ? ORDER BY method""",
        [product_id],
    )
    return {p.method: p for p in found}


def neighbours(cursor: Cursor, product_id: str, limit: int = 8) -> dict[str, list[Neighbour]]:
    """The products nearest to a product by the cosine of each method's vectors, the nearest first, of those stored.

    A method without vectors, as a joint graph, or without one of this product is not there. A vector of zeros is near
    nothing.
    """
    found = rows(
        cursor,
        Neighbour,
        """SELECT n.method, n.neighbour_id AS product_id, p.name, p.category,
                  n.neighbour_id IN (SELECT product_id FROM images) AS has_image, n.similarity
           FROM neighbours n JOIN products p ON p.product_id = n.neighbour_id
           WHERE n.product_id = ? AND n.rank <= ? AND n.similarity > 0 ORDER BY n.method, n.rank""",
        (product_id, limit),
    )
    return {method: list(near) for method, near in groupby(found, key=lambda n: n.method)}


def concerns(cursor: Cursor, product_id: str) -> list[Concern]:
    """What is to be checked about a product: a disputed label, its duplicates, problems with its input."""
    return rows(
        cursor,
        Concern,
        """WITH pairs AS (SELECT *, if("match" = 'near', 'Nearly the same', 'The same') AS same FROM duplicates)
           SELECT 'suspect label' AS topic, format('{} of {} methods propose {}', votes, methods,
                  suggested_category) AS detail, NULL AS other FROM suspects WHERE product_id = $id
           UNION ALL
           SELECT 'duplicate', format('{} {} as an earlier product (similarity {:.2f})', same, modality, similarity),
                  duplicate_of FROM pairs WHERE product_id = $id
           UNION ALL
           SELECT 'duplicate', format('A later product has {} {} (similarity {:.2f})', lower(same), modality,
                  similarity), product_id FROM pairs WHERE duplicate_of = $id
           UNION ALL
           SELECT problem, coalesce(detail, stage), NULL FROM issues WHERE product_id = $id""",
        {"id": product_id},  # type: ignore[arg-type]
    )
