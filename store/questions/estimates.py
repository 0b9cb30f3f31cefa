"""How many groups there are, estimated without the categories, and what that scores; scores by category name."""

from dataclasses import dataclass

from store.questions.ask import Cursor, rows


@dataclass(frozen=True)
class Estimate:
    """A number of groups with its range over resamples; see the table `k_estimates`."""

    method: str
    k: int
    low: int | None
    high: int | None
    categories: int | None


@dataclass(frozen=True)
class NamedScore:
    """How well the groups by category name agree with the categories; see the table `named_scores`."""

    method: str
    metric: str
    value: float
    low: float | None
    high: float | None
    products: int


@dataclass(frozen=True)
class EstimatedScore:
    """The score of a method's groups where their number was estimated too, and how many groups there are."""

    method: str
    value: float
    groups: int


def k_estimates(cursor: Cursor) -> list[Estimate]:
    """Every estimate, by method."""
    return rows(cursor, Estimate, "SELECT method, k, low, high, categories FROM k_estimates ORDER BY method")


def named_scores(cursor: Cursor) -> list[NamedScore]:
    """The scores of the named groups, by method; empty where `study.named_groups` was not asked for."""
    return rows(
        cursor,
        NamedScore,
        """SELECT method, metric, value, low, high, products FROM named_scores
           ORDER BY method, coalesce(list_position(['ari', 'ami', 'accuracy', 'macro_f1'], metric), 5), metric""",
    )


def estimated_scores(cursor: Cursor, metric: str) -> dict[str, EstimatedScore]:
    """The score of each method's grouping `estimated_k`, by the method's name."""
    found = rows(
        cursor,
        EstimatedScore,
        """SELECT method, value, groups FROM scores
           JOIN (SELECT method, count(DISTINCT cluster) AS groups FROM clusters
                 WHERE grouping = 'estimated_k' GROUP BY method) USING (method)
           WHERE grouping = 'estimated_k' AND metric = ? AND value IS NOT NULL ORDER BY method""",
        [metric],
    )
    return {s.method: s for s in found}
