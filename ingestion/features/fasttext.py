"""`fasttext`: word2vec with words made of their letter groups, learnt on the catalogue (Bojanowski et al. 2017).

Words that have letter groups in common, such as "t-shirt" and "tshirts", get similar vectors.
"""

from collections.abc import Iterator
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ingestion.features import documents, frozen, word2vec
from ingestion.features.base import Batch, Inputs, Method, Model
from ingestion.task import Progress


class FastTextSettings(word2vec.Word2VecSettings):
    """Settings of `fasttext`: those of `word2vec` and the letter groups."""

    shortest_group: Annotated[int, Field(ge=1)] = 5
    """Letters in the shortest group. Groups of 5 alone, as in Grave et al. 2018 (fastText's vectors of 157 languages):
    a third fewer seconds than the 3 to 6 of Bojanowski et al. 2017, mean ARI .584 instead of .587 over five labelled
    catalogues, the same k-NN purity (.85; not repeatable). The signs for a word's two ends count as letters."""
    longest_group: Annotated[int, Field(ge=1)] = 5
    """Letters in the longest group; see `shortest_group`."""
    buckets: Annotated[int, Field(ge=1000)] = 100_000
    """Slots that the groups are hashed to. The 2 million of the paper take 800 MB; a catalogue of some thousand words
    has some ten thousand groups, which seldom collide in 100,000."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.shortest_group > self.longest_group:
            raise ValueError(
                f"shortest_group ({self.shortest_group}) must be at most longest_group ({self.longest_group}); set both"
            )
        return self


class FastText(Method):
    """Word vectors with letter groups learnt on the clean texts, pooled by `documents`."""

    name = "fasttext"
    modality = "text"
    runtime = "plain"
    fits = True
    Settings = FastTextSettings
    settings: FastTextSettings

    def resolve(self) -> Model:
        """Fitted on the catalogue: always there."""
        dimensions = self.settings.dimensions
        return Model("fastText (gensim)", "fitted on this catalogue", "LGPL-2.1 (code)", dimensions=dimensions)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) vectors, L2-normalised; a word that was never learnt is made of its letter groups."""
        from gensim.models import FastText as Gensim
        from gensim.models.fasttext import FastTextKeyedVectors

        s = self.settings
        kept = inputs.frozen.kept(text.clean for text in inputs.texts())
        if kept is None:
            vectors = word2vec.train(
                self.name, Gensim, s, inputs, min_n=s.shortest_group, max_n=s.longest_group, bucket=s.buckets
            )
            words = frozen.packed(vectors.index_to_key)
            inputs.frozen.keep({"words": words, "vectors": vectors.vectors, "groups": vectors.vectors_ngrams})
        else:
            vectors = FastTextKeyedVectors(s.dimensions, s.shortest_group, s.longest_group, s.buckets)
            vectors.index_to_key = frozen.unpacked(kept["words"])
            vectors.key_to_index = {word: row for row, word in enumerate(vectors.index_to_key)}
            vectors.vectors, vectors.vectors_ngrams = kept["vectors"], kept["groups"]

        def lookup(word: str) -> NDArray[np.float32] | None:
            vector: NDArray[np.float32] = vectors[word]
            return vector if vector.any() else None  # zeros: a word too short for any letter group

        yield from documents.embed(s, lookup, inputs, progress)
