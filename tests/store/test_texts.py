"""What the page on texts says is what a count in Python gives."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from statistics import median

import pytest
from duckdb import DuckDBPyConnection as Cursor

from store.questions import texts
from store.reader import Reader
from store.root import Root


@pytest.fixture(scope="module")
def cursor(large_store: Root) -> Iterator[Cursor]:
    with Reader(large_store).cursor() as cursor:
        yield cursor


def stored(cursor: Cursor) -> list[tuple[str, str, str]]:
    """Category, raw and clean text of each product that has all three."""
    sql = "SELECT category, raw, clean FROM texts JOIN products USING (product_id) WHERE category IS NOT NULL"
    return cursor.execute(sql).fetchall()


def test_lengths_are_those_of_all_texts(cursor: Cursor) -> None:
    raw, clean = zip(*cursor.execute("SELECT raw_words, clean_words FROM texts").fetchall(), strict=True)
    found = texts.lengths(cursor)
    assert (found.texts, found.raw_words, found.clean_words) == (len(raw), sum(raw), sum(clean))
    assert (found.raw_median, found.clean_median) == (median(raw), median(clean))
    assert found.emptied == sum(words == 0 for words in clean)


def test_every_text_is_in_one_bin_of_its_length(cursor: Cursor) -> None:
    bins = texts.histogram(cursor)
    raw = [words for (words,) in cursor.execute("SELECT raw_words FROM texts").fetchall()]
    ends = [b.low for b in bins[1:]] + [math.inf]
    assert [b.raw for b in bins] == [
        sum(b.low <= words < end for words in raw) for b, end in zip(bins, ends, strict=True)
    ]
    assert sum(b.clean for b in bins) == len(raw)


@pytest.mark.parametrize("stage", ["raw", "clean"])
def test_a_word_counts_once_in_each_text_that_has_it(cursor: Cursor, stage: str) -> None:
    every = [one for (one,) in cursor.execute(f"SELECT {stage} FROM texts").fetchall()]
    split = {"raw": lambda text: re.findall(r"[^\W\d_]{2,}", text.lower()), "clean": str.split}[stage]
    counts = Counter(word for text in every for word in set(split(text)))
    found = texts.vocabulary(cursor, stage, most=5)
    assert (found.counted, found.words) == (len(every), len(counts))
    assert found.once == sum(n == 1 for n in counts.values())
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
    assert [(word.name, word.count) for word in found.frequent] == expected


def test_distinctive_terms_are_those_by_class_based_tf_idf(cursor: Cursor) -> None:
    sizes = Counter(category for category, _, _ in stored(cursor))
    counts = Counter((category, word) for category, _, clean in stored(cursor) for word in set(clean.split()))
    mean = Counter[str]()
    for (category, word), n in counts.items():
        mean[word] += n / sizes[category] / len(sizes)  # type: ignore[assignment]

    def weight(category: str, word: str) -> float:
        fraction = counts[category, word] / sizes[category]
        return fraction * math.log(fraction / mean[word])

    for found in texts.by_category(cursor, most=3):
        words = [word for category, word in counts if category == found.category]
        best = sorted((round(weight(found.category, word), 9) for word in words), reverse=True)[:3]
        assert [round(weight(found.category, term), 9) for term in found.terms] == best


def test_of_many_texts_a_random_part_is_counted(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    every = texts.lengths(cursor).texts
    monkeypatch.setattr(texts, "MOST_TEXTS", every // 3)
    found = texts.vocabulary(cursor, "clean")
    assert every // 10 < found.counted < every
    assert found == texts.vocabulary(cursor, "clean"), "the same part each time"


def test_a_rare_category_is_judged_by_all_its_texts(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = Counter(category for category, _, _ in stored(cursor))
    rarest, most = min(sizes, key=lambda c: sizes[c]), max(sizes, key=lambda c: sizes[c])
    monkeypatch.setattr(texts, "MOST_TEXTS", 7)
    monkeypatch.setattr(texts, "LEAST_TEXTS", sizes[rarest])
    counted = {found.category: found.counted for found in texts.by_category(cursor)}
    assert counted[rarest] == sizes[rarest]
    assert 0 < counted[most] < sizes[most]
