"""The architecture of cnn-compact: built here, once, for the method that runs it and for the recipe that trains it."""

import os
from pathlib import Path
from typing import Any

SIZE = 144
"""Pixels of the side of an image that cnn-compact reads: with two blocks fewer, under half the teacher's time."""
WIDTH = 1280
"""Length of its vectors: the teacher's."""
BLOCKS = (
    (16, 1, 1), (24, 2, 6), (24, 1, 6), (32, 2, 6), (32, 1, 6), (32, 1, 6),
    (64, 2, 6), (64, 1, 6), (64, 1, 6), (64, 1, 6), (96, 1, 6), (96, 1, 6), (96, 1, 6),
    (160, 2, 6), (160, 1, 6), (160, 1, 6), (320, 1, 6),
)  # fmt: skip
"""MobileNetV2's seventeen blocks: output channels, stride, expansion (Sandler et al. 2018, table 2)."""
KEPT = (0, 1, 2, 3, 4, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16)
"""The blocks that cnn-compact has; the two that it lacks only add to their input."""


def use_tensorflow() -> Any:
    """Keras, on TensorFlow: the fastest of its backends on a processor. Before the first import of keras."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    return keras


def cnn_compact(momentum: float = 0.95) -> Any:
    """The network, untrained: (n, 144, 144, 3) uint8 RGB -> feature map (n, 4, 4, 1280) float32.

    Layers are named as in keras.applications.MobileNetV2, so that they can start from the teacher's. `momentum` is
    the batch norms': Keras's 0.999 would leave their statistics stale after some hundred steps.
    """
    keras = use_tensorflow()
    layers = keras.layers

    def norm(x: Any, name: str) -> Any:
        return layers.BatchNormalization(epsilon=1e-3, momentum=momentum, name=name)(x)

    def depthwise(x: Any, stride: int, name: str) -> Any:
        if stride == 2:  # as the teacher pads
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=name + "_pad")(x)
        padding = "valid" if stride == 2 else "same"
        return layers.DepthwiseConv2D(3, stride, padding=padding, use_bias=False, name=name)(x)

    def pointwise(x: Any, channels: int, name: str) -> Any:
        return layers.Conv2D(channels, 1, use_bias=False, name=name)(x)

    image = keras.Input((SIZE, SIZE, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, -1, name="rescale")(image)
    x = layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6, name="Conv1_relu")(norm(x, "bn_Conv1"))
    for i in KEPT:
        channels, stride, widen = BLOCKS[i]
        prefix, before = f"block_{i}_" if i else "expanded_conv_", x
        if widen > 1:
            x = pointwise(x, widen * x.shape[-1], prefix + "expand")
            x = layers.ReLU(6, name=prefix + "expand_relu")(norm(x, prefix + "expand_BN"))
        x = depthwise(x, stride, prefix + "depthwise")
        x = layers.ReLU(6, name=prefix + "depthwise_relu")(norm(x, prefix + "depthwise_BN"))
        x = norm(pointwise(x, channels, prefix + "project"), prefix + "project_BN")
        if stride == 1 and before.shape[-1] == channels:
            x = layers.Add(name=prefix + "add")([before, x])
    x = norm(pointwise(x, WIDTH, "Conv_1"), "Conv_1_bn")
    return keras.Model(image, layers.ReLU(6, name="out_relu", dtype="float32")(x), name="cnn_compact")


def save_half(network: Any, path: Path) -> None:
    """One HDF5 dataset per weight: kernels in half precision, vectors in single, as variances can be tiny."""
    import h5py

    with h5py.File(path, "w") as file:
        for w in network.weights:
            values = w.numpy()
            file.create_dataset(w.path, data=values.astype("float16" if values.ndim > 1 else "float32"))


def load_cnn_compact(path: Path) -> Any:
    """The encoder of a file of `save_half`: (n, 144, 144, 3) uint8 RGB -> (n, 1280) float32, not normalised.

    OSError, KeyError or ValueError if the file is not one of this network's.
    """
    import h5py

    network = cnn_compact()
    with h5py.File(path) as file:
        for w in network.weights:
            w.assign(file[w.path][()].astype("float32"))
    keras = use_tensorflow()
    pooled = keras.layers.GlobalAveragePooling2D()(network.output)
    return keras.Model(network.input, pooled, name="cnn_compact")
