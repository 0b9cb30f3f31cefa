"""`cnn`: what a network trained on ImageNet sees in a picture, by transfer (Razavian et al. 2014).

The last feature map, averaged over the picture (global average pooling), of one of the networks of
keras.applications, each with its own input size and preprocessing.
"""

import importlib
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingestion.config import Settings
from ingestion.features import weights as found
from ingestion.features.base import Batch, Inputs, Issue, Model, Picture, Progress
from ingestion.images import PictureError, letterbox, open_rgb
from store.errors import MethodUnavailable


class Network(NamedTuple):
    """One network: its module in keras.applications, input size in pixels, weights file without the top, licence."""

    module: str
    size: int
    folder: str
    file: str
    licence: str


NETWORKS = {
    "MobileNetV2": Network(
        "mobilenet_v2",
        224,
        "mobilenet_v2",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "Apache-2.0",
    ),
    "EfficientNetV2B0": Network("efficientnet_v2", 224, "efficientnet_v2", "efficientnetv2-b0_notop.h5", "Apache-2.0"),
    "VGG16": Network("vgg16", 224, "vgg16", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "CC BY 4.0"),
    "ResNet50": Network("resnet", 224, "resnet", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "MIT"),
}
DOWNLOADS = "https://storage.googleapis.com/tensorflow/keras-applications"
REMEDY = (
    "Give a file of Keras weights without the top in [methods.cnn] weights (MobileNetV2 unless model names another), "
    f"or let Keras download one by naming it in [methods.cnn] model: {', '.join(NETWORKS)}."
)


class CnnSettings(Settings):
    """Settings of `cnn`."""

    weights: Path | None = None
    """A file of Keras weights (.h5) without the top, for the network `model`."""
    model: Literal["MobileNetV2", "EfficientNetV2B0", "VGG16", "ResNet50"] | None = None
    """The network. Named without `weights`, Keras downloads its ImageNet weights at first use; weights without a
    name are taken for MobileNetV2, the smallest (2.3 million figures) and fastest on a processor."""
    batch: Annotated[int, Field(ge=1)] = 32
    """Pictures per batch: beyond 32 a processor gains nothing, and each costs some MB."""
    decoders: Annotated[int, Field(ge=1, le=64)] = 2
    """Threads that decode the next batch while the network works: two are never waited for."""


class Cnn:
    """Pooled feature maps of each picture: (n, 1280) for MobileNetV2."""

    name: ClassVar[str] = "cnn"
    modality: ClassVar[str] = "image"
    runtime: ClassVar[str] = "tensorflow"
    Settings: ClassVar[type[CnnSettings]] = CnnSettings

    def __init__(self, settings: CnnSettings) -> None:
        self.settings = settings

    def needs(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def resolve(self) -> Model:
        """A file that was given, else the network that was named: Keras's copy of it if there is one."""
        name = self.settings.model or "MobileNetV2"
        if self.settings.weights:
            file = found.given(self.name, self.settings.weights)
            return Model(name, f"path {file}", found.UNSTATED, found.sha256_of(file), file)
        if self.settings.model is None:
            raise MethodUnavailable("No weights are configured for cnn, and none are embedded.", REMEDY)
        network = NETWORKS[name]
        kept = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models" / network.file
        if kept.exists():
            return Model(name, "keras.applications", network.licence, found.sha256_of(kept), kept)
        return Model(name, "keras.applications", network.licence)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) pooled features as the network gives them. MethodUnavailable if the weights do not fit."""
        network, prepare = self._load(model)
        size, done = NETWORKS[model.name].size, 0
        with ThreadPoolExecutor(self.settings.decoders) as pool:
            for decoding in _ahead(pool, inputs.pictures(), size, self.settings.batch):
                decoded = [(picture, future.result()) for picture, future in decoding]
                issues = [image for _, image in decoded if isinstance(image, Issue)]
                pixels = [image for _, image in decoded if not isinstance(image, Issue)]
                ids = [picture.product_id for picture, image in decoded if not isinstance(image, Issue)]
                vectors = np.zeros((0, network.output_shape[-1]), np.float32)
                if pixels:
                    vectors = np.asarray(network.predict_on_batch(prepare(np.stack(pixels).astype(np.float32))))
                done += len(decoded)
                yield Batch(ids, vectors, issues=issues)
                progress(done, inputs.n_pictures)

    def _load(self, model: Model) -> tuple[Any, Any]:
        """The network with its global average pooling, and its own preprocessing."""
        network = NETWORKS[model.name]
        if model.weights is None:
            found.require_hub(self.name, model.name, f"{DOWNLOADS}/{network.folder}/{network.file}")
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import keras

        try:
            with warnings.catch_warnings():
                # Keras only warns where a file lacks layers, and leaves them random.
                warnings.simplefilter("error", UserWarning)
                built = getattr(keras.applications, model.name)(
                    include_top=False,
                    weights=str(model.weights or "imagenet"),
                    input_shape=(network.size, network.size, 3),
                    pooling="avg",
                )
        except (OSError, ValueError, UserWarning) as error:
            raise MethodUnavailable(
                f"{model.weights or 'What Keras downloaded'} cannot be loaded as {model.name} without its top "
                f"({str(error).splitlines()[0]}).",
                REMEDY,
            ) from error
        return built, importlib.import_module(f"keras.applications.{network.module}").preprocess_input


Decoding = list[tuple[Picture, "Future[NDArray[np.uint8] | Issue]"]]


def _ahead(pool: ThreadPoolExecutor, pictures: Iterator[Picture], size: int, batch: int) -> Iterator[Decoding]:
    """Batches in order, the next one being decoded while the caller works on this one: two are held, never more."""

    def submit() -> Decoding:
        return [(picture, pool.submit(_pixels, picture, size)) for picture in islice(pictures, batch)]

    current = submit()
    while current:
        following = submit()
        yield current
        current = following


def _pixels(picture: Picture, size: int) -> NDArray[np.uint8] | Issue:
    """(size, size, 3) upright and letterboxed on white, or an Issue."""
    try:
        return letterbox(open_rgb(picture.path), size)
    except PictureError as error:
        return Issue(picture.product_id, error.problem, f"{error} It was given no vector.")
