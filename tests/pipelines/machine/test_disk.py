"""A full disk is told from other errors, however it is reported."""

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from polars.exceptions import ComputeError

from lookbook.pipelines.errors import ResourceError
from lookbook.pipelines.machine.disk import full_disk_explained

VAGUE = ComputeError("parquet: File out of specification: Invalid thrift: transport error")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EFBIG, "File too large"),
        ComputeError("parquet: File out of specification: underlying IO error: File too large (os error 27)"),
    ],
    ids=str,
)
def test_a_disk_or_limit_that_is_named_is_explained_with_bytes(tmp_path: Path, error: Exception) -> None:
    (tmp_path / "half").write_bytes(b"x" * 1234)
    with pytest.raises(ResourceError, match=r"1,234 bytes were written, [\d,]+ are free"), full_disk_explained(tmp_path):
        raise error


def test_the_cause_of_another_error_counts_too(tmp_path: Path) -> None:
    with pytest.raises(ResourceError), full_disk_explained(tmp_path):
        raise ValueError("a wrapper") from OSError(errno.ENOSPC, "No space left on device")


def test_a_vague_error_is_put_down_to_the_disk_only_where_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ComputeError), full_disk_explained(tmp_path):
        raise VAGUE
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(ResourceError, match="No space left"), full_disk_explained(tmp_path):
        raise VAGUE
    with pytest.raises(ValueError, match="a bug"), full_disk_explained(tmp_path):
        raise ValueError("a bug")
