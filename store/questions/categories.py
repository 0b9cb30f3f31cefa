"""How well each category is found, and what is to be done about it."""

from dataclasses import dataclass

from store.questions.ask import Cursor, rows

SCOPE = "category:"


@dataclass(frozen=True)
class CategoryScore:
    """How well one category is found by one grouping; see the table `category_scores`."""

    method: str
    category: str
    precision: float | None
    recall: float | None
    f1: float | None
    products: int
    confused_with: str | None
    confused_fraction: float | None
    neighbour_purity: float | None
    silhouette: float | None
    stability: float | None
    precision_error: float | None
    recall_error: float | None


@dataclass(frozen=True)
class CategoryVerdict:
    """What is to be done with a category: automate, label, merge or split; and why."""

    category: str
    verdict: str
    reason: str | None
    method: str | None
    metric: str | None
    value: float | None
    low: float | None
    high: float | None


FIGURES = """method, category, "precision", recall, f1, products, confused_with, confused_fraction, neighbour_purity,
             silhouette, stability, precision_error, recall_error"""


def category_scores(cursor: Cursor, grouping: str) -> list[CategoryScore]:
    """Per method and category, how well that grouping finds the category."""
    return rows(
        cursor,
        CategoryScore,
        f"SELECT {FIGURES} FROM category_scores WHERE grouping = ? ORDER BY method, category",
        [grouping],
    )


def judged_scores(cursor: Cursor) -> list[CategoryScore]:
    """Per method and category, how well the grouping that the method is judged by finds the category."""
    return rows(
        cursor,
        CategoryScore,
        f"""SELECT {FIGURES} FROM category_scores SEMI JOIN judged_groupings USING (method, grouping)
            ORDER BY method, category""",
    )


def category_verdicts(cursor: Cursor) -> list[CategoryVerdict]:
    """The verdict on each category, by name."""
    return rows(
        cursor,
        CategoryVerdict,
        """SELECT substr(scope, length($scope) + 1) AS category, verdict, reason, method, metric, value, low, high
           FROM verdicts WHERE starts_with(scope, $scope) ORDER BY category""",
        {"scope": SCOPE},  # type: ignore[arg-type]
    )
