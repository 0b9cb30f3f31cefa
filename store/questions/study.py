"""The study's verdicts and scores: can the products be grouped, by which method, and with what certainty."""

from dataclasses import dataclass

from store.questions.ask import Cursor, column, rows


@dataclass(frozen=True)
class Verdict:
    """One verdict: of a scope's declared method ('text', 'image', 'text+image'), or of one method ('method:<name>')."""

    scope: str
    method: str | None
    verdict: str
    reason: str | None
    grouping: str | None
    metric: str | None
    value: float | None
    low: float | None
    high: float | None
    feasible_from: float | None
    infeasible_below: float | None


@dataclass(frozen=True)
class Ranked:
    """A method on the leaderboard: what ran, and its score in one grouping, None where it was not scored."""

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
    grouping: str | None
    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    products: int | None


@dataclass(frozen=True)
class Score:
    """One score of one grouping; see the table `scores`."""

    method: str
    grouping: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    products: int | None


@dataclass(frozen=True)
class Change:
    """A method's score here and in another snapshot; either is None where the method was not scored."""

    method: str
    value: float | None
    before: float | None


GROUPINGS = ["manifold", "estimated_k", "embedding"]
"""The groupings in the order they are listed in, the usual declared one first; see the column `grouping`."""
SCOPES = ["text+image", "text", "image"]
"""The scopes of the verdicts, the widest first."""
# every method beside its row of `chosen`
BOARD = """SELECT m.method, m.modality, m.model, m.source, m.licence, m.sha256, m.dimensions, m.parameters, m.status,
                  m.detail, m.products AS embedded, s.grouping, s.value, s.low, s.high, s.chance, s.products
           FROM models m LEFT JOIN chosen s ON s.method = m.method
           ORDER BY s.value DESC NULLS LAST, m.method"""


def verdicts(cursor: Cursor) -> list[Verdict]:
    """The verdicts on text, image and text+image first, then one per method by name; `categories` has the others."""
    return rows(
        cursor,
        Verdict,
        """SELECT scope, method, verdict, reason, grouping, metric, value, low, high, feasible_from, infeasible_below
           FROM verdicts WHERE NOT starts_with(scope, 'category:')
           ORDER BY coalesce(list_position(['text', 'image', 'text+image'], scope), 4), scope""",
    )


def leaderboard(cursor: Cursor, grouping: str, metric: str) -> list[Ranked]:
    """Every method by its score in that grouping, the best first; those without a score last, by name."""
    chosen = "SELECT * FROM scores WHERE grouping = ? AND metric = ?"
    return rows(cursor, Ranked, f"WITH chosen AS ({chosen}) {BOARD}", (grouping, metric))


def ranking(cursor: Cursor) -> list[Ranked]:
    """Every method by its declared score in the grouping it is judged by, the best first; those without last."""
    chosen = "SELECT * FROM scores SEMI JOIN judged_groupings USING (method, grouping, metric)"
    return rows(cursor, Ranked, f"WITH chosen AS ({chosen}) {BOARD}")


def models(cursor: Cursor) -> list[Ranked]:
    """Every method with its model, without scores; those that ran first, then by modality and name."""
    found = leaderboard(cursor, "", "")
    return sorted(found, key=lambda m: (m.status != "ran", m.modality or "", m.method))


def model_names(cursor: Cursor) -> dict[str, str]:
    """The model of each method that has one, so that it can be named beside the method's figures."""
    return {m.method: m.model for m in models(cursor) if m.model}


def groupings(cursor: Cursor) -> list[str]:
    """The groupings that there are groups for, in the order of `GROUPINGS`."""
    return column(
        cursor,
        f"""SELECT grouping FROM (SELECT DISTINCT grouping FROM clusters)
            ORDER BY coalesce(list_position({GROUPINGS}, grouping), 9), grouping""",
    )


def judged(cursor: Cursor) -> dict[str, str]:
    """The grouping that each method is judged by: a joint graph by its manifold, whatever grouping is declared."""
    return dict(cursor.execute("SELECT method, grouping FROM judged_groupings ORDER BY method").fetchall())


def declared(cursor: Cursor) -> tuple[str, str]:
    """The grouping that most methods are judged by, and the metric that the verdicts rest on, as declared."""
    found = cursor.execute(
        f"""SELECT grouping, metric FROM judged_groupings
            GROUP BY grouping, metric ORDER BY count(*) DESC, list_position({GROUPINGS}, grouping) LIMIT 1"""
    ).fetchall()
    if found:
        grouping, metric = found[0]
        return grouping, metric
    return next(iter(groupings(cursor)), GROUPINGS[0]), "ari"


def rests_on(cursor: Cursor) -> dict[str, str]:
    """The methods that the verdicts rest on and their groupings, that of the widest scope first."""
    return dict(
        cursor.execute(
            f"""SELECT method, grouping FROM verdicts
                WHERE list_contains({SCOPES}, scope) AND method IS NOT NULL AND grouping IS NOT NULL
                ORDER BY list_position({SCOPES}, scope)"""
        ).fetchall()
    )


def stable_from(cursor: Cursor) -> float | None:
    """The stability (0 to 1) from which the study calls a group stable, as declared; None without a verdict."""
    found = column(cursor, "SELECT any_value(stable_from) FROM verdicts")
    return None if found[0] is None else float(found[0])


def metrics(cursor: Cursor) -> list[str]:
    """The metrics that were computed, the usual ones first."""
    order = "['ari', 'ami', 'nmi', 'v_measure', 'homogeneity', 'completeness', 'matched_accuracy', 'silhouette']"
    return column(
        cursor,
        f"SELECT metric FROM (SELECT DISTINCT metric FROM scores) "
        f"ORDER BY coalesce(list_position({order}, metric), 99), metric",
    )


def scores(cursor: Cursor) -> list[Score]:
    """Every score of every method, grouping and metric."""
    return rows(
        cursor,
        Score,
        """SELECT method, grouping, metric, value, low, high, chance, products
           FROM scores ORDER BY method, grouping, metric""",
    )


def changes(cursor: Cursor, before: Cursor) -> list[Change]:
    """Each method's declared score now and in an earlier snapshot, where the two differ."""
    now = {s.method: s.value for s in ranking(cursor)}
    then = {s.method: s.value for s in ranking(before)}
    both = [Change(method, now.get(method), then.get(method)) for method in sorted(now.keys() | then.keys())]
    return [change for change in both if change.value != change.before]
