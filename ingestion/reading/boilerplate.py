"""Boilerplate: wording that a shop repeats from product to product. Found by frequency, dropped for word methods.

"Buy ... online, free shipping, 30 day replacement guarantee" is in all texts of one seller and in none of another, so
that word counts would group the catalogue by seller. Such runs of words are found as shingles (Broder 1997): a run that
many products have word for word describes none of them. Sentence encoders get the text as written.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

Shingle = tuple[str, ...]
SHINGLE_WORDS = 4
"""Words of a run: three repeat by chance in short texts, five miss templates with a name in the middle. Compared on the
built-in sample and on a catalogue of plain descriptions, where nothing repeats or is dropped (not repeatable)."""
MIN_FRACTION = 0.03
"""A run in at least this fraction of the products is a template; from the same comparison."""
MIN_PRODUCTS = 5
"""And in at least so many products, so that a few duplicates in a small catalogue are not taken for a template."""
SAMPLE_SIZE = 20_000
"""Products that are searched for templates: a run in 3 % of all products is in their sample too."""


def find(texts: Iterable[Sequence[str]]) -> frozenset[Shingle]:
    """The runs of `SHINGLE_WORDS` words that are in at least `MIN_FRACTION`, and `MIN_PRODUCTS`, of these texts.

    `texts` are lists of words; a run counts once per text.
    """
    counts: Counter[Shingle] = Counter()
    n = 0
    for words in texts:
        n += 1
        counts.update(set(shingles(words)))
    enough = max(MIN_PRODUCTS, MIN_FRACTION * n)
    return frozenset(shingle for shingle, count in counts.items() if count >= enough)


def strip(words: Sequence[str], templates: frozenset[Shingle]) -> list[str]:
    """The words without the runs in `templates`; all words if none would be left."""
    drop = [False] * len(words)
    for at, shingle in enumerate(shingles(words)):
        if shingle in templates:
            drop[at : at + SHINGLE_WORDS] = [True] * SHINGLE_WORDS
    left = [word for word, dropped in zip(words, drop, strict=True) if not dropped]
    return left or list(words)


def shingles(words: Sequence[str]) -> list[Shingle]:
    """Every run of `SHINGLE_WORDS` words, in order; none for a shorter text."""
    return [tuple(words[at : at + SHINGLE_WORDS]) for at in range(len(words) - SHINGLE_WORDS + 1)]
