"""Wording that a shop or seller repeats from product to product: found by its repetition, dropped for word methods.

"Buy ... online, free shipping, 30 day replacement guarantee" stands in the texts of one seller and not in those of
another; word counts then part the catalogue by seller. Such runs of words are found as shingles (Broder 1997): a run
that stands word for word in many products says nothing of any of them. Sentence encoders get the text as written.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

Shingle = tuple[str, ...]
LENGTH = 4
"""Words of a run: three repeat by chance in short texts, five miss templates with a name in the middle. Compared on the
built-in sample and on a catalogue of plain descriptions (where nothing repeats, and nothing is dropped)."""
SHARE = 0.03
"""A run in at least this share of the products is a template; likewise."""
LEAST = 5
"""And in at least so many products, so that a small catalogue's few copies are not taken for one."""
SAMPLE = 20_000
"""Products that are looked at for templates: what stands in 3 % of all stands in their sample too."""


def find(texts: Iterable[Sequence[str]]) -> frozenset[Shingle]:
    """The runs of words that stand in at least 3 % (and five) of these texts, each given as its words."""
    counts: Counter[Shingle] = Counter()
    n = 0
    for words in texts:
        n += 1
        counts.update(set(shingles(words)))
    enough = max(LEAST, SHARE * n)
    return frozenset(shingle for shingle, count in counts.items() if count >= enough)


def strip(words: Sequence[str], templates: frozenset[Shingle]) -> list[str]:
    """The words less every run that is a template; all of them if nothing else would be left."""
    drop = [False] * len(words)
    for at, shingle in enumerate(shingles(words)):
        if shingle in templates:
            drop[at : at + LENGTH] = [True] * LENGTH
    left = [word for word, dropped in zip(words, drop, strict=True) if not dropped]
    return left or list(words)


def shingles(words: Sequence[str]) -> list[Shingle]:
    """Every run of `LENGTH` words, in order; none of a shorter text."""
    return [tuple(words[at : at + LENGTH]) for at in range(len(words) - LENGTH + 1)]
