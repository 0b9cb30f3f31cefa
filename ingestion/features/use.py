"""`use`: a SavedModel with the interface of the Universal Sentence Encoder (Cer et al. 2018) on the raw text.

The interface is tensorflow-hub's for text: called with a vector of strings, it gives (n, d) vectors (512 for the
Universal Sentence Encoder). The embedded default, use-compact, is a small network of that form made for this project
(ingestion/encoders): it is not the Universal Sentence Encoder, and never goes by its name.
"""

import hashlib
import os
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ingestion.features import per_product, weights
from ingestion.features.base import Batch, Inputs, Method, Model, Text, Vectors
from ingestion.features.weights import SHA256
from ingestion.settings import Settings
from ingestion.task import Progress
from store.errors import MethodUnavailable

COMPACT = "use-compact"
HUB = "https://tfhub.dev/google/"
REMEDY = (
    "Give the folder of a SavedModel in [methods.use] weights, or name a hub model in [methods.use] model, as "
    "'universal-sentence-encoder/4' (1 GB), or leave both out for the embedded use-compact."
)
ROWS = 4096
"""Texts whose vectors are kept together: two seconds of work."""
STALL_SECONDS = 30.0
"""Without data for so long, a download is given up."""


class UseSettings(Settings):
    """Settings of `use`."""

    weights: Path | None = None
    """The folder of a SavedModel that takes strings and gives vectors; the embedded use-compact when not given.
    A SavedModel is a program that can read and write files: give one that you trust."""
    model: Annotated[str | None, Field(min_length=1, pattern=r"^(https://|[^:]+$)")] = None
    """A hub model, fetched at first use: a full address by HTTPS, or a name below the hub's google/ as
    'universal-sentence-encoder/4'. It is a program like one given by path. Only a model named here ever touches the
    network."""
    sha256: Annotated[str | None, Field(pattern=SHA256)] = None
    """The fingerprint of the weights, as `aislemap models` and the table `models` show it: others are not loaded."""
    batch: Annotated[int, Field(ge=1)] = 64
    """Texts per call; inside a call they are encoded one by one, so more brings nothing but memory."""


class Use(Method):
    """Sentence vectors of the raw text, (n, 512) by default."""

    name = "use"
    modality = "text"
    runtime = "tensorflow"
    Settings = UseSettings
    settings: UseSettings

    def resolve(self) -> Model:
        """A path that was given, else a hub model that was named, else the embedded use-compact."""
        if self.settings.weights:
            folder = weights.existing(self.name, self.settings.weights)
            if not (folder / "saved_model.pb").exists():
                raise MethodUnavailable(f"There is no SavedModel (saved_model.pb) in {folder}.", REMEDY)
            name = self.settings.model or folder.name
            found = weights.on_disk(name, f"path {folder}", weights.UNKNOWN, folder)
            return weights.pinned(self.name, found, self.settings.sha256)
        if self.settings.model is None or self.settings.model == COMPACT:
            return weights.embedded(self.name, COMPACT)
        handle = self._handle(self.settings.model)
        kept = Path(os.environ.get("TFHUB_CACHE_DIR") or Path(tempfile.gettempdir()) / "tfhub_modules")
        folder = kept / hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()  # tensorflow-hub's own naming
        licence = "Apache-2.0" if handle.startswith(f"{HUB}universal-sentence-encoder") else weights.UNKNOWN
        if (folder / "saved_model.pb").exists():
            found = weights.on_disk(self.settings.model, f"hub {handle}", licence, folder)
            return weights.pinned(self.name, found, self.settings.sha256)
        return Model(self.settings.model, f"hub {handle}", licence)

    @staticmethod
    def _handle(model: str) -> str:
        return model if "://" in model else HUB + model

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) sentence vectors, L2-normalised.

        MethodUnavailable if the model cannot be fetched or called.
        """
        load = cache(lambda: self._load(model))
        results = inputs.chunks.results(inputs.texts, _raw, lambda texts: self._encode(load(), texts), progress, ROWS)
        yield from per_product.batches(results)

    def _encode(self, encoder: Any, texts: list[Text]) -> list[bytes]:
        """The vectors of texts, each encoded alone: then it is the same bit for bit whatever texts go with it."""
        encoded, size = [], self.settings.batch
        for start in range(0, len(texts), size):
            vectors = encoder([text.raw for text in texts[start : start + size]])
            norms = np.linalg.norm(vectors, axis=1, keepdims=True)
            encoded += per_product.as_bytes(vectors / np.maximum(norms, np.finfo(np.float32).tiny))
        return encoded

    def _load(self, model: Model) -> Any:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        if model.weights is None:
            weights.require_hub(self.name, model.name, self._handle(model.name))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tensorflow-hub imports pkg_resources, which is going away
            import tensorflow_hub as hub
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(STALL_SECONDS)
        try:
            folder = model.weights or Path(hub.resolve(self._handle(model.name)))
            if self.settings.sha256 is not None and model.weights is None:
                weights.pinned(self.name, weights.on_disk(model.name, "", "", folder), self.settings.sha256)
            encoder = hub.load(str(folder))
        except (OSError, ValueError) as error:
            raise MethodUnavailable(f"{model.name!r} cannot be loaded by tensorflow-hub ({error}).", REMEDY) from error
        finally:
            socket.setdefaulttimeout(before)
        if not callable(encoder):
            raise MethodUnavailable(f"{model.name!r} cannot be called with texts.", REMEDY)
        return _one_by_one(encoder)


def _raw(text: Text) -> str:
    return text.raw


def _one_by_one(encoder: Any) -> Callable[[list[str]], Vectors]:
    """The encoder called with one text at a time, in a loop inside TensorFlow: from Python it takes thrice the time."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])  # type: ignore[untyped-decorator]
    def encode(texts: Any) -> Any:
        def one(text: Any) -> Any:
            return tf.cast(encoder(text[None])[0], tf.float32)

        return tf.map_fn(one, texts, fn_output_signature=tf.float32, parallel_iterations=1)

    return lambda texts: np.asarray(encode(tf.constant(texts)), np.float32)
