"""What each group is: its most distinctive terms, a name made of them, and its most central products.

No category is read here: a name is made of the texts of the group's own products. It helps to decide what the group
is, so it prefers what the products are (cap, lipstick) to who makes them.

Reads the steps `catalogue`, `texts`, `duplicates` and `clustering:<method>`, and the vectors of the first of
`vector_sources` that has any, to find the central products.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion import study_sample
from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.grouping.partitions import load_partitions
from ingestion.reading import texts as cleaning
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised, vector_source

TERMS_PER_GROUP = 10
PRODUCTS_PER_GROUP = 10
NAME_TERMS = 3
"""Terms in a name: three describe a mixed group (wallet, belt, tie), and still fit a heading."""
NAME_MIN_WEIGHT_RATIO = 0.25
"""A further term joins the name from this ratio of its weight to the first one's: a clear group has a short name."""
MIN_PAIR_FRACTION = 0.8
"""Two words are one term (flip flop) where this fraction of the products with the rarer word have them adjacent."""
MAX_CANDIDATES = 400
"""Terms considered per group for a list: enough for ten after the redundant ones are left out."""
# fmt: off
UNITS = frozenset([
    "cm", "centimeter", "mm", "millimeter", "inch", "ft", "kg", "gram", "lb", "ml", "millileter", "oz", "litre",
    "liter", "gb", "mb", "tb", "ghz", "mhz", "rpm", "watt", "kw", "volt", "set", "pack", "piece", "pair", "combo", "pc",
])
# fmt: on
"""Words of size and packaging: terms of a group, but no part of its name."""
MAX_TEXTS = 50_000
"""Above this many products the terms come from a seeded sample of them."""


@dataclass(frozen=True)
class BagOfWords:
    """Which product has which term: `presence[i, t]` is 1 where `product_ids[i]` has `terms[t]`, of one word or two.

    `presence` is an (n, terms) sparse matrix of float64.
    """

    product_ids: list[str]
    presence: Any
    terms: list[str]
    opening_fraction: NDArray[np.float64]
    """(terms,) for each term the fraction of its products whose text begins with it, 0 to 1."""


@dataclass(frozen=True)
class Term:
    """A term of a group: its class-based TF-IDF, above 0, and the fraction of the group's products that have it."""

    term: str
    weight: float
    fraction: float


def step(work: Work, *, method: str, vector_sources: Sequence[str]) -> None:
    """Write `cluster_descriptions`, `cluster_terms` and `cluster_products` for every grouping of one method."""
    texts = study_sample.read(work, "texts", "texts", ["product_id", "clean", "language"])
    products = study_sample.read(work, "catalogue", "products", ["product_id", "name"])
    written = dict(zip(products["product_id"].to_pylist(), products["name"].to_pylist(), strict=True))
    spelling = Spelling((texts["language"][0].as_py() if len(texts) else None) or "en")
    titles = {i: spelling.lemmas(name) for i, name in written.items() if name}
    clean = dict(zip(texts["product_id"].to_pylist(), texts["clean"].to_pylist(), strict=True))
    words_of_texts, words_of_titles = bag_of_words(clean), bag_of_words(titles)
    ids, unit = _vectors(work, vector_source(work, vector_sources))
    duplicate_groups = load_duplicate_groups(work, ids)
    for found in load_partitions(work, method):
        tag = {"method": method, "grouping": found.grouping}
        group_of = dict(zip(found.product_ids, found.labels.tolist(), strict=True))
        terms_of = distinctive_terms(words_of_texts, group_of)
        name_terms_of = distinctive_terms(words_of_titles or words_of_texts, group_of, drop_openings=True)
        sizes = sorted(Counter(group_of.values()).items())
        work.write(
            "cluster_descriptions",
            [
                {
                    **tag,
                    "cluster": c,
                    "name": spelling.join(name_of(name_terms_of.get(c, []))) or None,
                    "products": size,
                }
                for c, size in sizes
            ],
        )
        for cluster, terms in sorted(terms_of.items()):
            ranked = enumerate(terms[:TERMS_PER_GROUP], start=1)
            work.write("cluster_terms", [{**tag, "cluster": cluster, "rank": r, **vars(term)} for r, term in ranked])
        for cluster, rows in central_products(ids, unit, group_of, duplicate_groups):
            work.write("cluster_products", [{**tag, "cluster": cluster, **row} for row in rows])


