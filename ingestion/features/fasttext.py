"""`fasttext`: word2vec whose words are made of their letter groups, so that "t-shirt" and "tshirts" are kin
(Bojanowski et al. 2017), learnt on the catalogue.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingestion.features import documents, word2vec
from ingestion.features.base import Batch, Inputs, Model
from ingestion.task import Progress


class FastTextSettings(word2vec.Word2VecSettings):
    """Settings of `fasttext`: those of `word2vec` and the letter groups."""

    shortest_group: Annotated[int, Field(ge=1)] = 3
    """Letters in the shortest group: 3 in Bojanowski et al. 2017."""
    longest_group: Annotated[int, Field(ge=1)] = 6
    """Letters in the longest group: 6 in Bojanowski et al. 2017."""
    buckets: Annotated[int, Field(ge=1000)] = 100_000
    """Slots that the groups are hashed to. The 2 million of the paper take 800 MB; a catalogue of some thousand words
    has some ten thousand groups, which seldom collide in 100,000."""


class FastText:
    """Word vectors with letter groups learnt on the clean texts, pooled by `documents`."""

    name: ClassVar[str] = "fasttext"
    modality: ClassVar[str] = "text"
    runtime: ClassVar[str] = "plain"
    Settings: ClassVar[type[FastTextSettings]] = FastTextSettings

    def __init__(self, settings: FastTextSettings) -> None:
        self.settings = settings

    def needs(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def resolve(self) -> Model:
        """Fitted on the catalogue: always there."""
        dimensions = self.settings.dimensions
        return Model("fastText (gensim)", "fitted on this catalogue", "LGPL-2.1 (code)", dimensions=dimensions)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) vectors, L2-normalised; a word that was never learnt is made of its letter groups."""
        from gensim.models import FastText as Gensim

        s = self.settings
        vectors = word2vec.train(
            self.name, Gensim, s, inputs, min_n=s.shortest_group, max_n=s.longest_group, bucket=s.buckets
        )

        def lookup(word: str) -> NDArray[np.float32] | None:
            vector: NDArray[np.float32] = vectors[word]
            return vector if vector.any() else None  # zeros: a word too short for any letter group

        yield from documents.embed(s, lookup, inputs, progress)
