"""The study's answer: can the products be grouped, by which method, and how sure is that."""

from dataclasses import dataclass

from store.questions.ask import Cursor, column, rows


@dataclass(frozen=True)
class Verdict:
    """One verdict: of a scope's declared method ('text', 'image', 'text+image'), or of one method ('method:<name>')."""

    scope: str
    method: str | None
    verdict: str
    reason: str | None
    algorithm: str | None
    space: str | None
    metric: str | None
    value: float | None
    low: float | None
    high: float | None
    feasible_from: float | None
    infeasible_below: float | None


@dataclass(frozen=True)
class Standing:
    """A method on the leaderboard: what ran, and its score, None where it was not scored."""

    method: str
    modality: str | None
    model: str | None
    source: str | None
    licence: str | None
    sha256: str | None
    dimensions: int | None
    parameters: str | None
    status: str
    detail: str | None
    embedded: int | None
    value: float | None
    low: float | None
    high: float | None
    seed_min: float | None
    seed_max: float | None
    seeds: int | None
    products: int | None


@dataclass(frozen=True, order=True)
class Grouping:
    """One way the products were grouped: the algorithm, and the space it ran in."""

    algorithm: str
    space: str


@dataclass(frozen=True)
class Score:
    """One score of one grouping; see the table `scores`."""

    method: str
    algorithm: str
    space: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    seed_min: float | None
    seed_max: float | None
    seeds: int | None
    products: int | None


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
    confused_share: float | None


@dataclass(frozen=True)
class Change:
    """A method's score here and in another snapshot; either is None where the method was not scored."""

    method: str
    value: float | None
    before: float | None


def verdicts(cursor: Cursor) -> list[Verdict]:
    """Every verdict: text, image, text+image first, then one per method by name."""
    return rows(
        cursor,
        Verdict,
        """SELECT scope, method, verdict, reason, algorithm, space, metric, value, low, high,
                  feasible_from, infeasible_below
           FROM verdicts
           ORDER BY coalesce(list_position(['text', 'image', 'text+image'], scope), 4), scope""",
    )


def leaderboard(cursor: Cursor, algorithm: str, space: str, metric: str) -> list[Standing]:
    """Every method by its score in that grouping, the best first; those without a score last, by name."""
    return rows(
        cursor,
        Standing,
        """SELECT m.method, m.modality, m.model, m.source, m.licence, m.sha256, m.dimensions, m.parameters, m.status,
                  m.detail, m.products AS embedded, s.value, s.low, s.high, s.seed_min, s.seed_max, s.seeds, s.products
           FROM models m
           LEFT JOIN scores s ON s.method = m.method AND s.algorithm = ? AND s.space = ? AND s.metric = ?
           ORDER BY s.value DESC NULLS LAST, m.method""",
        (algorithm, space, metric),
    )


def models(cursor: Cursor) -> list[Standing]:
    """Every method with its model, without scores; those that ran first, then by modality and name."""
    found = leaderboard(cursor, "", "", "")
    return sorted(found, key=lambda m: (m.status != "ran", m.modality or "", m.method))


def model_names(cursor: Cursor) -> dict[str, str]:
    """The model of each method that has one, so that it can be named beside the method's figures."""
    return {m.method: m.model for m in models(cursor) if m.model}


def groupings(cursor: Cursor) -> list[Grouping]:
    """The algorithm and space pairs that there are groups for: manifold first, then full, then map."""
    return rows(
        cursor,
        Grouping,
        """SELECT DISTINCT algorithm, space FROM clusters
           ORDER BY algorithm, coalesce(list_position(['manifold', 'full', 'map'], space), 4), space""",
    )


def declared(cursor: Cursor) -> tuple[Grouping, str]:
    """The grouping and the metric that the verdicts rest on, as the configuration declared them."""
    found = cursor.execute(
        "SELECT algorithm, space, metric FROM verdicts WHERE algorithm IS NOT NULL AND space IS NOT NULL LIMIT 1"
    ).fetchall()
    if found:
        algorithm, space, metric = found[0]
        return Grouping(algorithm, space), metric or "ari"
    have = groupings(cursor)
    return (have[0] if have else Grouping("kmeans", "manifold")), "ari"


def metrics(cursor: Cursor) -> list[str]:
    """The metrics that were computed, the usual ones first."""
    order = "['ari', 'ami', 'nmi', 'v_measure', 'homogeneity', 'completeness', 'accuracy', 'silhouette']"
    return column(
        cursor,
        f"SELECT metric FROM (SELECT DISTINCT metric FROM scores) "
        f"ORDER BY coalesce(list_position({order}, metric), 99), metric",
    )


def scores(cursor: Cursor) -> list[Score]:
    """Every score of every method, algorithm, space and metric."""
    return rows(
        cursor,
        Score,
        """SELECT method, algorithm, space, metric, value, low, high, seed_min, seed_max, seeds, products
           FROM scores ORDER BY method, algorithm, space, metric""",
    )


def category_scores(cursor: Cursor, algorithm: str, space: str) -> list[CategoryScore]:
    """Per method and category, how well that grouping finds the category."""
    return rows(
        cursor,
        CategoryScore,
        """SELECT method, category, precision, recall, f1, products, confused_with, confused_share
           FROM category_scores WHERE algorithm = ? AND space = ? ORDER BY method, category""",
        (algorithm, space),
    )


def changes(cursor: Cursor, before: Cursor) -> list[Change]:
    """Each method's declared score now and in an earlier snapshot, where the two differ."""
    grouping, metric = declared(cursor)
    where = (grouping.algorithm, grouping.space, metric)
    now = {s.method: s.value for s in leaderboard(cursor, *where)}
    then = {s.method: s.value for s in leaderboard(before, *where)}
    both = [Change(method, now.get(method), then.get(method)) for method in sorted(now.keys() | then.keys())]
    return [change for change in both if change.value != change.before]
