"""`cnn`: image features of a network trained on ImageNet, by transfer (Razavian et al. 2014).

The last feature map, averaged over the image (global average pooling), of the embedded cnn-compact, which imitates
MobileNetV2 (ingestion/encoders), or of one of the networks of keras.applications, each with its own input size and
preprocessing.
"""

import importlib
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingestion.features import cnn_compact, per_product, weights
from ingestion.features.base import Batch, Inputs, Issue, Method, Model, ProductImage
from ingestion.features.weights import SHA256
from ingestion.image_files import ImageError, letterbox
from ingestion.settings import Settings
from ingestion.task import Progress
from store.errors import MethodUnavailable


class Network(NamedTuple):
    """One network of keras.applications.

    Its module, input size in pixels, weights file without the top, licence, length of a vector.
    """

    module: str
    size: int
    folder: str
    file: str
    licence: str
    dimensions: int


COMPACT = "cnn-compact"
NETWORKS = {
    "MobileNetV2": Network(
        "mobilenet_v2",
        224,
        "mobilenet_v2",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "Apache-2.0",
        1280,
    ),
    "EfficientNetV2B0": Network(
        "efficientnet_v2", 224, "efficientnet_v2", "efficientnetv2-b0_notop.h5", "Apache-2.0", 1280
    ),
    "VGG16": Network("vgg16", 224, "vgg16", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "CC BY 4.0", 512),
    "ResNet50": Network("resnet", 224, "resnet", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "MIT", 2048),
}
DOWNLOADS = "https://storage.googleapis.com/tensorflow/keras-applications"
REMEDY = (
    "Give a file of Keras weights without the top in [methods.cnn] weights (MobileNetV2 unless model names another), "
    f"or let Keras download one by naming it in [methods.cnn] model: {', '.join(NETWORKS)}; or leave both out for the "
    f"embedded {COMPACT}."
)


ROWS = 512
"""Images whose vectors are kept together: some seconds of work."""
Prepare = Callable[[NDArray[np.uint8]], NDArray[Any]]


class CnnSettings(Settings):
    """Settings of `cnn`."""

    weights: Path | None = None
    """A file of Keras weights (.h5) without the top, for the network `model`; the embedded one when not given."""
    model: Literal["cnn-compact", "MobileNetV2", "EfficientNetV2B0", "VGG16", "ResNet50"] | None = None
    """The network. One of keras.applications is downloaded by Keras at first use when it is named without `weights`;
    weights without a name are taken for MobileNetV2, the smallest of these (2.3 million figures) and the fastest."""
    sha256: Annotated[str | None, Field(pattern=SHA256)] = None
    """The fingerprint of the weights, as `aislemap models` and the table `models` show it: others are not loaded. Keras
    itself checks what it downloads. Only weights are read of a file, never layers, which could hold code."""
    batch: Annotated[int, Field(ge=1)] = 32
    """Images per batch: beyond 32 a processor gains nothing, and each costs some MB (not repeatable)."""
    decoders: Annotated[int, Field(ge=1, le=64)] = 2
    """Threads that decode the next batch while the network works: with two it never waits (not repeatable)."""


