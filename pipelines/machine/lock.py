"""One process at a time in a folder of artifacts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lookbook.pipelines.errors import LockedError, SettingsError
from lookbook.pipelines.machine.disk import FULL


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold `root` for this process.

    Raises:
        LockedError: another process holds it.
        SettingsError: it is no folder, or none that may be written to.
    """
    lock = FileLock(root / ".lock", timeout=0)
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise LockedError(f"{root} is in use by another lookbook process; wait for it or use --artifacts ANOTHER") from None
    except OSError as error:
        if error.errno in FULL:
            raise
        raise SettingsError(f"--artifacts {root}: {error.strerror}; expected a folder that may be written to") from None
    try:
        yield
    finally:
        lock.release()
