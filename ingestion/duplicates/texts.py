"""Near copies by text: the same listing, slightly altered.

What counts as slightly altered is a matter of what the alteration does. A second listing of a product has slips of the
pen, words in another order, another price, a line more or a passage less. A listing of another product of the same make
is just as alike, word for word, but swaps or adds a word that tells the two apart: the model, the colour, the size. So
two things are asked of a pair: most words must be shared, and what is not shared must tell nothing apart (`likeness`).

A third is asked because a shop's wording may be most of a text, and there another name is a passage among others: the
names must be one but for slips, order, price or a whole sentence (`is_one_name`). A name is what a product is called,
so a longer one, with the colour or the maker put in, counts as another product. Where there is no name the first
sentence stands for it. The limit that stays: without names, texts that start alike and are told apart further on by
four words or more are copies.

Pairs worth that look are found by MinHash over words and pairs of words (Broder 1997; banding after Leskovec,
Rajaraman & Ullman, 'Mining of Massive Datasets', section 3.4), so the work grows with the catalogue, not its square.
"""

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.duplicates import candidates
from ingestion.reading import boilerplate

LEAST = 2 / 3
"""Near copies share at least two words in three (Dice): a description of three or four sentences may lose one."""
PASSAGE = 4
"""Words that are there or not in one run of at least so many are a remark; fewer qualify what stands around them."""
PHRASE = 20
"""A text of fewer words is one phrase, such as a title: in it a run of words is a remark only as a whole sentence."""
SLIP = 5
"""Letters of a word that may be misspelt. Of shorter words most are one letter from another word: red and rod."""
BANDS, ROWS = 32, 3
"""Of pairs that share half of their words and pairs of words, 98.6 % meet in a band (1 - (1 - s^ROWS)^BANDS), of those
that share 0.6 nearly all; of those that share a tenth 3 % do, and go at the next look."""
FLOOR = 0.3
"""Pairs whose signatures agree less are not looked at: four standard errors below the half (96 hashes)."""
CHUNK = 2_000
"""Texts, or pairs of them, whose features are in memory at a time."""
# fmt: off
FILLERS = frozenset({
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or", "our", "s",
    "that", "the", "these", "this", "to", "with", "your",
})
# fmt: on
_PRICE = re.compile(r"(?:\b(?:rs|inr|usd|eur|gbp)\b\.?|[$€£₹])\s*\d[\d,.]*(?:/-)?|\d[\d,.]*\s*[$€£₹]", re.IGNORECASE)
_TOKEN = re.compile(r"(?P<stop>[.!?](?=\s|$)|[;•\n])|(?P<word>\d+(?=[^\W\d_]+(?!\w))|[^\W_]+)")

Hashes = NDArray[np.uint32]


@dataclass(frozen=True)
class Said:
    """A text as it is compared.

    Its words, the numbers of words after which a sentence ends (0 among them), and how many of its first words are
    known to be a name, in which no run of words is a remark but a whole sentence.
    """

    words: tuple[str, ...]
    stops: frozenset[int]
    name: int = 0

    @classmethod
    def of(cls, text: str) -> "Said":
        """The words and figures of a text, folded: '8kg' and '8 kg' are the same two, 'E5' is one.

        Amounts of money are left out: a price is an offer's, not a product's.
        """
        words, stops = [], {0}
        for token in _TOKEN.finditer(_PRICE.sub(" ", text.casefold())):
            if token["word"]:
                words.append(token["word"])
            else:
                stops.add(len(words))
        return cls(tuple(words), frozenset(stops | {len(words)}))

    def remark(self, start: int, end: int) -> bool:
        """Whether the words from `start` to `end` say something beside the rest, and do not qualify it."""
        phrase = start < self.name or len(self.words) < PHRASE
        return end - start >= PASSAGE and (not phrase or self.sentences(start, end))

    def sentences(self, start: int, end: int) -> bool:
        """Whether these words are whole sentences."""
        return start in self.stops and end in self.stops

    def as_name(self) -> "Said":
        """The same, all of it as a name."""
        return replace(self, name=len(self.words))

    def openings(self) -> list["Said"]:
        """Its sentences, each as one that starts with a name of up to `PHRASE` words."""
        ends = [(start, end) for start, end in pairwise(sorted(self.stops)) if end > start]
        return [
            Said(self.words[start:end], frozenset({0, end - start}), min(end - start, PHRASE)) for start, end in ends
        ]


def likeness(one: Said, other: Said) -> float:
    """How alike two texts are if one can be the other slightly altered, else 0: the share of words in common (Dice).

    They cannot be where fewer than `LEAST` are shared, or where the rest tells them apart: a word swapped for another
    that is no slip of it, or up to three words put in or left out that the other text has nowhere.
    """
    missing, added = _unmatched(one, other)
    differ, lengths = missing.total() + added.total(), len(one.words) + len(other.words)
    share = 1 - differ / lengths if lengths else 1.0
    if share < LEAST or (differ and _surely_told_apart(missing, added, one, other)):
        return 0.0
    return 0.0 if _told_apart(missing, added, one, other) else share


