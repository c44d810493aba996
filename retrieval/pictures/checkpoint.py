"""The tensors in a file that PyTorch wrote, read without PyTorch and without running anything that stands in it.

Input: a file as torch.save wrote it before version 1.6: five pickles (a magic number, a version, facts about the machine, the
tensors by name, the keys of their storages), then the numbers of each storage. Output: arrays by name.

Reading a pickle the usual way calls whatever functions it names. Here its instructions are only listed (pickletools), and those
that put together names, numbers and tensors are followed; any other instruction, and any name but NAMES, is refused.
"""

import pickletools
from collections.abc import Callable, Iterator, Mapping
from math import prod
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

Tensors = Mapping[str, npt.NDArray[np.generic]]

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
DICT, TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
Dtype = np.dtype[np.float32] | np.dtype[np.int64]
NUMBERS: Final[Mapping[str, Dtype]] = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
NAMES: Final = frozenset({DICT, TENSOR, *NUMBERS})
CONSTANTS: Final[Mapping[str, object]] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
PLAIN: Final = frozenset({"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"})
PUT, GET = frozenset({"BINPUT", "LONG_BINPUT"}), frozenset({"BINGET", "LONG_BINGET"})
TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class CheckpointError(ValueError):
    """The file holds something else than tensors, or is damaged."""


class _Name(NamedTuple):
    text: str


class _Storage(NamedTuple):
    dtype: Dtype
    key: str
    size: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Mark:
    """Where a collection begins on the stack."""


NEW: Final[Mapping[str, Callable[[], object]]] = {"MARK": _Mark, "EMPTY_DICT": dict, "EMPTY_LIST": list}


def read_checkpoint(path: Path) -> Tensors:
    """The arrays in `path`, by name, in the byte order and types in which they were written.

    Raises:
        CheckpointError: the file is none of these, is cut or damaged, or has an instruction or a name that tensors do not need.
    """
    with path.open("rb") as file:
        try:
            if (_pickled(file), _pickled(file)) != (MAGIC, VERSION):
                raise CheckpointError(f"{path.name}: not a file of torch.save before version 1.6")
            _pickled(file)
            return dict(_arrays(file, _pickled(file), _pickled(file)))
        except CheckpointError:
            raise
        except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{path.name}: cut or damaged ({error})") from error


def _arrays(file: BinaryIO, tensors: object, keys: object) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    if not isinstance(tensors, dict) or not all(isinstance(each, _Tensor) for each in tensors.values()):
        raise CheckpointError("not a dict of tensors")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if not isinstance(keys, list) or sorted(keys) != sorted(storages):
        raise CheckpointError("the storages are not those of the tensors")
    numbers = {key: _numbers(file, storages[key]) for key in keys}
    for name, (storage, offset, shape, strides) in tensors.items():
        last = offset + sum((width - 1) * stride for width, stride in zip(shape, strides, strict=True))
        inside = min((offset, *strides, *(width - 1 for width in shape))) >= 0 and last < storage.size
        if not inside or prod(shape) > storage.size:
            raise CheckpointError(f"tensor {name!r} has no numbers, or reaches beyond its storage")
        steps = [stride * storage.dtype.itemsize for stride in strides]
        yield str(name), as_strided(numbers[storage.key][offset:], shape, steps, writeable=False).copy()


def _numbers(file: BinaryIO, storage: _Storage) -> npt.NDArray[np.generic]:
    size = int.from_bytes(file.read(8), "little")
    content = file.read(size * storage.dtype.itemsize) if size == storage.size else b""
    if len(content) != size * storage.dtype.itemsize:
        raise CheckpointError(f"storage {storage.key!r} is cut, or not of the size that its tensors state")
    return np.frombuffer(content, storage.dtype)


def _pickled(file: BinaryIO) -> object:
    """What the next pickle of `file` describes."""
    stack: list[object] = []
    memory: dict[int, object] = {}
    for instruction, argument, _ in pickletools.genops(file):
        name = instruction.name
        if name in PUT:
            memory[_whole(argument)] = stack[-1]
        elif name in GET:
            stack.append(memory[_whole(argument)])
        elif name == "STOP":
            return stack.pop()
        elif name != "PROTO":
            _follow(name, argument, stack)
    raise CheckpointError("a pickle without an end")


def _whole(argument: object) -> int:
    if not isinstance(argument, int):
        raise CheckpointError(f"{argument!r} is no place in the memory of a pickle")
    return argument


def _follow(name: str, argument: object, stack: list[object]) -> None:
    """Change `stack` as the instruction says."""
    if name in PLAIN:
        stack.append(argument)
    elif name in CONSTANTS:
        stack.append(CONSTANTS[name])
    elif name in NEW:
        stack.append(NEW[name]())
    elif name == "TUPLE":
        stack.append(tuple(_since_mark(stack)))
    elif name in TUPLES:
        stack[-TUPLES[name] :] = [tuple(stack[-TUPLES[name] :])]
    elif name == "GLOBAL":
        if argument not in NAMES:
            raise CheckpointError(f"the file names {argument!r}; allowed: {', '.join(sorted(NAMES))}")
        stack.append(_Name(str(argument)))
    elif name in ("BINPERSID", "REDUCE", "BUILD", "SETITEM", "SETITEMS", "APPEND", "APPENDS"):
        _combine(name, stack)
    else:
        raise CheckpointError(f"the file has the instruction {name}, which no tensor needs")


def _combine(name: str, stack: list[object]) -> None:
    """Put together what lies on top of `stack`. BUILD sets attributes of a dict, which are dropped."""
    if name == "BINPERSID":
        stack.append(_storage(stack.pop()))
    elif name == "REDUCE":
        arguments, called = stack.pop(), stack.pop()
        stack.append(_built(called, arguments))
    elif name == "BUILD":
        stack.pop()
        _dict(stack)
    elif name == "SETITEM":
        value, key = stack.pop(), stack.pop()
        _dict(stack)[key] = value
    elif name == "SETITEMS":
        items = _since_mark(stack)
        _dict(stack).update(zip(items[::2], items[1::2], strict=True))
    else:
        items = _since_mark(stack) if name == "APPENDS" else [stack.pop()]
        if not isinstance(stack[-1], list):
            raise CheckpointError("an item for what is no list")
        stack[-1].extend(items)


def _dict(stack: list[object]) -> dict[object, object]:
    if not isinstance(stack[-1], dict):
        raise CheckpointError("an entry for what is no dict")
    return stack[-1]


def _since_mark(stack: list[object]) -> list[object]:
    """What lies above the last mark, taken off together with it."""
    place = max(place for place, each in enumerate(stack) if isinstance(each, _Mark))
    above = stack[place + 1 :]
    del stack[place:]
    return above


def _storage(identity: object) -> _Storage:
    """Of ("storage", type, key, device, size, view)."""
    match identity:
        case ("storage", _Name(text), str(key), str(), int(size), None) if size >= 0 and text in NUMBERS:
            return _Storage(NUMBERS[text], key, size)
    raise CheckpointError(f"not a storage: {identity}")


def _built(called: object, arguments: object) -> object:
    """An empty dict, or a tensor of (storage, offset, shape, strides, requires_grad, hooks); strides in numbers, not bytes."""
    match called, arguments:
        case _Name(text), () if text == DICT:
            return {}
        case _Name(text), (_Storage() as storage, int(offset), tuple(shape), tuple(strides), bool(), dict()) if text == TENSOR:
            return _Tensor(storage, offset, shape, strides)
    raise CheckpointError(f"a call of {called}; allowed: {DICT} without arguments, {TENSOR} with those of a tensor")
