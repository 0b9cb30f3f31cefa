"""Near-duplicates by text: the same listing, slightly altered.

What the alteration changes decides whether it is slight. A second listing of a product has typos, words in another
order, another price, an inserted line or a passage less. A listing of another product of the same make is just as
similar, word for word, but swaps or adds a word that distinguishes the two: the model, the colour, the size. So two
things are asked of a pair: most words must be shared, and no other word may distinguish the products (`similarity`).

A third is asked because a shop's boilerplate may be most of a text, and there another name is one passage of many: the
names must be equal but for typos, order, price or a whole sentence (`is_one_name`). A longer name, with the colour or
the maker added, counts as another product. Without a name the first sentence is taken. One limit remains: texts without
names that begin with equal words and differ further on by four words or more are near-duplicates.

Candidate pairs are found by `minhash`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import OSA

from ingestion.duplicates import minhash
from ingestion.duplicates.minhash import FILLERS

MIN_DICE = 2 / 3
"""Near-duplicates share at least two words in three (Dice): a description of three or four sentences may lose one."""
PASSAGE_WORDS = 4
"""A run of at least so many words is an inserted passage; a shorter one qualifies the words around it."""
PHRASE_WORDS = 20
"""A text of fewer words is one phrase, such as a title: in it only a whole sentence can be an inserted passage."""
TYPO_LETTERS = 5
"""Letters that a word with a typo has at least. Most shorter words are one letter from another word: red and rod."""
CACHED_TEXTS = 4_096
"""Texts, and names, that are kept as words while pairs are compared."""
_PRICE = re.compile(r"(?:\b(?:rs|inr|usd|eur|gbp)\b\.?|[$€£₹])\s*\d[\d,.]*(?:/-)?|\d[\d,.]*\s*[$€£₹]", re.IGNORECASE)
_TOKEN = re.compile(r"(?P<stop>[.!?](?=\s|$)|[;•\n])|(?P<word>\d+(?=[^\W\d_]+(?!\w))|[^\W_]+)")


@dataclass(frozen=True)
class TokenisedText:
    """A text as it is compared.

    Its words, the numbers of words after which a sentence ends (0 among them), and how many of its first words are a
    name, in which only a whole sentence can be an inserted passage.
    """

    words: tuple[str, ...]
    stops: frozenset[int]
    name: int = 0

    @classmethod
    def of(cls, text: str) -> "TokenisedText":
        """The words and figures of a text, folded: '8kg' and '8 kg' are the same two, 'E5' is one.

        Amounts of money are left out: a price belongs to an offer, not to a product.
        """
        words, stops = [], {0}
        for token in _TOKEN.finditer(_PRICE.sub(" ", text.casefold())):
            if token["word"]:
                words.append(token["word"])
            else:
                stops.add(len(words))
        return cls(tuple(words), frozenset(stops | {len(words)}))

    def is_passage(self, start: int, end: int) -> bool:
        """Whether the words from `start` to `end` are an inserted passage and do not qualify the words around them."""
        phrase = start < self.name or len(self.words) < PHRASE_WORDS
        return end - start >= PASSAGE_WORDS and (not phrase or self.are_sentences(start, end))

    def are_sentences(self, start: int, end: int) -> bool:
        """Whether these words are whole sentences."""
        return start in self.stops and end in self.stops

    def as_name(self) -> "TokenisedText":
        """The same, all of it as a name."""
        return replace(self, name=len(self.words))

    def openings(self) -> list["TokenisedText"]:
        """Its sentences, each as one that starts with a name of up to `PHRASE_WORDS` words."""
        ends = [(start, end) for start, end in pairwise(sorted(self.stops)) if end > start]
        return [
            TokenisedText(self.words[start:end], frozenset({0, end - start}), min(end - start, PHRASE_WORDS))
            for start, end in ends
        ]


def similarity(one: TokenisedText, other: TokenisedText) -> float:
    """The fraction of words in both texts (Dice, 0..1) if one can be the other slightly altered, else 0.

    It cannot be where fewer than `MIN_DICE` are shared, or where the other words distinguish two products: a word
    swapped for another that is no typo of it, or up to three inserted or omitted words that the other text has nowhere.
    """
    missing, added = _unmatched(one, other)
    differ, lengths = missing.total() + added.total(), len(one.words) + len(other.words)
    dice = 1 - differ / lengths if lengths else 1.0
    if dice < MIN_DICE or (differ and _differ_without_alignment(missing, added, one, other)):
        return 0.0
    return 0.0 if _differ(missing, added, one, other) else dice


def is_one_name(one: TokenisedText, other: TokenisedText) -> bool:
    """Whether two names can be of one product: they differ by typos, order, fillers or a whole sentence only."""
    return not _differ(*_unmatched(one, other), one, other)


def same_opening(one: TokenisedText, other: TokenisedText) -> bool:
    """Whether the first sentence of one text is, as a name, a sentence of the other: a passage may come before it.

    Both texts have words.
    """
    mine, theirs = one.openings(), other.openings()
    return any(is_one_name(mine[0], s) for s in theirs) or any(is_one_name(theirs[0], s) for s in mine)


def _unmatched(one: TokenisedText, other: TokenisedText) -> tuple[Counter[str], Counter[str]]:
    """The words of either text that the other has not, or not so often."""
    return Counter(one.words) - Counter(other.words), Counter(other.words) - Counter(one.words)


def _differ(missing: Counter[str], added: Counter[str], one: TokenisedText, other: TokenisedText) -> bool:
    """Whether, in an alignment of the texts, any edit distinguishes two products.

    Words that are typos of each other are taken out of `missing` and `added`.
    """
    for was in sorted(missing):  # a typo of a word that is elsewhere in the text is not aligned with it
        now = next((word for word in sorted(added) if is_typo(was, word)), None)
        if now is not None:
            del missing[was], added[now]
    matcher = SequenceMatcher(None, one.words, other.words, autojunk=False)
    return any(
        tag != "equal" and _edit_distinguishes(one, other, missing, added, *ends)
        for tag, *ends in matcher.get_opcodes()
    )


def _differ_without_alignment(
    missing: Counter[str], added: Counter[str], one: TokenisedText, other: TokenisedText
) -> bool:
    """Whether few words differ and one of them is distinctive, as in most variants: then no alignment is needed."""
    if missing.total() >= PASSAGE_WORDS or added.total() >= PASSAGE_WORDS:
        return False
    if any(is_typo(was, now) for was in missing for now in added):
        return False
    return bool(_distinctive(missing, missing, other) or _distinctive(added, added, one))


def _distinctive(run: Iterable[str], unmatched: Counter[str], elsewhere: TokenisedText) -> list[str]:
    """Words of a run that the other text has not, or not so often where they are figures: '2 of 4' is not '4 of 4'."""
    known = set(elsewhere.words)
    new = [word for word in run if word in unmatched and word not in FILLERS]
    return [word for word in new if word not in known or not word.isalpha()]


def _edit_distinguishes(
    one: TokenisedText,
    other: TokenisedText,
    missing: Counter[str],
    added: Counter[str],
    i: int,
    i_end: int,
    j: int,
    j_end: int,
) -> bool:
    """Whether words i to i_end of one text, in the place of j to j_end of the other, distinguish two products."""
    while i < i_end and j < j_end and is_typo(one.words[i], other.words[j]):
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and is_typo(one.words[i_end - 1], other.words[j_end - 1]):
        i_end, j_end = i_end - 1, j_end - 1
    gone, new = one.words[i:i_end], other.words[j:j_end]
    swapped = any(w in missing and w not in FILLERS for w in gone) and any(w in added and w not in FILLERS for w in new)
    if swapped:
        whole = one.are_sentences(i, i_end) and other.are_sentences(j, j_end)
        in_name = i < max(one.name, 1) or j < max(other.name, 1)  # a text starts with the name of the product
        return in_name or not (whole and min(len(gone), len(new)) >= PASSAGE_WORDS)
    return bool(
        (_distinctive(gone, missing, other) and not one.is_passage(i, i_end))
        or (_distinctive(new, added, one) and not other.is_passage(j, j_end))
    )


def is_typo(one: str, other: str) -> bool:
    """Whether two words differ by at most one letter omitted, inserted, substituted, or swapped with its neighbour.

    That is an optimal string alignment distance of at most 1. Figures and codes have no typos, for another figure is
    another product; nor have words under `TYPO_LETTERS` letters. The first letter must be equal: people rarely mistake
    it (Yannakoudakis & Fawthrop 1983), and it distinguishes peach and beach.
    """
    if max(len(one), len(other)) < TYPO_LETTERS or one[:1] != other[:1] or not (one + other).isalpha():
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


def pairs(
    texts: Sequence[str],
    names: Sequence[str | None] | None = None,
    compare: Callable[[TokenisedText, TokenisedText], float] = similarity,
) -> dict[tuple[int, int], float]:
    """The pairs (i, j), i < j, of texts that are near-duplicates, with their similarity; equal texts too.

    `names` are the products' names, as many as texts; where one of a pair has none, the first sentences are compared.
    Candidates are searched twice: by all words, and by those that few texts have, for where boilerplate is most of a
    text, its variants are nearer than its duplicates. Each text is compared at most `candidates.NEAREST` times in
    either search, by `compare`. `texts` and `names` are read one at a time, so they need not be lists. Deterministic.
    """

    @lru_cache(maxsize=CACHED_TEXTS)
    def tokenised(k: int) -> TokenisedText:
        return TokenisedText.of(texts[k])

    @lru_cache(maxsize=CACHED_TEXTS)
    def named(k: int) -> TokenisedText:
        return TokenisedText.of((names[k] if names else None) or "").as_name()

    def is_near(i: int, j: int) -> float:
        one, other = named(i), named(j)
        both_named = one.words and other.words
        if both_named and not is_one_name(one, other):  # first: most candidates have other names, and names are short
            return 0.0
        value = compare(tokenised(i), tokenised(j))
        return value if value > 0 and (both_named or same_opening(tokenised(i), tokenised(j))) else 0.0

    proposed = minhash.proposed((TokenisedText.of(texts[k]).words for k in range(len(texts))), MIN_DICE)
    return {(i, j): value for i, j in proposed if (value := is_near(i, j))}
