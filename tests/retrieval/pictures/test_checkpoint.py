from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lookbook.retrieval.pictures.checkpoint import CheckpointError, read_checkpoint

Write = Callable[..., Path]
ARRAYS = {
    "rows": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "count": np.array(2**40, np.int64),
}


def changed(file: Path, old: bytes, new: bytes) -> Path:
    content = file.read_bytes()
    assert content.count(old) == 1
    file.write_bytes(content.replace(old, new))
    return file


def test_arrays_come_back_whatever_the_order_of_their_numbers(write_checkpoint: Write) -> None:
    found = read_checkpoint(write_checkpoint(ARRAYS))
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_a_dict_with_entries_of_one_and_attributes_is_read(write_checkpoint: Write) -> None:
    attributes = b"}X\x05\x00\x00\x00notes]Na"
    file = changed(write_checkpoint({"only": ARRAYS["rows"]}), b"u.\x80\x02](", b"u" + attributes + b"sb.\x80\x02](")
    np.testing.assert_array_equal(read_checkpoint(file)["only"], ARRAYS["rows"])


@pytest.mark.parametrize(
    ("instructions", "message"),
    [
        (b"cos\nsystem\n(X\x05\x00\x00\x00touchtR", "the file names 'os system'; allowed: collections OrderedDict, torch"),
        (b"cbuiltins\neval\n(X\x01\x00\x00\x001tR", "the file names 'builtins eval'"),
        (b"ccollections\nOrderedDict\n(K\x01tR", "a call of .*; allowed: collections OrderedDict without arguments"),
        (b"ctorch\nFloatStorage\n)R", "a call of"),
        (b"ccollections\nOrderedDict\n)\x81", "the instruction NEWOBJ"),
        (b"(ios\nsystem\n", "the instruction INST"),
        (b"X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93", "the instruction STACK_GLOBAL"),
        (b"]", "not a dict of tensors"),
        (b"}X\x01\x00\x00\x00aK\x01s", "not a dict of tensors"),
        (
            b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ\xff\xff\xff\xffNtQ",
            "not a storage",
        ),
        (b"h\x07", "cut or damaged"),
        (b"R", "cut or damaged"),
    ],
)
def test_what_is_no_tensor_is_refused_and_not_run(write_checkpoint: Write, instructions: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(write_checkpoint(ARRAYS, b"\x80\x04" + instructions + b"."))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((2, 3, 4), (2, 3, 5)),
        ((2, 3, 4), (-2, 3, 4)),
        ((12, 4, 1), (12, 4, 2)),
        ((12, 4, 1), (12, 4, -1)),
    ],
)
def test_a_tensor_that_reaches_beyond_its_numbers_is_refused(
    write_checkpoint: Write, old: tuple[int, ...], new: tuple[int, ...]
) -> None:
    was, becomes = (b"".join(b"J" + number.to_bytes(4, "little", signed=True) for number in numbers) for numbers in (old, new))
    with pytest.raises(CheckpointError, match="'rows' has no numbers, or reaches beyond its storage"):
        read_checkpoint(changed(write_checkpoint({"rows": ARRAYS["rows"]}), was, becomes))


def test_a_small_storage_cannot_stand_for_a_huge_tensor(write_checkpoint: Write) -> None:
    huge = b"".join(b"J" + number.to_bytes(4, "little") for number in (2**30, 1, 1))
    still = b"".join(b"J" + number.to_bytes(4, "little") for number in (0, 0, 0))
    numbers = {shape: b"".join(b"J" + number.to_bytes(4, "little") for number in shape) for shape in ((2, 3, 4), (12, 4, 1))}
    file = changed(write_checkpoint({"rows": ARRAYS["rows"]}), numbers[2, 3, 4], huge)
    with pytest.raises(CheckpointError, match="reaches beyond its storage"):
        read_checkpoint(changed(file, numbers[12, 4, 1], still))


def test_a_cut_file_and_one_of_another_kind_are_refused(write_checkpoint: Write, tmp_path: Path) -> None:
    file = write_checkpoint(ARRAYS)
    whole = file.read_bytes()
    for length in (*range(0, len(whole) - 200, 40), len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            read_checkpoint(file)
    file.write_bytes(b"PK\x03\x04" + whole)
    with pytest.raises(CheckpointError):
        read_checkpoint(file)
    file.write_bytes(whole.replace(b"J\xe9\x03\x00\x00.", b"J\xea\x03\x00\x00.", 1))
    with pytest.raises(CheckpointError, match=r"not a file of torch\.save before version 1\.6"):
        read_checkpoint(file)
