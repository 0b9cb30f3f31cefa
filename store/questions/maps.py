"""The 2-D maps: which there are, and how the scores of groupings on them vary."""

from dataclasses import dataclass

from store.questions.ask import Cursor, rows


@dataclass(frozen=True)
class Map:
    """One map and how faithful it is (trustworthiness, 0 to 1; None if it was not measured)."""

    method: str
    reducer: str
    trustworthiness: float | None


@dataclass(frozen=True)
class MapScore:
    """The score of k-means on one t-SNE map; see the table `map_scores`."""

    method: str
    perplexity: float
    seed: int
    value: float


@dataclass(frozen=True)
class MapRange:
    """The lowest and the highest score over all t-SNE maps of the same vectors."""

    method: str
    low: float
    high: float
    maps: int


def maps(cursor: Cursor) -> list[Map]:
    """Every method and reducer that was drawn."""
    return rows(
        cursor,
        Map,
        """SELECT p.method, p.reducer, any_value(s.value) AS trustworthiness
           FROM (SELECT DISTINCT method, reducer FROM projections) p
           LEFT JOIN projection_scores s
             ON s.method = p.method AND s.reducer = p.reducer AND s.metric = 'trustworthiness'
           GROUP BY p.method, p.reducer
           ORDER BY p.method, coalesce(list_position(['tsne', 'umap', 'pca'], p.reducer), 4), p.reducer""",
    )


def map_scores(cursor: Cursor, metric: str) -> list[MapScore]:
    """The score of every map that was tried, by method, perplexity and seed."""
    return rows(
        cursor,
        MapScore,
        """SELECT method, perplexity, seed, value FROM map_scores WHERE metric = ? AND value IS NOT NULL
           ORDER BY method, perplexity, seed""",
        [metric],
    )


def map_ranges(cursor: Cursor, metric: str) -> list[MapRange]:
    """Per method the range over its maps, the widest first."""
    return rows(
        cursor,
        MapRange,
        """SELECT method, min(value) AS low, max(value) AS high, count(*) AS maps FROM map_scores
           WHERE metric = ? AND value IS NOT NULL GROUP BY method ORDER BY high - low DESC, method""",
        [metric],
    )
