"""From word vectors to product vectors, for `word2vec`, `fasttext` and `glove`.

A product is the mean of its words' vectors, each word weighted by a / (a + p), p being its share of all words of
the catalogue: smooth inverse frequency (SIF), Arora, Liang & Ma 2017, "A simple but tough-to-beat baseline for
sentence embeddings". It needs no labels and no second model.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingestion.config import Settings
from ingestion.features.bag_of_words import no_known_word
from ingestion.features.base import Batch, Inputs, Issue, Progress, Vectors

ROWS = 1024

Lookup = Callable[[str], NDArray[np.float32] | None]
"""A word's vector, or None if the model does not know it."""


class PoolingSettings(Settings):
    """How word vectors become a product's vector."""

    smoothing: Annotated[float, Field(gt=0)] = 1e-3
    """`a` of SIF: words rarer than this share of all words count about fully. 1e-4 to 1e-3 in Arora et al. 2017."""
    common_directions: Annotated[int, Field(ge=0)] = 1
    """How many of the strongest directions common to all products are taken out: 1 in Arora et al. 2017. They carry
    what every text of a shop says; 0 leaves them in."""


def embed(settings: PoolingSettings, lookup: Lookup, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
    """Yield (rows, d) vectors, L2-normalised, in three passes over the clean texts: count, common part, vectors.

    Memory is that of the vocabulary and of one batch. A product none of whose words has a vector is an Issue.
    """
    counts: Counter[str] = Counter()
    for text in inputs.texts():
        counts.update(text.clean.split())
    total = counts.total()
    words: dict[str, NDArray[np.float32]] = {}
    for word, count in counts.items():
        vector = lookup(word)
        if vector is not None:
            words[word] = (settings.smoothing / (settings.smoothing + count / total) * vector).astype(np.float32)
    common = _common(settings.common_directions, words, inputs)
    done = 0
    for ids, vectors, issues in _means(words, inputs):
        rest = vectors - (vectors @ common.T) @ common
        norms = np.linalg.norm(rest, axis=1, keepdims=True)
        done += len(ids) + len(issues)
        yield Batch(ids, rest / np.maximum(norms, np.finfo(np.float32).tiny), issues=issues)
        progress(done, inputs.n_texts)


def _means(words: dict[str, NDArray[np.float32]], inputs: Inputs) -> Iterator[tuple[list[str], Vectors, list[Issue]]]:
    """The weighted mean of each product's word vectors, in batches; scale does not matter, direction does."""
    ids: list[str] = []
    means: list[NDArray[np.float32]] = []
    issues: list[Issue] = []
    for text in inputs.texts():
        known = [words[w] for w in text.clean.split() if w in words]
        if known:
            ids.append(text.product_id)
            means.append(np.mean(known, axis=0))
        else:
            issues.append(no_known_word(text.product_id))
        if len(ids) + len(issues) == ROWS:
            yield ids, np.asarray(means, np.float32), issues
            ids, means, issues = [], [], []
    if ids or issues:
        yield ids, np.asarray(means, np.float32), issues


def _common(directions: int, words: dict[str, NDArray[np.float32]], inputs: Inputs) -> NDArray[np.float32]:
    """(directions, d): the leading right singular vectors of all unit product vectors, from their (d, d) moments.

    None are taken from a catalogue with fewer products than dimensions: there they would be the products themselves.
    """
    dimensions = len(next(iter(words.values()))) if words else 0
    moments = np.zeros((dimensions, dimensions))
    products = 0
    if directions:
        for ids, means, _ in _means(words, inputs):
            if ids:
                unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.finfo(np.float32).tiny)
                moments += unit.T.astype(np.float64) @ unit
                products += len(ids)
    if not directions or products <= dimensions:
        return np.zeros((0, dimensions), np.float32)
    return np.linalg.eigh(moments)[1][:, -directions:].T.astype(np.float32)
