"""The base class of the feature methods, and the types of what they read and yield.

A method is one file with one class. It declares its modality, finds its model without loading it, and
turns the catalogue into vectors batch by batch, so that no step holds all texts or images at once.
Heavy packages (torch, tensorflow, cv2, gensim) are imported inside the functions that use them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ingestion.features.frozen import Frozen
from ingestion.image_files import decode, open_rgb
from ingestion.task import Progress
from store.chunks import Chunks

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """What runs for a method; one row of the `models` table.

    `sha256` is that of the weights, None where the model is fitted on the catalogue itself. `weights` is the
    path that `embed` loads, None for fitted models and for weights that the hub's own client fetches and keeps.
    `size_bytes` is what the weights take on disk. `dimensions` is the length of a vector, or its upper bound where a
    small catalogue gives fewer; None where only a run tells.
    """

    name: str
    source: str
    licence: str
    sha256: str | None = None
    weights: Path | None = None
    size_bytes: int | None = None
    dimensions: int | None = None


@dataclass(frozen=True)
class Text:
    """A product's text: `raw` as written, `clean` as lemmas joined by spaces."""

    product_id: str
    raw: str
    clean: str


@dataclass(frozen=True)
class ProductImage:
    """A product's image file, or its bytes where the catalogue holds them; it was decoded once before.

    `sha256` is that of its bytes, in hexadecimal.
    """

    product_id: str
    path: Path
    sha256: str
    data: bytes | None = None

    def open(self) -> Image.Image:
        """The image, upright, as RGB; ImageError as of `image_files.open_rgb`."""
        return open_rgb(self.path) if self.data is None else decode(self.data, self.path.name, None)


@dataclass(frozen=True)
class Inputs:
    """What a method may read; each call starts a fresh pass over the catalogue, in its order.

    `vectors(method)` gives the product ids and the (n, d) vectors of a method that this one `needs`. `chunks` keeps
    what depends on one product alone for the next run, under the method's model, settings and code; `frozen` keeps what
    is fitted on all products.
    """

    texts: Callable[[], Iterator[Text]]
    n_texts: int
    images: Callable[[], Iterator[ProductImage]]
    n_images: int
    vectors: Callable[[str], tuple[list[str], Vectors]]
    chunks: Chunks = field(default_factory=Chunks)
    frozen: Frozen = field(default_factory=Frozen)


@dataclass(frozen=True)
class Issue:
    """A product that the method could not take, or not take whole; one row of `issues`."""

    product_id: str
    problem: str
    detail: str


@dataclass(frozen=True)
class Batch:
    """Some products' results: `vectors` is (len(product_ids), d), float32 and finite.

    `terms` are (product_id, term, weight), of bag-of-words methods only.
    """

    product_ids: list[str]
    vectors: Vectors
    terms: list[tuple[str, str, float]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


class Method(ABC):
    """A feature method. `settings` is its validated table in the configuration ([methods.<name>])."""

    name: ClassVar[str]
    modality: ClassVar[str]
    """text, image or text+image"""
    runtime: ClassVar[str]
    """plain, torch or tensorflow: steps of one runtime may share a worker process, others never do."""
    fits: ClassVar[bool] = False
    """Whether something of it is fitted on the catalogue."""
    Settings: ClassVar[type[Any]]
    """A pydantic model (see ingestion.config.Settings): every field with default, range and reason."""

    settings: Any
    """Of the type `Settings`; each method declares its own."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def needs(self) -> tuple[str, ...]:
        """Names of the methods whose vectors this one joins; empty for all but fusion."""
        return ()

    @abstractmethod
    def resolve(self) -> Model:
        """Find the model without loading it: quick, no heavy import, no network wait.

        MethodUnavailable, with the remedy, if its weights or packages cannot be had.
        """

    @abstractmethod
    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield every product that can be embedded, once, in batches. Deterministic for equal inputs and settings."""
