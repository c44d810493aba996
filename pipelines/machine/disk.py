"""A full disk, said so: Python and Polars report it each in their own way, Polars sometimes as a damaged file."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lookbook.pipelines.errors import ResourceError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NEARLY_NOTHING = 1 << 20
"""Bytes free below which an input or output error is put down to the disk, although it names no reason."""


@contextmanager
def full_disk_explained(folder: Path) -> Iterator[None]:
    """Turn what is raised while `folder` is written to into a ResourceError, if the disk or a limit on it is the reason."""
    try:
        yield
    except Exception as error:
        reason = _reason(error, shutil.disk_usage(folder).free)
        if reason is None:
            raise
        written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        raise ResourceError(
            f"cannot write {folder}: {os.strerror(reason)}; {written:,} bytes were written, {shutil.disk_usage(folder).free:,} are "
            "free on that disk. Make room or name another folder, then repeat the command: finished steps are kept."
        ) from error


def _reason(error: BaseException | None, free: int) -> int | None:
    """The error number in `error` or in what caused it."""
    from polars.exceptions import PolarsError

    unexplained = False
    while error is not None:
        told = re.search(r"\(os error (\d+)\)", str(error)) if isinstance(error, PolarsError) else None
        number = error.errno if isinstance(error, OSError) else int(told[1]) if told else None
        if number in FULL:
            return number
        unexplained |= isinstance(error, (OSError, PolarsError))
        error = error.__cause__ or error.__context__
    return errno.ENOSPC if unexplained and free < NEARLY_NOTHING else None
