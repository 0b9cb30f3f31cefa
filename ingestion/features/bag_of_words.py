"""What `count` and `tfidf` have in common: a matrix of term weights, and its latent semantic analysis.

The weights are written as rows for queries; the vector is the truncated singular value decomposition of the
L2-normalised rows (LSA, Deerwester et al. 1990), because distances between sparse rows of some thousand words are
nearly all equal, and k-means works best on 50 to 100 dense dimensions.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ingestion.features import frozen
from ingestion.features.base import Batch, Inputs, Issue, Model
from ingestion.settings import Settings
from ingestion.study_sample import draw
from ingestion.task import Progress
from store.errors import StepFailed

ROWS = 1024
"""Products per batch: some 50,000 term rows, a few MB."""
MAX_FITTED = 100_000
"""Products that the vocabulary and the LSA rest on, at most, a draw of more: bounds memory, and a term of so few
products that a draw of this size holds it less than twice tells little about categories."""


class BagSettings(Settings):
    """Settings of both bags of words."""

    min_products: Annotated[int, Field(ge=1)] = 2
    """A term must stand in at least this many products: a term of a single product makes it similar to no other."""
    max_fraction: Annotated[float, Field(gt=0, le=1)] = 0.5
    """A term in more than this fraction of the products is the merchant's own wording (buy, online, free) and is left
    out (corpus-specific stop words, scikit-learn user guide 7.2.3)."""
    max_terms: Annotated[int, Field(ge=1)] = 50_000
    """At most so many terms, the most frequent: bounds memory. English catalogues of 10,000 products stay below."""
    longest_phrase: Annotated[int, Field(ge=1, le=3)] = 1
    """Words per term: 1 takes single words; 2 adds pairs, which double the vocabulary and add little to an LSA."""
    dimensions: Annotated[int, Field(ge=1)] = 100
    """Components of the LSA; fewer when the catalogue or its vocabulary is smaller. 100 is the usual advice
    (scikit-learn TruncatedSVD; Bradford 2008 finds 100-300 for far larger collections)."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the randomised decomposition."""


def fitted(name: str, settings: BagSettings) -> Model:
    """The Model of a bag of words: scikit-learn's code, fitted on the catalogue."""
    title, dimensions = f"{name} + LSA (scikit-learn)", settings.dimensions
    return Model(title, "fitted on this catalogue", "BSD-3-Clause (code)", dimensions=dimensions)


def embed(method: str, vectorizer: Any, settings: BagSettings, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
    """Yield LSA vectors of the clean texts, (rows, d), L2-normalised, with their terms, by what `_fit` found in them.

    A product without a known term is an Issue. StepFailed if no term is left.
    """
    from sklearn.preprocessing import normalize

    kept = inputs.frozen.kept(text.clean for text in inputs.texts())
    if kept is None:
        kept = _fit(method, vectorizer, settings, inputs)
        inputs.frozen.keep(kept)
    else:
        _set(vectorizer, kept)
    terms, texts, done = vectorizer.get_feature_names_out(), inputs.texts(), 0
    while batch := list(islice(texts, ROWS)):
        weights = vectorizer.transform(text.clean for text in batch)
        vectors = normalize(normalize(weights) @ kept["components"].T).astype(np.float32)
        ids, words = [text.product_id for text in batch], np.diff(weights.indptr)
        owner = np.repeat(np.arange(len(ids)), words)
        yield Batch(
            [i for i, n in zip(ids, words, strict=True) if n],
            vectors[words > 0],
            terms=[
                (ids[o], str(terms[t]), float(w)) for o, t, w in zip(owner, weights.indices, weights.data, strict=True)
            ],
            issues=[no_known_word(i) for i, n in zip(ids, words, strict=True) if not n],
        )
        done += len(batch)
        progress(done, inputs.n_texts)


def _fit(method: str, vectorizer: Any, settings: BagSettings, inputs: Inputs) -> frozen.Arrays:
    """Fit the vectorizer and the LSA to the texts, or to a draw of MAX_FITTED of them: its sparse matrix is held."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    fitted_to, drawn = inputs.n_texts, None
    if fitted_to > MAX_FITTED:
        fitted_to, drawn = MAX_FITTED, set(draw([text.product_id for text in inputs.texts()], MAX_FITTED))
        inputs.frozen.fitted = f"{fitted_to:,} products, drawn, of this catalogue"
    words = (text.clean for text in inputs.texts() if drawn is None or text.product_id in drawn)
    vectorizer.set_params(
        token_pattern=r"\S+",  # noqa: S106 - a pattern, not a password
        lowercase=False,
        min_df=settings.min_products,
        # As a count, and never below min_df, so that a catalogue of three products keeps a vocabulary.
        max_df=max(settings.min_products, int(settings.max_fraction * fitted_to)),
        max_features=settings.max_terms,
        ngram_range=(1, settings.longest_phrase),
        dtype=np.float32,
    )
    try:
        rows = normalize(vectorizer.fit_transform(words))
    except ValueError as error:
        raise StepFailed(
            f"{method}: of {fitted_to} texts no term is left that stands in at least {settings.min_products} of "
            f"them and in at most a fraction of {settings.max_fraction}; lower min_products or raise max_fraction "
            f"in [methods.{method}], or give more texts."
        ) from error
    dimensions = min(settings.dimensions, *rows.shape)
    # of one term there is nothing to decompose: its weight is the vector
    lsa = TruncatedSVD(dimensions, random_state=settings.seed).fit(rows) if rows.shape[1] > 1 else None
    components = np.ones((1, 1), np.float32) if lsa is None else lsa.components_
    fitted = {"terms": frozen.packed(vectorizer.get_feature_names_out()), "components": components}
    return fitted | ({"rarity": vectorizer.idf_} if hasattr(vectorizer, "idf_") else {})


def _set(vectorizer: Any, kept: frozen.Arrays) -> Any:
    """The vectorizer as it was when the model was kept."""
    vectorizer.set_params(vocabulary=frozen.unpacked(kept["terms"]))
    if "rarity" in kept:
        vectorizer.idf_ = kept["rarity"]
    return vectorizer


def no_known_word(product_id: str) -> Issue:
    """The issue of a text of which the vocabulary holds no word."""
    return Issue(product_id, "no known word", "None of its words is in the vocabulary; it was given no vector.")
