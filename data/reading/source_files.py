"""Finding the raw files of a data set, and reading them only if they are what they seem.

Input: paths; one may lead into a zip file, as `ml-1m.zip/ml-1m/users.dat`. Output: checked paths, their bytes decompressed, their
SHA-256.
"""

import gzip
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from lookbook.data.errors import SourceFileError, Where

SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".csv.zip", ".zip", ".parquet")
CHUNK = 1 << 24
GZIP, ZSTD, ZIP, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1"


def find_file(folder: Path, stem: str) -> Path | None:
    """The file `stem` + one of SUFFIXES in `folder`, the first in that order; None if there is none."""
    if not folder.is_dir():
        raise SourceFileError("the data folder does not exist", Where(folder), expected="a folder with the raw files")
    found = [folder / (stem + suffix) for suffix in SUFFIXES if (folder / (stem + suffix)).exists()]
    return found[0] if found else None


def require_file(folder: Path, stem: str) -> Path:
    """Like `find_file`, but refuses when there is none."""
    found = find_file(folder, stem)
    if found is None:
        raise SourceFileError(f"{stem} is missing", Where(folder), expected=f"{stem} with one of the endings {', '.join(SUFFIXES)}")
    return found


def zip_of(path: Path) -> Path | None:
    """The file that `path` leads into; None if it leads to a place of the file system, be there something or not."""
    return next((parent for parent in path.parents if os.path.isfile(parent)), None)  # which answers where is_file() raises


def zip_members(archive: Path) -> dict[str, int]:
    """The files inside a zip file, by their path there: bytes of their content.

    Raises:
        SourceFileError: it is no zip file, or damaged.
    """
    check_regular(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            return {each.filename: each.file_size for each in opened.infolist() if _is_content(each.filename)}
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceFileError(f"the zip file cannot be read: {error}", Where(archive), fix="get the file again") from error


def content_size(path: Path) -> int:
    """Bytes of a file as it lies there; of one inside a zip file, of its content.

    Raises:
        SourceFileError: there is none, or it is empty.
    """
    archive = zip_of(path)
    if archive is None:
        return check_regular(path).st_size
    size = zip_members(archive).get(path.relative_to(archive).as_posix(), 0)
    if not size:
        raise SourceFileError("the file is not in the zip file, or empty there", Where(path), fix="get the zip file again")
    return size


def check_regular(path: Path) -> os.stat_result:
    """The file's stat, if it is a regular file with content; links to one are followed. Of a file inside a zip file, that of the
    latter."""
    try:
        found = (zip_of(path) or path).stat()
    except OSError as error:
        raise SourceFileError(f"cannot look at the file: {error.strerror}", Where(path)) from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
        raise SourceFileError(f"the path is {kind}", Where(path), expected="a regular file")
    if not found.st_size:
        raise SourceFileError("the file is empty", Where(path), expected="a header and rows", fix="get the file again")
    return found


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Refuse if the file is replaced or written to while the body runs."""
    before = check_regular(path)
    yield
    after = check_regular(path)
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (after.st_ino, after.st_size, after.st_mtime_ns):
        raise SourceFileError("the file changed while it was read", Where(path), fix="wait for the copy to end, then repeat")


def is_parquet(path: Path) -> bool:
    """Whether the file is Parquet, by its first bytes; its name must say the same."""
    check_regular(path)
    found = _magic(path) == PARQUET
    if found != (path.suffix == ".parquet"):
        holds = "holds Parquet" if found else "does not hold Parquet"
        raise SourceFileError(f"the file {holds}, against its name", Where(path), fix="rename or export it again")
    return found


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The content of a text file, decompressed as its first bytes (not its name) demand: gzip, Zstandard, zip or plain.

    Raises:
        SourceFileError: if the file is damaged or cut, also while the body reads, or changes meanwhile.
    """
    magic = _magic(path)
    with _undamaged(path), unchanged(path), _opened(path, magic) as stream:
        yield stream


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    """Refuse if the body finds that the file is damaged or cut."""
    try:
        yield
    except (EOFError, zlib.error, zipfile.BadZipFile, OSError) as error:
        raise SourceFileError(f"the file cannot be read to its end: {error}", Where(path), fix="get the file again") from error


def digest_files(files: Mapping[str, Path]) -> str:
    """SHA-256 over the raw bytes of the files and the roles they play; their paths do not count."""
    digest = hashlib.sha256()
    for role, path in sorted(files.items()):
        digest.update(f"{role}\0{file_digest(path)}\0".encode())
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of one file, read in chunks; of one inside a zip file, of its content."""
    with unchanged(path), _undamaged(path), _plain(path) as file:
        digest = hashlib.sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()


def _magic(path: Path) -> bytes:
    check_regular(path)
    with _undamaged(path), _plain(path) as file:
        head = file.read(4)
    return next((magic for magic in (GZIP, ZSTD, ZIP, PARQUET) if head.startswith(magic)), b"")


def _plain(path: Path) -> BinaryIO:
    archive = zip_of(path)
    try:
        return path.open("rb") if archive is None else _member(archive, path.relative_to(archive).as_posix())
    except OSError as error:
        raise SourceFileError(f"cannot open the file: {error.strerror}", Where(path), fix="check its permissions") from error
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # the last two: a method, a password
        raise SourceFileError(
            f"cannot open the file in the zip file: {error}", Where(path), fix="get the zip file again"
        ) from error


def _member(archive: Path, name: str) -> BinaryIO:
    with zipfile.ZipFile(archive) as opened:  # what was opened in it stays open
        return cast(BinaryIO, opened.open(name))


@contextmanager
def _opened(path: Path, magic: bytes) -> Iterator[BinaryIO]:
    if magic == GZIP:
        with gzip.open(path) as stream:
            yield cast(BinaryIO, stream)
    elif magic == ZIP:
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive, path)) as stream:
            yield cast(BinaryIO, stream)
    elif magic == ZSTD:
        import pyarrow  # type: ignore[import-untyped,unused-ignore]

        with pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd") as stream:
            yield stream
    else:
        with _plain(path) as stream:
            yield stream


def _only_member(archive: zipfile.ZipFile, path: Path) -> str:
    members = [name for name in archive.namelist() if _is_content(name)]
    if len(members) != 1:
        raise SourceFileError(f"the archive holds {len(members)} files", Where(path), expected="exactly one CSV file")
    return members[0]


def _is_content(member: str) -> bool:
    return not member.endswith("/") and not member.startswith("__MACOSX/")
