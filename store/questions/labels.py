"""What labels would bring: the ceiling of a method's vectors, and how few labels come near it."""

from dataclasses import dataclass

from store.questions.ask import Cursor, column, rows


@dataclass(frozen=True)
class Ceiling:
    """What a supervised probe reaches on a method's vectors; see the table `ceilings`."""

    method: str
    probe: str
    metric: str
    value: float
    low: float | None
    high: float | None
    folds: int
    products: int


@dataclass(frozen=True)
class CurvePoint:
    """The score that so many labels a category bring: the median over the draws, and 95 % of them."""

    method: str
    labels: int
    value: float
    low: float | None
    high: float | None
    draws: int


def ceilings(cursor: Cursor, metric: str) -> dict[str, Ceiling]:
    """The ceiling of each method that has vectors: the better of its probes."""
    found = rows(
        cursor,
        Ceiling,
        """SELECT method, probe, metric, value, low, high, folds, products FROM ceilings WHERE metric = ?
           QUALIFY row_number() OVER (PARTITION BY method ORDER BY value DESC, probe DESC) = 1 ORDER BY method""",
        [metric],
    )
    return {c.method: c for c in found}


def curve_metrics(cursor: Cursor) -> list[str]:
    """The metrics that there are learning curves of, accuracy first."""
    return column(
        cursor, "SELECT metric FROM (SELECT DISTINCT metric FROM learning_curves) ORDER BY metric <> 'accuracy', metric"
    )


def learning_curves(cursor: Cursor, metric: str) -> list[CurvePoint]:
    """The learning curve of every method, by method and number of labels."""
    return rows(
        cursor,
        CurvePoint,
        """SELECT method, labels, value, low, high, draws FROM learning_curves WHERE metric = ?
           ORDER BY method, labels""",
        [metric],
    )
