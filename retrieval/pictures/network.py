"""EfficientNet-Lite0: what a picture looks like, as 1,280 numbers, from a convolutional network trained to tell 1,000 classes.

Input: pictures as pixels. Output: vectors. Tan and Le 2019 (EfficientNet), in the variant Lite of 2020: without
squeeze-and-excitation and with ReLU6. The last layer, which names the class, is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import keras

EPSILON = 1e-3
"""Added to the variance by every batch normalization."""
CHANNELS = 3
"""Red, green, blue."""


@dataclass(frozen=True)
class Blocks:
    """Like blocks in a row (inverted bottlenecks: Sandler et al. 2018). stride: of the first, the others have 1. expansion: how
    many times as many channels it has inside as at its entry; 1 = it has no layer that expands. filters: channels at its exit."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


@dataclass(frozen=True)
class Network:
    """size: width and height of a picture, in pixels. stem, head: channels after the first and the last convolution; the latter are
    the numbers of a vector."""

    size: int
    stem: int
    body: tuple[Blocks, ...]
    head: int


LITE0 = Network(
    size=224,
    stem=32,
    body=(
        Blocks(repeats=1, kernel=3, stride=1, expansion=1, filters=16),
        Blocks(repeats=2, kernel=3, stride=2, expansion=6, filters=24),
        Blocks(repeats=2, kernel=5, stride=2, expansion=6, filters=40),
        Blocks(repeats=3, kernel=3, stride=2, expansion=6, filters=80),
        Blocks(repeats=3, kernel=5, stride=1, expansion=6, filters=112),
        Blocks(repeats=4, kernel=5, stride=2, expansion=6, filters=192),
        Blocks(repeats=1, kernel=3, stride=1, expansion=6, filters=320),
    ),
    head=1280,
)


def build(network: Network) -> "keras.Model":
    """A model from float32 pictures (n, size, size, 3) to vectors (n, head), with weights that mean nothing yet.

    Its layers are called as in the weights: stem, blocks.0.expand, blocks.0.expand.norm, blocks.0.depthwise, ..., head, head.norm.
    """
    import keras

    pictures = keras.Input((network.size, network.size, CHANNELS))
    x = _normalized(_convolution("stem", network.stem, kernel=3, stride=2)(pictures), "stem")
    index, channels = 0, network.stem
    for blocks in network.body:
        for repeat in range(blocks.repeats):
            x = _block(x, f"blocks.{index}", blocks, channels=channels, stride=1 if repeat else blocks.stride)
            index, channels = index + 1, blocks.filters
    x = _normalized(_convolution("head", network.head, kernel=1)(x), "head")
    return keras.Model(pictures, keras.layers.GlobalAveragePooling2D(name="mean")(x))


def load(model: "keras.Model", weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Give `model` its weights, by "layer/weight".

    Raises:
        ValueError: some are missing, left over, or of another shape.
    """
    wanted = {f"{layer.name}/{weight.name}": weight for layer in model.layers for weight in layer.weights}
    if wanted.keys() != weights.keys():
        raise ValueError(f"weights of another network: {sorted(wanted.keys() ^ weights.keys())[:3]} are missing or left over")
    for name, weight in wanted.items():
        weight.assign(weights[name])


def _block(x: "keras.KerasTensor", name: str, blocks: Blocks, *, channels: int, stride: int) -> "keras.KerasTensor":
    """Expand, look at each channel by itself, project; what came in is added where it has the same shape."""
    import keras

    entry = x
    if blocks.expansion > 1:
        x = _normalized(_convolution(f"{name}.expand", channels * blocks.expansion, kernel=1)(x), f"{name}.expand")
    depthwise = keras.layers.DepthwiseConv2D(
        blocks.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}.depthwise"
    )
    x = _normalized(depthwise(x), f"{name}.depthwise")
    x = _normalized(_convolution(f"{name}.project", blocks.filters, kernel=1)(x), f"{name}.project", bend=False)
    return keras.layers.Add(name=f"{name}.add")([x, entry]) if stride == 1 and channels == blocks.filters else x


def _convolution(name: str, filters: int, *, kernel: int, stride: int = 1) -> "keras.layers.Layer":
    import keras

    return keras.layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False, name=name)


def _normalized(x: "keras.KerasTensor", name: str, *, bend: bool = True) -> "keras.KerasTensor":
    """Batch normalization and, with `bend`, min(max(x, 0), 6)."""
    import keras

    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}.norm")(x)
    return keras.layers.ReLU(max_value=6.0, name=f"{name}.relu")(x) if bend else x
