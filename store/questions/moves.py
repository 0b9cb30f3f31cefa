"""Which products differ between two snapshots: added, removed, in another category, in another category's group."""

from dataclasses import dataclass

from store.questions.ask import Cursor
from store.questions.study import rests_on

PRODUCTS = """SELECT p.product_id, p.category, c.matched_category AS placed
              FROM products p LEFT JOIN (FROM clusters WHERE method = ? AND "grouping" = ?) c USING (product_id)"""


@dataclass(frozen=True)
class Moves:
    """Numbers of products: `regrouped` are those whose group by `method` is matched to another category than before.

    `method` is the one that the widest verdict rests on; None where there is no verdict.
    """

    added: int
    removed: int
    recategorised: int
    regrouped: int
    method: str | None


def moves(cursor: Cursor, before: Cursor) -> Moves:
    """The products of this snapshot compared with those of an earlier one, by their ids."""
    method, grouping = next(iter(rests_on(cursor).items()), (None, None))
    cursor.register("earlier", before.sql(PRODUCTS, params=[method, grouping]).to_arrow_table())
    try:
        found = cursor.execute(
            f"""SELECT count(*) FILTER (e.product_id IS NULL), count(*) FILTER (n.product_id IS NULL),
                       count(*) FILTER (n.product_id = e.product_id AND n.category IS DISTINCT FROM e.category),
                       count(*) FILTER (n.placed <> e.placed)
                FROM ({PRODUCTS}) n FULL JOIN earlier e ON n.product_id = e.product_id""",
            (method, grouping),
        ).fetchall()[0]
    finally:
        cursor.unregister("earlier")
    added, removed, recategorised, regrouped = found
    return Moves(added, removed, recategorised, regrouped, method)
