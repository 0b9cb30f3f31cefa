"""`word2vec`: words in similar contexts get similar vectors (Mikolov et al. 2013), learnt on the catalogue."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingestion.features import documents, frozen
from ingestion.features.base import Batch, Inputs, Method, Model
from ingestion.task import Progress
from store.errors import StepFailed


class Word2VecSettings(documents.PoolingSettings):
    """Settings of `word2vec` and, with more, of `fasttext`."""

    dimensions: Annotated[int, Field(ge=2, le=1000)] = 100
    """Length of a word's vector: 100 is gensim's default; a catalogue of some thousand texts cannot fill 300."""
    window: Annotated[int, Field(ge=1)] = 5
    """Words on either side that are a word's context; 5 is the default of word2vec and gensim."""
    epochs: Annotated[int, Field(ge=1)] = 30
    """Passes over the texts: gensim's 5 are meant for billions of words; a catalogue has some ten thousand. 100 at
    gensim's rate take three times as long for a mean ARI of .589 instead of .582 over five labelled catalogues, one
    of which moves by .03 with the seed, and the same k-NN purity (.85; not repeatable)."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.05
    """The first step, falling to nearly 0: fastText's default. gensim's .025 needs more passes on so few words."""
    min_count: Annotated[int, Field(ge=1)] = 2
    """A word that stands once has one context only; its vector would be noise."""
    skip_gram: bool = True
    """Skip-gram does better on little text and rare words than the continuous bag of words (Mikolov et al. 2013)."""
    negative: Annotated[int, Field(ge=1, le=50)] = 5
    """Noise words per true one: 5 to 20 for small texts (Mikolov et al. 2013); 5 is the cheapest of them."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the first vectors and of the noise words."""


class Word2Vec(Method):
    """Word vectors learnt on the clean texts, pooled by `documents`."""

    name = "word2vec"
    modality = "text"
    runtime = "plain"
    fits = True
    Settings = Word2VecSettings
    settings: Word2VecSettings

    def resolve(self) -> Model:
        """Fitted on the catalogue: always there."""
        dimensions = self.settings.dimensions
        return Model("word2vec (gensim)", "fitted on this catalogue", "LGPL-2.1 (code)", dimensions=dimensions)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) vectors, L2-normalised. StepFailed if no word stands `min_count` times."""
        from gensim.models import Word2Vec as Gensim

        kept = inputs.frozen.kept(text.clean for text in inputs.texts())
        if kept is None:
            learnt = train(self.name, Gensim, self.settings, inputs)
            kept = {"words": frozen.packed(learnt.index_to_key), "vectors": learnt.vectors}
            inputs.frozen.keep(kept)
        vectors = kept["vectors"]
        row_of = {word: row for row, word in enumerate(frozen.unpacked(kept["words"]))}

        def lookup(word: str) -> NDArray[np.float32] | None:
            return vectors[row_of[word]] if word in row_of else None

        yield from documents.embed(self.settings, lookup, inputs, progress)


def stable_hash(text: str) -> int:
    """A hash that is the same in every process, unlike Python's own."""
    return crc32(text.encode("utf-8"))


def train(method: str, gensim: Any, settings: Word2VecSettings, inputs: Inputs, **more: Any) -> Any:
    """Train a gensim model on the clean texts and return its KeyedVectors.

    One worker and a fixed hash: the only way gensim repeats itself. The texts are spooled to a temporary file, one
    product a line, which gensim reads anew each epoch: memory stays that of the vocabulary.
    """
    with TemporaryDirectory(prefix="aislemap-") as folder:
        corpus = Path(folder) / "texts"
        with corpus.open("w", encoding="utf-8") as file:
            file.writelines(f"{' '.join(text.clean.split())}\n" for text in inputs.texts() if text.clean.strip())
        try:
            model = gensim(
                corpus_file=str(corpus),
                vector_size=settings.dimensions,
                window=settings.window,
                epochs=settings.epochs,
                alpha=settings.learning_rate,
                min_count=settings.min_count,
                sg=int(settings.skip_gram),
                negative=settings.negative,
                seed=settings.seed,
                workers=1,
                hashfxn=stable_hash,
                **more,
            )
        except RuntimeError as error:  # gensim: "you must first build vocabulary before training the model"
            raise StepFailed(
                f"{method}: in {inputs.n_texts} texts no word stands {settings.min_count} times; lower min_count in "
                f"[methods.{method}], or give more texts."
            ) from error
    return model.wv
