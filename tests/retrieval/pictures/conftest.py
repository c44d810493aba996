"""A file in the layout of torch.save, put together by hand, and weights without meaning for a network of any size."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lookbook.retrieval.pictures.network import Blocks, Network

Arrays = Mapping[str, npt.NDArray[np.generic]]
MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {np.dtype("float32"): "FloatStorage", np.dtype("int64"): "LongStorage"}

TINY = Network(
    size=10,
    stem=4,
    body=(
        Blocks(repeats=1, kernel=3, stride=1, expansion=1, filters=4),
        Blocks(repeats=2, kernel=5, stride=2, expansion=3, filters=6),
    ),
    head=7,
)


@dataclass(frozen=True)
class Named:
    module: str
    name: str


@dataclass(frozen=True)
class Called:
    function: Named
    arguments: tuple[object, ...]


@dataclass(frozen=True)
class Kept:
    identity: tuple[object, ...]


def pickled(value: object) -> bytes:
    """The instructions that put `value` together."""
    return b"\x80\x02" + instructions(value) + b"."


def instructions(value: object) -> bytes:
    match value:
        case None | True | False:
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        case int() if value > 2**31:
            return b"\x8a\x0a" + value.to_bytes(10, "little")
        case int():
            return b"J" + value.to_bytes(4, "little", signed=True)
        case str():
            return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()
    return collected(value)


def collected(value: object) -> bytes:
    match value:
        case Named():
            return f"c{value.module}\n{value.name}\n".encode()
        case Called():
            return instructions(value.function) + instructions(value.arguments) + b"R"
        case Kept():
            return instructions(value.identity) + b"Q"
        case tuple() | list():
            first, last = (b"(", b"t") if isinstance(value, tuple) else (b"](", b"e")
            return first + b"".join(map(instructions, value)) + last
        case dict():
            return b"}(" + b"".join(instructions(each) for item in value.items() for each in item) + b"u"
    raise TypeError(value)


def tensor(key: str, array: npt.NDArray[np.generic]) -> Called:
    strides = tuple(stride // array.itemsize for stride in array.strides)
    held = Kept(("storage", Named("torch", TYPES[array.dtype]), key, "cpu", array.size, None))
    hooks = Called(Named("collections", "OrderedDict"), ())
    return Called(Named("torch._utils", "_rebuild_tensor_v2"), (held, 0, array.shape, strides, False, hooks))


def checkpoint(arrays: Arrays, tensors: bytes | None) -> bytes:
    """The file; arrays are row by row or column by column."""
    keys = {str(place): array for place, array in enumerate(arrays.values())}
    if tensors is None:
        tensors = pickled({name: tensor(key, array) for (name, array), key in zip(arrays.items(), keys, strict=True)})
    facts = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    head = [pickled(MAGIC), pickled(1001), pickled(facts), tensors, pickled(list(keys))]
    return b"".join(head + [array.size.to_bytes(8, "little") + array.tobytes("A") for array in keys.values()])


@pytest.fixture
def tiny() -> Network:
    """With every kind of block: with expansion and without, with a residual and without, stride 1 and 2, even and odd sides."""
    return TINY


@pytest.fixture
def write_checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Writes arrays by name; `tensors`: other instructions to put them together."""

    def written(arrays: Arrays, tensors: bytes | None = None) -> Path:
        file = tmp_path / "weights.pth"
        file.write_bytes(checkpoint(arrays, tensors))
        return file

    return written


@pytest.fixture
def trained(tiny: Network) -> Arrays:
    return pytorch_weights(tiny)


def pytorch_weights(network: Network, seed: int = 0) -> dict[str, npt.NDArray[np.generic]]:
    """Random weights under the names, and in the shapes, of PyTorch; with the class layer and counters, which nobody needs."""
    rng = np.random.default_rng(seed)
    found: dict[str, npt.NDArray[np.generic]] = {}

    def layer(kernel: str, norm: str, shape: tuple[int, ...], channels: int) -> None:
        found[f"{kernel}.weight"] = rng.normal(size=shape, scale=1 / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        found[f"{norm}.weight"], found[f"{norm}.running_var"] = rng.uniform(0.5, 2, (2, channels)).astype(np.float32)
        found[f"{norm}.bias"], found[f"{norm}.running_mean"] = rng.normal(size=(2, channels)).astype(np.float32)
        found[f"{norm}.num_batches_tracked"] = np.array(7, np.int64)

    layer("_conv_stem", "_bn0", (network.stem, 3, 3, 3), network.stem)
    index, channels = 0, network.stem
    for blocks in network.body:
        for _ in range(blocks.repeats):
            name, wide = f"_blocks.{index}.", channels * blocks.expansion
            if blocks.expansion > 1:
                layer(f"{name}_expand_conv", f"{name}_bn0", (wide, channels, 1, 1), wide)
            layer(f"{name}_depthwise_conv", f"{name}_bn1", (wide, 1, blocks.kernel, blocks.kernel), wide)
            layer(f"{name}_project_conv", f"{name}_bn2", (blocks.filters, wide, 1, 1), blocks.filters)
            index, channels = index + 1, blocks.filters
    layer("_conv_head", "_bn1", (network.head, channels, 1, 1), network.head)
    found["_fc.weight"], found["_fc.bias"] = rng.normal(size=(3, network.head)).astype(np.float32), np.zeros(3, np.float32)
    return found
