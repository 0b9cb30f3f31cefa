"""Which texts share most of their words: MinHash over words and pairs of words.

MinHash: Broder 1997; banding after Leskovec, Rajaraman & Ullman, 'Mining of Massive Datasets', section 3.4. A proposed
pair has a key in common in one of `BANDS` bands and lies within `candidates.WINDOW` places there, has at least the
asked fraction of words in common, and is among the `candidates.NEAREST` of both texts. What is lost by these bounds are
pairs that share fewer than half of their words and pairs of words, and duplicates in a bucket of hundreds of texts that
begin differently. Against all pairs, without names, it found 201 of 213 near-duplicate pairs of 4,000 titles of
PriceRunner, and the other 12 connected through these; and 48 of 50 of 5,000 titles of several shops (not repeatable).

What is held of a text are numbers of its words and pairs of words, and its beginning until the texts are sorted.
"""

import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.duplicates import candidates
from ingestion.reading import boilerplate

BANDS, ROWS = 80, 4
"""Of pairs that share half of their words and pairs of words, 99.4 % have a key in common (1 - (1 - s^ROWS)^BANDS), of
those that share 0.4 87 %, of those that share a tenth 0.8 %: fewer rows put so many of these into one bucket that the
work grew faster than the catalogue."""
CHECKED = 96
"""Hashes of the signature, a byte of each, by which the fraction that two texts share is estimated."""
SIGNATURE_AGREEMENT = 0.3
"""Pairs whose signatures agree less are dropped: four standard errors below the half (96 hashes)."""
CHUNK_SIZE = 2_000
"""Texts, or pairs of texts, whose features are in memory at a time."""
CHECKED_PAIRS = 50_000
"""Pairs whose signatures are in memory at a time: 10 MB."""
COLUMNS = 2**24
"""Numbers that words and features are counted by. Two of one number, one in eight at two million of them, count as
one: that moves which texts are the nearest a little, and drops no pair for having too few words in common."""
OPENING = 20
"""Words by which texts are sorted."""
# fmt: off
FILLERS = frozenset({
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or", "our", "s",
    "that", "the", "these", "this", "to", "with", "your",
})
# fmt: on
Hashes = NDArray[np.uint32]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Hashed:
    """The hashes of n texts one after the other; those of text k are flat[starts[k]:starts[k + 1]]."""

    flat: Hashes
    starts: Index

    @classmethod
    def of(cls, flat: "array[int]", lengths: Sequence[int]) -> "Hashed":
        """From all hashes, and how many each text has."""
        return cls(np.frombuffer(flat, np.uint32) if flat else np.empty(0, np.uint32), _ends(np.array(lengths, int)))

    def where(self, kept: NDArray[np.bool_]) -> "Hashed":
        """Without the hashes that are not kept."""
        return Hashed(self.flat[kept], np.concatenate([[0], np.cumsum(kept)])[self.starts])

    def rows(self, weights: NDArray[np.float32]) -> Any:
        """As (n, COLUMNS) sparse rows with the weight of each hash, added up where a text has one more often."""
        from scipy import sparse

        columns = (self.flat % COLUMNS).astype(np.int32)
        rows = sparse.csr_array((weights, columns, self.starts), shape=(len(self.starts) - 1, COLUMNS))
        rows.sum_duplicates()
        return rows


