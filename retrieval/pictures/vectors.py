"""A vector for each picture, from the network.

Input: files of pictures, weights (retrieval/pictures/weights.py). Output: PICTURE_VECTORS, a part at a time.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import Schema
from lookbook.retrieval.pictures.images import UnreadablePictureError, as_input, read_picture
from lookbook.retrieval.pictures.network import CHANNELS, LITE0, Network, build, load
from lookbook.retrieval.pictures.weights import converted
from lookbook.retrieval.source import Device
from lookbook.retrieval.vectors.tensorflow_runtime import start_tensorflow

if TYPE_CHECKING:
    import keras

BATCH = 32
"""Pictures that the network sees at a time; always as many, the last filled up, so that no vector depends on how many there are."""
READERS = 2

PICTURE_VECTORS: Schema = {"sha256": pl.String, "vector": pl.Array(pl.Float32, LITE0.head)}
"""One row per picture. sha256: of the bytes of its file, in hex digits. vector: null where the file is no picture or damaged."""

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


def picture_vectors(
    files: Mapping[str, Path], weights: Path, *, part: int, device: Device, network: Network = LITE0
) -> Iterator[pl.DataFrame]:
    """PICTURE_VECTORS of `files` (SHA-256 -> file), at most `part` pictures at a time, in the order of `files`.

    A vector depends on nothing but its picture, the weights and the device.
    """
    start_tensorflow()
    import keras

    with keras.device(f"{device}:0"):
        model = build(network)
        load(model, converted(weights))
        for shas in _batches(list(files), part):
            batches = [_seen(model, [files[sha] for sha in some], network) for some in _batches(shas, BATCH)]
            vectors = pl.Series(np.concatenate([vectors for vectors, _ in batches]))
            readable = pl.Series(np.concatenate([readable for _, readable in batches]))
            yield pl.DataFrame({"sha256": shas, "vector": vectors}).with_columns(vector=pl.when(readable).then("vector"))


def _seen(model: "keras.Model", files: list[Path], network: Network) -> tuple[Floats, Flags]:
    """The vector of each, and whether it can be read."""
    pictures = _read(files, network.size)
    pixels = np.zeros((BATCH, network.size, network.size, CHANNELS), np.uint8)
    for place, picture in enumerate(pictures):
        if picture is not None:
            pixels[place] = picture
    vectors = np.asarray(model.predict_on_batch(as_input(pixels)), np.float32)
    return vectors[: len(files)], np.array([picture is not None for picture in pictures])


def _read(files: list[Path], size: int) -> list[Pixels | None]:
    """The pixels of each; None of one that cannot be read."""

    def pixels(file: Path) -> Pixels | None:
        try:
            return read_picture(file, size)
        except UnreadablePictureError:
            return None

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(pixels, files))


def _batches(shas: list[str], size: int) -> Iterator[list[str]]:
    return (shas[start : start + size] for start in range(0, len(shas), size))
