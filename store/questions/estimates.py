"""How many groups there are, estimated without the categories; and the scores of groups by category name."""

from dataclasses import dataclass

from store.questions.ask import Cursor, rows


@dataclass(frozen=True)
class Estimate:
    """A number of groups with its 95 % range over resamples; see the table `k_estimates`."""

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
