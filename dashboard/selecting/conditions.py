"""What each rule of a selection is in SQL: a condition on a product `p`, and the values bound to its placeholders."""

import math
from dataclasses import dataclass
from typing import Any

from dashboard import words
from dashboard.server import sql_door
from store import snapshot, views
from store.errors import QueryError
from store.parts import File
from store.questions import catalogue, study
from store.questions.ask import Cursor
from store.root import Root

Condition = tuple[str, list[Any]]
COLUMNS = ("product_id", "name", "description", "category", "category_path", "image_path", "brand", "price",
           "catalogue_row")  # fmt: skip
"""The columns of `products` that a rule may name; any other name is one of the catalogue's own, in `attributes`."""
JUDGED = "FROM clusters SEMI JOIN judged_groupings USING (method, grouping)"


@dataclass(frozen=True)
class Place:
    """Where a selection is asked: a cursor on the snapshot of that number, and the store that has the earlier ones."""

    cursor: Cursor
    root: Root
    number: int


def category(place: Place, *names: str) -> Condition:
    """Of one of these categories; '' is none."""
    return "list_contains(?::VARCHAR[], coalesce(p.category, ''))", [list(names)]


def group(place: Place, method: str, grouping: str, number: str) -> Condition:
    """In that group of that grouping."""
    return (
        "p.product_id IN (SELECT product_id FROM clusters WHERE method = ? AND grouping = ? AND cluster = ?)",
        [method, grouping, int(number)],
    )


def placed(place: Place, method: str, name: str) -> Condition:
    """In the group that is matched to that category; '' is a group that none is matched to."""
    matched = "coalesce(matched_category, '') = ?"
    return f"p.product_id IN (SELECT product_id {JUDGED} WHERE method = ? AND {matched})", [method, name]


def right(place: Place, method: str) -> Condition:
    """In the group that is matched to its own category."""
    return f"(p.product_id, p.category) IN (SELECT (product_id, matched_category) {JUDGED} WHERE method = ?)", [method]


def wrong(place: Place, method: str) -> Condition:
    """It has a category, and is in a group that is not matched to it."""
    own = f"SELECT product_id {JUDGED} WHERE method = ? AND matched_category IS DISTINCT FROM p.category"
    return f"p.category IS NOT NULL AND p.product_id IN ({own})", [method]


def suspect(place: Place, suggested: str = "") -> Condition:
    """Its category is disputed, in favour of the suggested one if that is given."""
    return "p.product_id IN (SELECT product_id FROM suspects WHERE ? IN ('', suggested_category))", [suggested]


def issue(place: Place, problem: str, stage: str = "") -> Condition:
    """It has that problem, found at that stage if one is given."""
    return "p.product_id IN (SELECT product_id FROM issues WHERE problem = ? AND ? IN ('', stage))", [problem, stage]


def duplicate(place: Place, modality: str = "", match: str = "") -> Condition:
    """It is one of two products whose text or image is the same."""
    pairs = "FROM duplicates WHERE ? IN ('', modality) AND ? IN ('', \"match\")"
    values = [modality, match]
    return (
        f"p.product_id IN (SELECT product_id {pairs} UNION ALL SELECT duplicate_of {pairs})",
        [*values, *values],
    )


def moved(place: Place, number: str, how: str = "") -> Condition:
    """It is not in that earlier snapshot, or differs from it; groups are those of the widest verdict."""
    earlier = snapshot.open_snapshot(place.root, int(number))
    method, grouping = next(iter(study.rests_on(place.cursor).items()), ("", ""))

    def files(table: str) -> list[str]:
        found: list[File] = earlier.files.get(table, [])
        return [views.pattern(place.root.url(file.name)) for file in found]

    if not files("products"):
        return ("true" if how in ("", "added") else "false"), []
    then = "SELECT product_id, category, NULL AS placed FROM read_parquet(?)"
    values: list[Any] = [files("products")]
    if files("clusters"):
        groups = "SELECT product_id, matched_category AS placed FROM read_parquet(?) WHERE method = ? AND grouping = ?"
        then = f"SELECT * FROM ({then.replace(', NULL AS placed', '')}) LEFT JOIN ({groups}) USING (product_id)"
        values += [files("clusters"), method, grouping]
    changed = {
        "added": "e.product_id IS NULL",
        "recategorised": "e.product_id IS NOT NULL AND n.category IS DISTINCT FROM e.category",
        "regrouped": "c.matched_category <> e.placed",
    }
    where = f"({changed[how]})" if how else " OR ".join(f"({one})" for one in changed.values())
    now = "FROM products n LEFT JOIN (FROM clusters WHERE method = ? AND grouping = ?) c USING (product_id)"
    sql = f"SELECT n.product_id {now} LEFT JOIN ({then}) e ON e.product_id = n.product_id WHERE {where}"
    return f"p.product_id IN ({sql})", [method, grouping, *values]


def sql(place: Place, statement: str) -> Condition:
    """Named by the column product_id of a statement's result; QueryError where the SQL page is off, or by its door."""
    found = sql_door.of_app().products(statement, place.number)
    return "p.product_id IN (SELECT unnest(?::VARCHAR[]))", [found]


def value_of(place: Place, name: str) -> Condition:
    """The value of a column of the catalogue, as text; QueryError if there is no such column."""
    if name in COLUMNS:
        return f'p."{name}"::VARCHAR', []
    own = [column for column in catalogue.attributes(place.cursor) if column not in COLUMNS]
    if name not in own:
        raise QueryError(f"The catalogue has no column {name[:40]!r}; it has {words.listed([*COLUMNS, *own])}.")
    return "json_extract_string(p.attributes, ?)", [f"/{name.replace('~', '~0').replace('/', '~1')}"]


def equal(place: Place, name: str, wanted: str) -> Condition:
    """That column is that value; '' is none. A number equals another way of writing it."""
    expression, values = value_of(place, name)
    if name == "price" and number(wanted) is not None:
        return "p.price = ?", [number(wanted)]
    return f"coalesce({expression}, '') = ?", [*values, wanted]


def between(place: Place, name: str, low: str, high: str = "") -> Condition:
    """That column is a number of at least `low` and at most `high`, either of which may be ''."""
    expression, values = value_of(place, name)
    ends = [(sign, end) for sign, end in ((">=", number(low)), ("<=", number(high))) if end is not None]
    parts = [f"try_cast({expression} AS DOUBLE) {sign} ?" for sign, _ in ends]
    return " AND ".join(parts), [value for _, end in ends for value in (*values, end)]


def number(written: str) -> float | None:
    """A finite number as it is written, None for ''; ValueError otherwise."""
    if not written:
        return None
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{written[:40]!r} is not a number.")
    return value
