"""How many groups there are, estimated without the categories; and the scores of groups by category name."""

from dataclasses import dataclass

from store.questions.ask import Cursor, rows

DECLARED = "communities"
"""The criterion that the study relies on, declared before the run; the others are for comparison."""


@dataclass(frozen=True)
class Estimate:
    """A number of groups with its 95 % range over resamples; see the table `k_estimates`."""

    method: str
    criterion: str
    k: int
    low: int | None
    high: int | None
    categories: int | None


@dataclass(frozen=True)
class CurvePoint:
    """A criterion's value at a number of groups; see the table `k_curves`."""

    method: str
    criterion: str
    k: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class NamedScore:
    """How well the groups by category name agree with the categories; see the table `named_scores`."""

    method: str
    metric: str
    value: float
    low: float | None
    high: float | None
    products: int


def k_estimates(cursor: Cursor) -> list[Estimate]:
    """Every estimate, by method; the declared criterion first."""
    return rows(
        cursor,
        Estimate,
        """SELECT method, criterion, k, low, high, categories FROM k_estimates
           ORDER BY method, criterion <> ?, criterion""",
        [DECLARED],
    )


def k_curves(cursor: Cursor, method: str) -> list[CurvePoint]:
    """The criteria of one method, by criterion and number of groups."""
    return rows(
        cursor,
        CurvePoint,
        """SELECT method, criterion, k, value, low, high FROM k_curves
           WHERE method = ? AND value IS NOT NULL ORDER BY criterion <> ?, criterion, k""",
        (method, DECLARED),
    )


def named_scores(cursor: Cursor) -> list[NamedScore]:
    """The scores of the named groups, by method; empty where `study.named_groups` was not asked for."""
    return rows(
        cursor,
        NamedScore,
        """SELECT method, metric, value, low, high, products FROM named_scores
           ORDER BY method, coalesce(list_position(['ari', 'ami', 'accuracy', 'macro_f1'], metric), 5), metric""",
    )