class Cnn(Method):
    """Pooled feature maps of each image: (n, 1280) for cnn-compact and MobileNetV2."""

    name = "cnn"
    modality = "image"
    runtime = "tensorflow"
    Settings = CnnSettings
    settings: CnnSettings

    def resolve(self) -> Model:
        """A file that was given, else the network that was named (from Keras's cache if there), else cnn-compact."""
        name = self.settings.model or "MobileNetV2"
        if self.settings.weights:
            file = weights.existing(self.name, self.settings.weights)
            dimensions = cnn_compact.WIDTH if name == COMPACT else NETWORKS[name].dimensions
            found = weights.on_disk(name, f"path {file}", weights.UNKNOWN, file, dimensions)
            return weights.pinned(self.name, found, self.settings.sha256)
        if self.settings.model is None or self.settings.model == COMPACT:
            return weights.embedded(self.name, COMPACT)
        network = NETWORKS[name]
        kept = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models" / network.file
        if kept.exists():
            return weights.on_disk(name, "keras.applications", network.licence, kept, network.dimensions)
        return Model(name, "keras.applications", network.licence, dimensions=network.dimensions)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) pooled features as the network gives them. MethodUnavailable if the weights do not fit."""
        load = cache(lambda: self._load(model))
        results = inputs.chunks.results(inputs.images, _sha256, lambda i: self._encode(*load(), i), progress, ROWS)
        yield from per_product.batches(results)

    def _encode(self, network: Any, prepare: Prepare, images: list[ProductImage]) -> list[bytes | Issue]:
        """The vectors of images, or why there is none.

        Each batch is filled up by repeating its images: the network's rounding depends on how many images it gets.
        """
        size, rows = network.input_shape[1], self.settings.batch
        encoded: list[bytes | Issue] = []
        with ThreadPoolExecutor(self.settings.decoders) as pool:
            for decoding in _ahead(pool, iter(images), size, rows):
                decoded = [future.result() for future in decoding]
                pixels = [result for result in decoded if not isinstance(result, Issue)]
                vectors: Iterator[bytes] = iter(())
                if pixels:
                    full = prepare(np.stack((pixels * rows)[:rows]))
                    vectors = iter(per_product.as_bytes(np.asarray(network.predict_on_batch(full))[: len(pixels)]))
                encoded += [result if isinstance(result, Issue) else next(vectors) for result in decoded]
        return encoded

    def _load(self, model: Model) -> tuple[Any, Prepare]:
        """The network with its global average pooling, and its own preprocessing of (n, size, size, 3) uint8."""
        try:
            with warnings.catch_warnings():
                # Keras only warns where a file lacks layers, and leaves them random.
                warnings.simplefilter("error", UserWarning)
                if model.name == COMPACT and model.weights:
                    return cnn_compact.load_cnn_compact(model.weights), np.asarray
                return self._of_keras(model)
        except (OSError, KeyError, ValueError, UserWarning) as error:
            raise MethodUnavailable(
                f"{model.weights or 'What Keras downloaded'} cannot be loaded as {model.name} without its top "
                f"({str(error).splitlines()[0]}).",
                REMEDY,
            ) from error

    def _of_keras(self, model: Model) -> tuple[Any, Prepare]:
        network = NETWORKS[model.name]
        if model.weights is None:
            weights.require_hub(self.name, model.name, f"{DOWNLOADS}/{network.folder}/{network.file}")
        built = getattr(cnn_compact.use_tensorflow().applications, model.name)(
            include_top=False,
            weights=str(model.weights or "imagenet"),
            input_shape=(network.size, network.size, 3),
            pooling="avg",
        )
        scale = importlib.import_module(f"keras.applications.{network.module}").preprocess_input
        return built, lambda pixels: scale(pixels.astype(np.float32))


Decoding = list["Future[NDArray[np.uint8] | Issue]"]


def _sha256(image: ProductImage) -> str:
    return image.sha256


def _ahead(pool: ThreadPoolExecutor, images: Iterator[ProductImage], size: int, batch: int) -> Iterator[Decoding]:
    """Batches in order, the next one being decoded while the caller works on this one; at most two are in memory."""

    def submit() -> Decoding:
        return [pool.submit(_pixels, image, size) for image in islice(images, batch)]

    current = submit()
    while current:
        following = submit()
        yield current
        current = following


def _pixels(image: ProductImage, size: int) -> NDArray[np.uint8] | Issue:
    """(size, size, 3) upright and letterboxed on white, or an Issue."""
    try:
        return letterbox(image.open(), size)
    except ImageError as error:
        return Issue(image.product_id, error.problem, f"{error} It was given no vector.")