def _ends(lengths: Index) -> Index:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def proposed(texts: Iterable[Sequence[str]], min_dice: float) -> list[tuple[int, int]]:
    """The pairs (i, j), i < j, sorted, of texts that may be near-duplicates; each text is given as its words.

    None shares a smaller fraction of its words (Dice, 0..1) than `min_dice`. Equal texts in equal order give equal
    pairs.
    """
    words, features, openings = array("I"), array("I"), list[str]()
    n_words, n_features = array("q"), array("q")
    for text in texts:
        own, hashes = [zlib.crc32(word.encode()) for word in text], _features(text)
        words.extend(own)
        features.extend(hashes)
        n_words.append(len(own))
        n_features.append(len(hashes))
        openings.append(" ".join(text[:OPENING]))
    n = len(openings)
    rank = np.empty(n, dtype=np.int64)
    rank[sorted(range(n), key=openings.__getitem__)] = np.arange(n)
    del openings
    bag, lengths = Hashed.of(words, n_words), np.array(n_words, np.float32)
    counts = bag.rows(np.ones(len(bag.flat), np.float32))
    whole, codes = Hashed.of(features, n_features), np.empty(0, np.int64)
    frequency = np.bincount(whole.flat % COLUMNS, minlength=COLUMNS)
    rare = frequency[whole.flat % COLUMNS] < max(boilerplate.MIN_PRODUCTS, boilerplate.MIN_FRACTION * n)
    for hashed in (whole, whole.where(rare)):
        kept = np.flatnonzero(np.diff(hashed.starts))
        if len(kept) > 1:
            some = Hashed(hashed.flat, np.append(hashed.starts[kept], len(hashed.flat)))
            i, j = kept[_candidates(some, rank[kept], frequency, n, counts[kept], lengths[kept], min_dice).T]
            codes = np.union1d(codes, i * n + j)
    return [(int(code // n), int(code % n)) for code in codes]


def _features(text: Sequence[str]) -> set[int]:
    """The hashes of words and of pairs of neighbouring words, fillers left out."""
    words = [word for word in text if word not in FILLERS] or list(text)
    return {zlib.crc32(feature.encode()) for feature in (*words, *(f"{a} {b}" for a, b in pairwise(words)))}


def _candidates(
    hashed: Hashed,
    rank: Index,
    frequency: Index,
    n: int,
    counts: Any,
    lengths: NDArray[np.float32],
    min_dice: float,
) -> Index:
    """(p, 2) places of texts to compare. Rare features count most in which texts are the nearest of one."""
    keys, checked = _signatures(hashed)
    weight = np.log1p(n / frequency[hashed.flat % COLUMNS]).astype(np.float32)
    norms = np.sqrt(np.add.reduceat(weight**2, hashed.starts[:-1]))
    weights = hashed.rows(weight / np.repeat(norms, np.diff(hashed.starts)))

    def distance(i: Index, j: Index) -> NDArray[np.float32]:
        far = np.full(len(i), np.inf, dtype=np.float32)
        for at in range(0, len(i), CHECKED_PAIRS):
            part = slice(at, at + CHECKED_PAIRS)
            agree = np.count_nonzero(checked[i[part]] == checked[j[part]], axis=1)
            near = at + np.flatnonzero(agree >= SIGNATURE_AGREEMENT * CHECKED)
            for start in range(0, len(near), CHUNK_SIZE):
                some = near[start : start + CHUNK_SIZE]
                a, b = i[some], j[some]
                shared = np.asarray(counts[a].minimum(counts[b]).sum(axis=1)).ravel()
                some = some[2 * shared >= (min_dice - 1e-6) * (lengths[a] + lengths[b])]
                far[some] = 1 - np.asarray(weights[i[some]].multiply(weights[j[some]]).sum(axis=1)).ravel()
        return far

    return candidates.candidates(keys, rank, distance)


def _signatures(hashed: Hashed) -> tuple[Hashes, NDArray[np.uint8]]:
    """(n, BANDS) keys, each of `ROWS` hashes of a MinHash signature, and (n, CHECKED) last bytes of its hashes.

    The fraction of equal hashes estimates the Jaccard of two texts' features. No text is without any.
    """
    rng = np.random.default_rng(0)
    multiply = rng.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    add = rng.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    n = len(hashed.starts) - 1
    keys, checked = np.zeros((n, BANDS), dtype=np.uint32), np.empty((n, CHECKED), dtype=np.uint8)
    for at in range(0, n, CHUNK_SIZE):
        starts = hashed.starts[at : at + CHUNK_SIZE + 1]
        flat = hashed.flat[starts[0] : starts[-1]].astype(np.uint64)
        for k in range(BANDS * ROWS):
            # Multiply-shift (Dietzfelbinger et al. 1997): the upper half of the product modulo 2^64.
            mixed = ((flat * multiply[k] + add[k]) >> np.uint64(32)).astype(np.uint32)
            least = np.minimum.reduceat(mixed, starts[:-1] - starts[0])
            own = keys[at : at + CHUNK_SIZE, k // ROWS]
            own *= np.uint32(0x9E3779B1)
            own += least
            if k < CHECKED:
                checked[at : at + CHUNK_SIZE, k] = least & 0xFF
    return keys, checked
