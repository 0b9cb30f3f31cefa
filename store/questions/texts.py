"""What the texts of a catalogue are: how long, of which words, and by which words their categories differ.

Words are counted over at most `MOST_TEXTS` texts: at 100,000 texts all of them would take the page's first visitor some
3 CPU seconds, and a figure of a word in 20,000 texts is sure to one point. The terms of categories are counted over as
many texts of each, so that a rare category is judged by its own texts and not by the few that a sample of all has.
"""

from dataclasses import dataclass

from store.questions.ask import Cursor, column, rows
from store.questions.catalogue import Count

MOST_TEXTS = 20_000
FEW_TEXTS = 20
"""Texts of a category below which its terms say little: one product's words are in at least 5 % of so few."""
LEAST_TEXTS = 50
"""Texts of each category that are counted whatever their number is, where it has so many."""
BINS = 24
"""Intervals of a histogram of lengths; the last one holds what is longer than 99 % of the texts as written."""
WORDS = {
    "raw": r"regexp_extract_all(lower(raw), '[\p{L}\p{M}]{2,}')",
    "clean": "list_filter(string_split(clean, ' '), lambda word: word <> '')",
}
"""The words of a text, as written (runs of two letters or more, in lower case) and cleaned."""


@dataclass(frozen=True)
class Lengths:
    """How many products have a text, how many of these keep no word, and the median words of those texts."""

    products: int
    texts: int
    emptied: int
    raw_median: float | None
    clean_median: float | None
    raw_words: int
    clean_words: int


@dataclass(frozen=True)
class Bin:
    """How many texts have `low` words or more, and fewer than the next bin: as written and cleaned."""

    low: int
    raw: int
    clean: int


@dataclass(frozen=True)
class Vocabulary:
    """How many different words `counted` texts have, how many are in one text only, and the most frequent ones.

    The count of a word is the number of texts with it.
    """

    counted: int
    words: int
    once: int
    frequent: list[Count]


@dataclass(frozen=True)
class CategoryTexts:
    """The texts of a category: products, those without a word, median words, and the terms that distinguish it.

    The terms are counted in `counted` of them.
    """

    category: str
    products: int
    without: int
    raw_median: float | None
    clean_median: float | None
    counted: int
    terms: list[str]


def languages(cursor: Cursor) -> list[str]:
    """The languages by which the texts were cleaned, as ISO 639-1 codes, the most frequent first."""
    return column(cursor, "SELECT language FROM texts GROUP BY language ORDER BY count(*) DESC, language")


def lengths(cursor: Cursor) -> Lengths:
    """The lengths of all texts, in figures."""
    return rows(
        cursor,
        Lengths,
        """SELECT (SELECT count(*) FROM products) AS products, count(*) AS texts,
                  count(*) FILTER (clean_words = 0) AS emptied,
                  median(raw_words) AS raw_median, median(clean_words) AS clean_median,
                  coalesce(sum(raw_words), 0)::BIGINT AS raw_words,
                  coalesce(sum(clean_words), 0)::BIGINT AS clean_words FROM texts""",
    )[0]


def histogram(cursor: Cursor) -> list[Bin]:
    """The texts by their number of words, in at most `BINS` + 1 intervals of equal width from 0 on."""
    return rows(
        cursor,
        Bin,
        """WITH width AS (SELECT greatest(1, ceil(quantile_cont(raw_words, 0.99) / ?))::INTEGER AS width FROM texts),
                bins AS (SELECT unnest(range(? + 1)) AS bin),
                found AS (SELECT least(raw_words // width, ?) AS raw, least(clean_words // width, ?) AS clean
                          FROM texts, width)
           SELECT (bin * width)::INTEGER AS low, count(*) FILTER (raw = bin) AS raw,
                  count(*) FILTER (clean = bin) AS clean
           FROM bins, width, found GROUP BY bin, width ORDER BY bin""",
        [BINS, BINS, BINS, BINS],
    )


def vocabulary(cursor: Cursor, stage: str, most: int = 20) -> Vocabulary:
    """The words of the texts as written (`stage` 'raw') or 'clean', with the `most` frequent ones.

    Of more than `MOST_TEXTS` texts a fixed random part is counted.
    """
    every = every_nth(cursor)
    counted, different, once, frequent = cursor.execute(
        f"""WITH texts AS (FROM texts WHERE hash(product_id) % ? = 0),
                 found AS (SELECT unnest(list_distinct({WORDS[stage]})) AS word FROM texts),
                 counts AS (SELECT word, count(*) AS n FROM found GROUP BY word)
            SELECT (SELECT count(*) FROM texts), count(*), count(*) FILTER (n = 1),
                   list({{'name': word, 'count': n}} ORDER BY n DESC, word)[:?] FROM counts""",
        [every, most],
    ).fetchall()[0]
    return Vocabulary(counted, different, once, [Count(**one) for one in frequent or []])


def by_category(cursor: Cursor, most: int = 8) -> list[CategoryTexts]:
    """Each category's texts, by name, with the `most` distinctive terms of the cleaned ones.

    The weight of a term is f ln(f / m), where f is the fraction of the category's products with it and m the mean of f
    over the categories: the class-based TF-IDF by which groups are described (`cluster_terms`), without its names. Of a
    category with more than its part of `MOST_TEXTS` (`LEAST_TEXTS` at least) a fixed random part is counted.
    """
    return rows(
        cursor,
        CategoryTexts,
        f"""WITH sizes AS (
              SELECT category, count(*) AS products, count(*) FILTER (coalesce(clean_words, 0) = 0) AS without,
                     median(raw_words) AS raw_median, median(clean_words) AS clean_median
              FROM products LEFT JOIN texts USING (product_id) WHERE category IS NOT NULL GROUP BY category),
            nth AS (SELECT category, ceil(products / greatest(?, ? // count(*) OVER ()))::BIGINT AS nth FROM sizes),
            part AS (SELECT category, clean FROM texts JOIN products USING (product_id) JOIN nth USING (category)
                     WHERE hash(product_id) % nth = 0),
            counted AS (SELECT category, count(*) AS counted FROM part GROUP BY category),
            words AS (SELECT category, unnest(list_distinct({WORDS["clean"]})) AS term FROM part),
            fractions AS (SELECT category, term, count(*) / any_value(counted) AS f
                          FROM words JOIN counted USING (category) GROUP BY category, term),
            means AS (SELECT term, sum(f) / (SELECT count(*) FROM counted) AS mean FROM fractions GROUP BY term),
            distinctive AS (SELECT category, list(term ORDER BY f * ln(f / mean) DESC, term)[:?] AS terms
                        FROM fractions JOIN means USING (term) WHERE f > mean GROUP BY category)
            SELECT category, products, without, raw_median, clean_median, coalesce(counted, 0) AS counted,
                   coalesce(terms, []) AS terms
            FROM sizes LEFT JOIN counted USING (category) LEFT JOIN distinctive USING (category) ORDER BY category""",
        [LEAST_TEXTS, MOST_TEXTS, most],
    )


def every_nth(cursor: Cursor) -> int:
    """1 where all texts are counted; n where a random one of n is, so that at most some `MOST_TEXTS` are."""
    found = column(cursor, "SELECT count(*) FROM texts")[0]
    return max(1, -(-int(found) // MOST_TEXTS))
