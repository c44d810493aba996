"""The MovieLens sets as GroupLens ships them: which files they are made of, how these are written, and where they lie.

Input: a folder with the files, a zip file as it comes, or a folder with one of either. Output: FileSet, and the path of each file,
which may lead into the zip file. The formats are those of the README of each set (Harper and Konstan, "The MovieLens Datasets:
History and Context", ACM TiiS 2015).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lookbook.data.errors import SourceFileError, Where
from lookbook.data.reading.plain_lines import LineForm, read_lines
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.source_files import zip_members
from lookbook.data.reading.tally import Tally

GENRES_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The last 19 fields of u.item, 1 = the movie is of that genre."""
HOME = "grouplens.org/datasets/movielens"


@dataclass(frozen=True)
class RawFile:
    """One file of a set. form: of a file without header; null = a CSV file whose header names the columns."""

    name: str
    form: LineForm | None

    def read(self, path: Path, wanted: Mapping[str, str], tally: Tally, *, known: frozenset[str]) -> Iterator[pl.DataFrame]:
        """Batches of the columns `wanted` (output name -> column) as String, and `line`. known: columns that may stay unread.

        Raises:
            DataError: the file is damaged, cut or of another format.
        """
        return read_lines(path, self.form, wanted) if self.form else read_text(path, wanted, tally=tally, known=known)


@dataclass(frozen=True)
class FileSet:
    """What the sets of one form are made of. sets: their names. files: by role (transactions, articles, customers, tags); all but
    the tags are needed. Columns are called userId, movieId, rating, timestamp, title, genres, tag, age, gender and occupation in
    all sets; the genres of ml-100k are a column each."""

    sets: tuple[str, ...]
    files: Mapping[str, RawFile]

    @property
    def needed(self) -> frozenset[str]:
        return frozenset(file.name for role, file in self.files.items() if role != "tags")

    def __str__(self) -> str:
        names = ", ".join(self.sets[:-1]) + " or " + self.sets[-1] if len(self.sets) > 1 else self.sets[0]
        return f"{names} ({', '.join(file.name for file in self.files.values())})"


def _lines(separator: str, *columns: str) -> LineForm:
    return LineForm(columns, separator, "latin-1")


ML_100K = FileSet(
    ("ml-100k",),
    {
        "transactions": RawFile("u.data", _lines("\t", "userId", "movieId", "rating", "timestamp")),
        "articles": RawFile("u.item", _lines("|", "movieId", "title", "release", "video_release", "url", *GENRES_100K)),
        "customers": RawFile("u.user", _lines("|", "userId", "age", "gender", "occupation", "zip")),
    },
)
ML_1M = FileSet(
    ("ml-1m",),
    {
        "transactions": RawFile("ratings.dat", _lines("::", "userId", "movieId", "rating", "timestamp")),
        "articles": RawFile("movies.dat", _lines("::", "movieId", "title", "genres")),
        "customers": RawFile("users.dat", _lines("::", "userId", "gender", "age", "occupation", "zip")),
    },
)
ML_CSV = FileSet(
    ("ml-latest-small", "ml-25m"),
    {
        "transactions": RawFile("ratings.csv", None),
        "articles": RawFile("movies.csv", None),
        "tags": RawFile("tags.csv", None),
    },
)
SETS = (ML_100K, ML_1M, ML_CSV)


@dataclass(frozen=True)
class Found:
    """A set and the folder that its files lie in, which may be inside a zip file. names: of all files there."""

    set: FileSet
    folder: Path
    names: frozenset[str]

    @property
    def paths(self) -> dict[str, Path]:
        """By role, of the files that are there."""
        return {role: self.folder / file.name for role, file in self.set.files.items() if file.name in self.names}

    def read(self, role: str, wanted: Mapping[str, str], tally: Tally, *, known: frozenset[str]) -> Iterator[pl.DataFrame]:
        """See RawFile.read."""
        return self.set.files[role].read(self.paths[role], wanted, tally, known=known)


def find_set(place: Path) -> Found:
    """The one set at `place`: a zip file, the folder with the files, or a folder in which one folder or zip file of a set lies;
    where a set lies both ways, the unpacked files are read.

    Raises:
        SourceFileError: there is none, one without some of its files, or more than one; which are needed and where is said.
    """
    if not place.exists():
        raise SourceFileError(
            "the data folder does not exist", Where(place), expected="a MovieLens zip file, or its folder", fix=_fetch(place)
        )
    every: dict[Path, set[str]] = {}
    for folders in _levels(place):
        every |= folders
        complete = [found for found in _sets_in(folders) if found.names >= found.set.needed]
        if len(complete) > 1:
            listed = ", ".join(f"{found.set.sets[0]} in {found.folder}" for found in complete)
            raise SourceFileError(
                f"there are {len(complete)} MovieLens sets: {listed}", Where(place), expected="one; name its folder"
            )
        if complete:
            return complete[0]
    parts = [found for found in _sets_in(every) if found.names & found.set.needed]
    if not parts:
        raise SourceFileError("no MovieLens files are there", Where(place), expected="; ".join(map(str, SETS)), fix=_fetch(place))
    part = max(parts, key=lambda found: len(found.names & found.set.needed))
    missing = sorted(part.set.needed - part.names)
    raise SourceFileError(
        f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
        Where(part.folder),
        expected=f"the files of {part.set}",
        fix=_fetch(place),
    )


def _sets_in(folders: Mapping[Path, set[str]]) -> list[Found]:
    """Every set in every folder, whether its files are there or not."""
    return [Found(each, folder, frozenset(names)) for folder, names in folders.items() for each in SETS]


def _fetch(place: Path) -> str:
    return f"fetch ml-latest-small.zip (or ml-100k.zip, ml-1m.zip, ml-25m.zip) from {HOME} and put it, packed or not, into {place}"


def _levels(place: Path) -> Iterator[dict[Path, set[str]]]:
    """The names of the files by folder: in `place`; in the folders right in it; in the zip files there, which are opened last."""
    if place.is_file():
        if place.suffix != ".zip":
            raise SourceFileError("neither a folder nor a zip file", Where(place), expected="a MovieLens zip file, or its folder")
        yield _inside(place)
        return
    inner = [entry for entry in sorted(place.iterdir()) if entry.is_dir()]
    yield {place: _files(place)}
    yield {folder: _files(folder) for folder in inner}
    archives = [entry for entry in sorted(place.iterdir()) if entry.is_file() and entry.suffix == ".zip"]
    yield {folder: names for archive in archives for folder, names in _inside(archive).items()}


def _files(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if entry.is_file()}


def _inside(archive: Path) -> dict[Path, set[str]]:
    found: dict[Path, set[str]] = {}
    for member in zip_members(archive):
        path = archive / member
        found.setdefault(path.parent, set()).add(path.name)
    return found