def is_one_name(one: Said, other: Said) -> bool:
    """Whether two names can be of one product: they differ by slips, order, fillers or a whole sentence only."""
    return not _told_apart(*_unmatched(one, other), one, other)


def open_alike(one: Said, other: Said) -> bool:
    """Whether the first sentence of either text stands in the other, under one name: a remark may have been put first.

    Both texts have words.
    """
    mine, theirs = one.openings(), other.openings()
    return any(is_one_name(mine[0], said) for said in theirs) or any(is_one_name(theirs[0], said) for said in mine)


def _unmatched(one: Said, other: Said) -> tuple[Counter[str], Counter[str]]:
    """The words of either text that the other has not, or not so often."""
    return Counter(one.words) - Counter(other.words), Counter(other.words) - Counter(one.words)


def _told_apart(missing: Counter[str], added: Counter[str], one: Said, other: Said) -> bool:
    """Whether, where the texts are laid side by side, what is not shared tells two products apart anywhere.

    Words that are slips of each other are taken out of `missing` and `added`.
    """
    for was in sorted(missing):  # a slip that also stands elsewhere is not laid beside its word
        now = next((word for word in sorted(added) if is_slip(was, word)), None)
        if now is not None:
            del missing[was], added[now]
    matcher = SequenceMatcher(None, one.words, other.words, autojunk=False)
    return any(
        tag != "equal" and _tells_apart(one, other, missing, added, *ends) for tag, *ends in matcher.get_opcodes()
    )


def _surely_told_apart(missing: Counter[str], added: Counter[str], one: Said, other: Said) -> bool:
    """Whether no alignment need be made, as for most variants: few words differ, and one of them tells."""
    if missing.total() >= PASSAGE or added.total() >= PASSAGE:
        return False
    if any(is_slip(was, now) for was in missing for now in added):
        return False
    return bool(_telling(missing, missing, other) or _telling(added, added, one))


def _telling(run: Iterable[str], unmatched: Counter[str], elsewhere: Said) -> list[str]:
    """Words of a run that the other text has not, or not so often where they are figures: '2 of 4' is not '4 of 4'."""
    known = set(elsewhere.words)
    new = [word for word in run if word in unmatched and word not in FILLERS]
    return [word for word in new if word not in known or not word.isalpha()]


def _tells_apart(
    one: Said, other: Said, missing: Counter[str], added: Counter[str], i: int, i_end: int, j: int, j_end: int
) -> bool:
    """Whether words i to i_end of one text, in the place of j to j_end of the other, tell two products apart."""
    while i < i_end and j < j_end and is_slip(one.words[i], other.words[j]):
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and is_slip(one.words[i_end - 1], other.words[j_end - 1]):
        i_end, j_end = i_end - 1, j_end - 1
    gone, new = one.words[i:i_end], other.words[j:j_end]
    swapped = any(w in missing and w not in FILLERS for w in gone) and any(w in added and w not in FILLERS for w in new)
    if swapped:
        whole = one.sentences(i, i_end) and other.sentences(j, j_end)
        name = i < max(one.name, 1) or j < max(other.name, 1)  # the text starts with what the product is called
        return name or not (whole and min(len(gone), len(new)) >= PASSAGE)
    return bool(
        (_telling(gone, missing, other) and not one.remark(i, i_end))
        or (_telling(new, added, one) and not other.remark(j, j_end))
    )


