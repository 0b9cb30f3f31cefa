"""Whether one grouping is better than another, or only looks so."""

from dataclasses import dataclass

from store.questions.ask import Cursor, first, rows
from store.questions.study import Grouping, judged, ranking


@dataclass(frozen=True)
class Comparison:
    """Two groupings by one metric: the first's score less the other's, with its paired 95 % interval.

    `distinct` is whether that interval leaves out 0; if not, no difference was shown.
    """

    method: str
    algorithm: str
    space: str
    other_method: str
    other_algorithm: str
    other_space: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    distinct: bool
    products: int


# each pair is stored once: read from either side
BOTH_WAYS = """SELECT * FROM comparisons
               UNION ALL BY NAME
               SELECT other_method AS method, other_algorithm AS algorithm, other_space AS space,
                      method AS other_method, algorithm AS other_algorithm, space AS other_space,
                      metric, -difference AS difference, -high AS low, -low AS high, "distinct", products
               FROM comparisons"""


def against(cursor: Cursor, method: str, grouping: Grouping, metric: str) -> list[Comparison]:
    """That grouping compared with every other one, the strongest rival first."""
    return rows(
        cursor,
        Comparison,
        f"""SELECT DISTINCT ON (other_method, other_algorithm, other_space) * FROM ({BOTH_WAYS})
            WHERE method = ? AND algorithm = ? AND space = ? AND metric = ?
            ORDER BY difference, other_method, other_algorithm, other_space""",
        (method, grouping.algorithm, grouping.space, metric),
    )


def between(cursor: Cursor, one: tuple[str, Grouping], other: tuple[str, Grouping], metric: str) -> Comparison | None:
    """The first grouping compared with the other, or None if they were not compared."""
    return first(
        cursor,
        Comparison,
        f"""SELECT * FROM ({BOTH_WAYS})
            WHERE method = ? AND algorithm = ? AND space = ?
              AND other_method = ? AND other_algorithm = ? AND other_space = ? AND metric = ?""",
        (one[0], one[1].algorithm, one[1].space, other[0], other[1].algorithm, other[1].space, metric),
    )


def metrics(cursor: Cursor) -> list[str]:
    """The metrics that groupings were compared by."""
    return [
        metric for (metric,) in cursor.execute("SELECT DISTINCT metric FROM comparisons ORDER BY 1 DESC").fetchall()
    ]


def behind_leader(cursor: Cursor, metric: str) -> dict[str, Comparison]:
    """The leader, that is the method with the best score, compared with each other method; by the other's name.

    Each in the grouping it is judged by. Empty where nothing was scored or compared.
    """
    leader = next((s.method for s in ranking(cursor) if s.value is not None), None)
    if leader is None:
        return {}
    grouping = judged(cursor)
    found = against(cursor, leader, grouping[leader], metric)
    return {
        c.other_method: c
        for c in found
        if grouping.get(c.other_method) == Grouping(c.other_algorithm, c.other_space) and c.other_method != leader
    }
