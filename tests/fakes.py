"""Deterministic stand-ins for a text and an image method: the real base class, no model, no time.

Products that share words (or colours) get near vectors, so that clustering them means something.
"""

from collections.abc import Iterator
from itertools import islice
from zlib import crc32

import numpy as np
from PIL import Image

from ingestion.features.base import Batch, Inputs, Issue, Method, Model, Vectors
from ingestion.settings import Settings
from ingestion.task import Progress

ROWS = 100


class FakeSettings(Settings):
    """Settings of both fakes."""

    dimensions: int = 16
    """Length of a vector."""


class FakeText(Method):
    """Each word is a fixed random direction; a product is the sum of its words."""

    name = "faketext"
    modality = "text"
    runtime = "plain"
    Settings = FakeSettings
    settings: FakeSettings

    def resolve(self) -> Model:
        return Model("hash of words", "fitted on this catalogue", "none needed")

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        texts, done = inputs.texts(), 0
        while batch := list(islice(texts, ROWS)):
            kept = [text for text in batch if text.clean.split()]
            vectors = np.zeros((len(kept), self.settings.dimensions), np.float32)
            for row, text in enumerate(kept):
                for word in text.clean.split():
                    vectors[row] += np.random.default_rng(crc32(word.encode())).normal(size=self.settings.dimensions)
            terms = [(t.product_id, w, float(t.clean.split().count(w))) for t in kept for w in set(t.clean.split())]
            issues = [Issue(t.product_id, "no known word", "It was given no vector.") for t in batch if t not in kept]
            done += len(batch)
            yield Batch([t.product_id for t in kept], unit(vectors), terms=sorted(terms), issues=issues)
            progress(done, inputs.n_texts)


class FakeImage(Method):
    """An image is its 4 x 4 colours under a fixed random projection."""

    name = "fakeimage"
    modality = "image"
    runtime = "plain"
    Settings = FakeSettings
    settings: FakeSettings

    def resolve(self) -> Model:
        return Model("projected colours", "fitted on this catalogue", "none needed")

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        projection = np.random.default_rng(0).normal(size=(48, self.settings.dimensions))
        images, done = inputs.images(), 0
        while batch := list(islice(images, ROWS)):
            vectors = np.zeros((len(batch), self.settings.dimensions), np.float32)
            for row, image in enumerate(batch):
                with Image.open(image.path) as opened:
                    colours = np.asarray(opened.convert("RGB").resize((4, 4)), np.float32).ravel() / 255
                vectors[row] = (colours - 0.5) @ projection
            done += len(batch)
            yield Batch([p.product_id for p in batch], unit(vectors))
            progress(done, inputs.n_images)


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays one."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)