class Spelling:
    """The lemmas of titles, and the way back: how a lemma is most often written ('wash machine': washing machine)."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._written: dict[str, Counter[str]] = defaultdict(Counter)

    def lemmas(self, title: str) -> str:
        """The title as `cleaning.clean` returns it; the spelling of each word is recorded."""
        for word in cleaning.words(cleaning.lower(cleaning.mend_unicode(title))):
            self._written[cleaning.lemma(word, self.language)][word] += 1
        return cleaning.clean(title, self.language)

    def join(self, terms: Sequence[str]) -> str:
        """The terms as they are most often written, joined by commas."""
        return ", ".join(" ".join(self._common(word) for word in term.split()) for term in terms)

    def _common(self, lemma: str) -> str:
        written = self._written.get(lemma)
        return min(written, key=lambda word: (-written[word], word)) if written else lemma


def bag_of_words(texts: Mapping[str, str]) -> BagOfWords | None:
    """The words and word pairs of cleaned texts by product; None if no term is in two of them."""
    from sklearn.feature_extraction.text import CountVectorizer

    ids = [i for i, text in texts.items() if text]
    if len(ids) > MAX_TEXTS:
        ids = [ids[i] for i in np.sort(np.random.default_rng(0).choice(len(ids), MAX_TEXTS, replace=False))]
    if not ids:
        return None
    count = CountVectorizer(analyzer=_words_and_pairs, binary=True)
    presence = count.fit_transform([texts[i] for i in ids]).tocsc()
    frequency = np.asarray(presence.sum(0)).ravel()
    kept = np.flatnonzero(frequency > 1)
    if not len(kept):
        return None
    terms = count.get_feature_names_out()[kept].tolist()
    place = {term: at for at, term in enumerate(terms)}
    opening = np.zeros(len(terms))
    for i in ids:
        words = texts[i].split()
        for term in (words[0], " ".join(words[:2])) if len(words) > 1 else ():
            if term in place:
                opening[place[term]] += 1
    return BagOfWords(ids, presence[:, kept].tocsr().astype(np.float64), terms, opening / frequency[kept])


def distinctive_terms(
    bag: BagOfWords | None, group_of: Mapping[str, int], drop_openings: bool = False
) -> dict[int, list[Term]]:
    """The terms of each group, most distinctive first, by class-based TF-IDF (Grootendorst 2022, 'BERTopic').

    The weight is fraction x ln(fraction / mean fraction over the groups); only terms above the mean are listed.
    Fractions of products replace counts of words, so that neither a long text nor a large group weighs more; the
    fraction within the logarithm excludes what is in every group ('perfect', 'feature'). `drop_openings` leaves out
    terms that begin more than half of their titles: in English the brand comes first ('Lakme Matte Lipstick').
    """
    at = [i for i, product_id in enumerate(bag.product_ids) if product_id in group_of] if bag else []
    if bag is None or not at:
        return {}
    from scipy.sparse import csr_matrix

    groups, codes = np.unique([group_of[bag.product_ids[i]] for i in at], return_inverse=True)
    membership = csr_matrix((np.ones(len(at)), (codes, at)), shape=(len(groups), len(bag.product_ids)))
    counts = (membership @ bag.presence).tocsr()
    sizes = np.bincount(codes, minlength=len(groups))
    mean_fraction = np.asarray(counts.T @ (1 / sizes)).ravel() / len(groups)
    place = {term: t for t, term in enumerate(bag.terms)}
    found: dict[int, list[Term]] = {}
    for g, group in enumerate(groups.tolist()):
        columns = counts.indices[counts.indptr[g] : counts.indptr[g + 1]]
        number = np.zeros(len(bag.terms))
        number[columns] = counts.data[counts.indptr[g] : counts.indptr[g + 1]]
        fraction = number / sizes[g]
        weight = np.zeros(len(bag.terms))
        weight[columns] = np.round(fraction[columns] * np.log(fraction[columns] / mean_fraction[columns]), 9)
        min_weight = np.partition(weight, -MAX_CANDIDATES)[-MAX_CANDIDATES] if len(weight) > MAX_CANDIDATES else 0.0
        ranked = np.flatnonzero((weight > 0) & (weight >= min_weight)).tolist()
        ranked.sort(key=lambda t: (-weight[t], -bag.terms[t].count(" "), -bag.opening_fraction[t], bag.terms[t]))
        kept = _without_redundant(ranked[:MAX_CANDIDATES], bag.terms, place, number)
        if drop_openings:
            kept = [t for t in kept if bag.opening_fraction[t] <= 0.5]
        found[group] = [Term(bag.terms[t], float(weight[t]), float(fraction[t])) for t in kept]
    return found


def name_of(terms: Sequence[Term]) -> list[str]:
    """At most three terms that name a group, no word twice, no units; none if there are no terms."""
    picked: list[str] = []
    min_weight = 0.0
    for term in terms:
        if len(picked) == NAME_TERMS or term.weight < min_weight:
            break
        used = set(" ".join(picked).split())
        rest = " ".join(word for word in term.term.split() if word not in used | UNITS)
        if rest:
            min_weight = min_weight or NAME_MIN_WEIGHT_RATIO * term.weight
            picked.append(rest)
    return picked


def central_products(
    ids: list[str], unit: Matrix, group_of: Mapping[str, int], duplicate_groups: NDArray[np.int64]
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Each group's ten products of highest mean cosine similarity to the group, itself included.

    `unit` holds the (n, d) unit vectors of `ids`; the mean similarity to a set is the product with its mean vector.
    `duplicate_groups` holds (n,) numbers: of a duplicate group only the most central product is listed.
    """
    at = np.array([i for i, product_id in enumerate(ids) if product_id in group_of], dtype=np.int64)
    codes = np.array([group_of[ids[i]] for i in at], dtype=np.int64)
    for cluster in np.unique(codes).tolist():
        rows = at[codes == cluster]
        similarity = np.round(unit[rows].astype(np.float64) @ unit[rows].mean(0, dtype=np.float64), 9)
        listed: dict[int, dict[str, Any]] = {}
        for i in np.argsort(-similarity, kind="stable"):
            row = {"product_id": ids[rows[i]], "similarity": float(similarity[i]), "rank": len(listed) + 1}
            listed.setdefault(int(duplicate_groups[rows[i]]), row)
            if len(listed) == PRODUCTS_PER_GROUP:
                break
        yield cluster, list(listed.values())


def _without_redundant(
    ranked: list[int], terms: list[str], place: dict[str, int], number: NDArray[np.float64]
) -> list[int]:
    """The terms without redundant ones: either a pair replaces its words, or its words replace the pair."""
    paired: set[str] = set()
    pairs: set[int] = set()
    for t in ranked:
        pair = terms[t].split()
        if len(pair) == 2 and not paired & set(pair):
            alone = [number[place[word]] for word in pair]
            if number[t] >= MIN_PAIR_FRACTION * min(alone):
                paired |= {word for word, n in zip(pair, alone, strict=True) if number[t] >= MIN_PAIR_FRACTION * n}
                pairs.add(t)
    return [t for t in ranked if t in pairs or (" " not in terms[t] and terms[t] not in paired)]


def _words_and_pairs(text: str) -> list[str]:
    words = text.split()
    return words + [f"{one} {next_one}" for one, next_one in pairwise(words)]


def _vectors(work: Work, method: str | None) -> tuple[list[str], Matrix]:
    if method is None:
        return [], np.zeros((0, 1), dtype=np.float32)
    ids, vectors = load(work, f"features:{method}", method)
    return ids, normalised(vectors)
