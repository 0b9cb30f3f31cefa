"""Which pairs of texts are proposed as near-duplicates: those that have most words in common, and no others."""

import random
from collections import Counter

from ingestion.duplicates import minhash


def dice(one: list[str], other: list[str]) -> float:
    """The fraction of words that two texts have in common."""
    return 2 * (Counter(one) & Counter(other)).total() / (len(one) + len(other))


def test_pairs_of_mostly_equal_words_are_proposed_and_no_others() -> None:
    rng = random.Random(3)
    vocabulary = [f"word{k}" for k in range(300)]
    texts = []
    for _ in range(300):
        words = rng.choices(vocabulary, k=24)
        texts += [words, [*words[:4], *rng.choices(vocabulary, k=rng.choice((1, 2, 3, 14))), *words[7:]]]
    every = {(i, j): dice(texts[i], texts[j]) for j in range(len(texts)) for i in range(j)}
    found = set(minhash.proposed(texts, 2 / 3))
    assert all(every[pair] >= 2 / 3 - 1e-6 for pair in found)
    wanted = {pair for pair, value in every.items() if value >= 0.8}
    assert len(wanted) > 200
    assert len(found & wanted) >= 0.98 * len(wanted)


def test_words_that_repeat_count_as_often_as_both_texts_have_them() -> None:
    texts = [["red", "mug"] + ["new"] * 8, ["red", "mug", "new"]]
    assert minhash.proposed(texts, 0.4) == [(0, 1)]
    assert minhash.proposed(texts, 0.5) == []
    assert dice(*texts) == 6 / 13
