"""Whether one grouping is better than another, or only looks so."""

from dataclasses import dataclass

from store.questions.ask import Cursor, column, first, rows
from store.questions.study import rests_on


@dataclass(frozen=True)
class Comparison:
    """Two groupings by one metric: the first's score less the other's, with its paired 95 % interval.

    A verdict rests on the other. `distinct` is whether a difference was shown, by Holm's correction for all groupings
    that are compared with the other; the interval is not corrected.
    """

    method: str
    grouping: str
    other_method: str
    other_grouping: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    distinct: bool
    products: int


def others(cursor: Cursor) -> list[tuple[str, str]]:
    """The groupings that all others are compared with, as (method, grouping): that of the widest verdict first."""
    found = cursor.execute("SELECT DISTINCT other_method, other_grouping FROM comparisons").fetchall()
    return [other for other in rests_on(cursor).items() if other in found]


def against(cursor: Cursor, other: tuple[str, str], metric: str) -> dict[str, Comparison]:
    """Each other method, as it is judged, compared with that grouping: by its name, the best first."""
    found = rows(
        cursor,
        Comparison,
        """SELECT c.* FROM comparisons c SEMI JOIN judged_groupings USING (method, grouping)
           WHERE other_method = ? AND other_grouping = ? AND metric = ? AND method <> other_method
           ORDER BY difference DESC, method""",
        (*other, metric),
    )
    return {c.method: c for c in found}


def between(cursor: Cursor, one: tuple[str, str], other: tuple[str, str], metric: str) -> Comparison | None:
    """The first grouping compared with the other, or None if they were not compared."""
    return first(
        cursor,
        Comparison,
        """FROM comparisons WHERE method = ? AND grouping = ? AND other_method = ? AND other_grouping = ?
                              AND metric = ?""",
        (*one, *other, metric),
    )


def metrics(cursor: Cursor) -> list[str]:
    """The metrics that groupings were compared by."""
    return column(cursor, "SELECT DISTINCT metric FROM comparisons ORDER BY 1 DESC")
