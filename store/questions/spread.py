"""How far the answer moves while the vectors stay: over t-SNE's perplexity and seed."""

from dataclasses import dataclass

from store.questions.ask import Cursor, rows


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