def is_slip(one: str, other: str) -> bool:
    """Whether two words are one but for a letter left out, put in, mistaken, or two neighbours swapped.

    Figures and codes have no slips, for another figure is another thing; nor have words under `SLIP` letters. The first
    letter must be the same: people rarely miss it (Yannakoudakis & Fawthrop 1983), and peach and beach differ there.
    """
    short, long = sorted((one, other), key=len)
    if len(long) < SLIP or len(long) - len(short) > 1 or short[0] != long[0] or not (one + other).isalpha():
        return False
    at = next((k for k, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest, tail = short[at:], long[at:]
    if len(short) < len(long):
        return rest == tail[1:]
    return rest[1:] == tail[1:] or (rest[:2] == tail[:2][::-1] and rest[2:] == tail[2:])


def pairs(
    texts: Sequence[str],
    names: Sequence[str | None] | None = None,
    compare: Callable[[Said, Said], float] = likeness,
) -> dict[tuple[int, int], float]:
    """The pairs (i, j), i < j, of texts that are near copies, with their likeness; equal texts too.

    `names` are the products' names, as many as texts; where one of a pair has none, the first sentences are compared.
    Texts are looked for twice: by all their words, and by those that few texts have, for where a shop's wording makes
    up most of a text, its variants are nearer than its copies. Each text is compared at most `candidates.NEAREST` times
    in either search, by `compare`. Deterministic.
    """
    said = [Said.of(text) for text in texts]
    rank = np.empty(len(said), dtype=np.int64)
    rank[sorted(range(len(said)), key=lambda k: (said[k].words, k))] = np.arange(len(said))
    whole = [_features(text.words) for text in said]
    worth: set[tuple[int, int]] = set()
    for features in (whole, _rare(whole)) if said else ():
        kept = np.array([k for k, hashes in enumerate(features) if len(hashes)], dtype=np.int64)
        if len(kept) > 1:
            met = _candidates([features[k] for k in kept], rank[kept])
            worth |= {(int(kept[i]), int(kept[j])) for i, j in met}
    called = [Said.of(name or "").as_name() for name in names or [""] * len(said)]

    def is_one(i: int, j: int) -> bool:
        named = called[i].words and called[j].words
        return is_one_name(called[i], called[j]) if named else open_alike(said[i], said[j])

    found = {(i, j): compare(said[i], said[j]) for i, j in sorted(worth)}
    return {pair: alike for pair, alike in found.items() if alike > 0 and is_one(*pair)}


def _features(text: Sequence[str]) -> Hashes:
    """The hashes of words and of pairs of neighbouring words, fillers left out."""
    telling = [word for word in text if word not in FILLERS] or list(text)
    features = {*telling, *(f"{a} {b}" for a, b in pairwise(telling))}
    return np.array(sorted({zlib.crc32(feature.encode()) for feature in features}), dtype=np.uint32)


def _rare(features: Sequence[Hashes]) -> list[Hashes]:
    """The features less those that so many texts share that they are a shop's wording (bounds as in `templates`)."""
    _, place, count = np.unique(np.concatenate(features), return_inverse=True, return_counts=True)
    rare = count[place] < max(boilerplate.LEAST, boilerplate.SHARE * len(features))
    ends = np.cumsum([len(hashes) for hashes in features])[:-1]
    return [hashes[own] for hashes, own in zip(features, np.split(rare, ends), strict=True)]


def _candidates(features: Sequence[Hashes], rank: candidates.Index) -> list[tuple[int, int]]:
    signatures = _signatures(features)
    weights = _weights(features)

    def distance(i: candidates.Index, j: candidates.Index) -> NDArray[np.float32]:
        agree = np.zeros(len(i), dtype=np.float32)
        for column in signatures.T:
            agree += column[i] == column[j]
        worth = np.flatnonzero(agree >= FLOOR * BANDS * ROWS)
        far = np.full(len(i), np.inf, dtype=np.float32)
        for at in range(0, len(worth), CHUNK):
            some = worth[at : at + CHUNK]
            far[some] = 1 - np.asarray(weights[i[some]].multiply(weights[j[some]]).sum(axis=1)).ravel()
        return far

    return candidates.candidates(_bands(signatures), rank, distance)


def _weights(features: Sequence[Hashes]) -> Any:
    """The texts' features as sparse rows of length one, by inverse frequency: what few share makes two texts near."""
    from scipy import sparse

    _, place, count = np.unique(np.concatenate(features), return_inverse=True, return_counts=True)
    lengths = [len(hashes) for hashes in features]
    starts = np.cumsum([0, *lengths])
    weight = np.log1p(len(features) / count[place])
    weight /= np.repeat(np.sqrt(np.add.reduceat(weight**2, starts[:-1])), lengths)
    return sparse.csr_array((weight.astype(np.float32), place, starts), shape=(len(features), len(count)))


def _signatures(features: Sequence[Hashes]) -> NDArray[np.uint32]:
    """(n, BANDS * ROWS) MinHash signatures: the share of equal columns estimates the Jaccard of two texts' features."""
    rng = np.random.default_rng(0)
    multiply = rng.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    add = rng.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    signatures = np.empty((len(features), BANDS * ROWS), dtype=np.uint32)
    for at in range(0, len(features), CHUNK):
        some = features[at : at + CHUNK]
        starts = np.cumsum([0, *map(len, some[:-1])])
        flat = np.concatenate(some).astype(np.uint64)
        for k in range(BANDS * ROWS):
            # Multiply-shift (Dietzfelbinger et al. 1997): the upper half of the product, which wraps round.
            mixed = ((flat * multiply[k] + add[k]) >> np.uint64(32)).astype(np.uint32)
            signatures[at : at + CHUNK, k] = np.minimum.reduceat(mixed, starts)
    return signatures


def _bands(signatures: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """(n, BANDS) keys, each of `ROWS` columns of the signature."""
    keys = np.zeros((len(signatures), BANDS), dtype=np.uint64)
    for row in range(ROWS):
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + signatures[:, row::ROWS]
    return keys
