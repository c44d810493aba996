"""Vectors of pictures on disk, by the content of the picture: each picture is looked at once, however often data sets change.

A folder of this cache holds parts, called after the SHA-256 of their bytes; beside it lies a table of the files that were seen.
A part is there whole or not at all, so that work that was cut off goes on after the last part.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lookbook.data.durable import flush
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.stages.digest import file_sha256
from lookbook.retrieval.pictures.vectors import PICTURE_VECTORS

SEEN = {"path": pl.String, "size": pl.Int64, "mtime_ns": pl.Int64, "sha256": pl.String}
"""One row per file, sorted by path. size in bytes, mtime_ns: when it was written, nanoseconds; with both unchanged its content is
taken for unchanged too."""


@dataclass(frozen=True)
class VectorStore:
    """PICTURE_VECTORS in parts under `folder`, which need not be there yet."""

    folder: Path

    def known(self) -> set[str]:
        """The SHA-256 of every picture that was looked at."""
        return {sha for part in self._parts() for sha in pl.read_parquet(part, columns=["sha256"], glob=False)["sha256"]}

    def add(self, vectors: pl.DataFrame) -> None:
        """Keep a part."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(vectors.select(*PICTURE_VECTORS), self.folder / "new")
        (self.folder / "new").rename(self.folder / f"{file_sha256(self.folder / 'new')}.parquet")

    def vectors(self, pictures: Collection[str]) -> pl.DataFrame:
        """PICTURE_VECTORS of `pictures` (SHA-256), each once, sorted; of those that were looked at.

        Raises:
            ArtifactError: a part is not what was written.
        """
        for part in self._parts():
            if file_sha256(part) != part.stem:
                raise ArtifactError(f"{part} was changed after it was written. Remove it and run the command again.")
        asked = pl.LazyFrame({"sha256": sorted(pictures)}, {"sha256": pl.String})
        tables = [pl.scan_parquet(part, glob=False).join(asked, on="sha256", how="semi").collect() for part in self._parts()]
        return pl.concat([pl.DataFrame(schema=dict(PICTURE_VECTORS)), *tables]).unique("sha256", keep="first").sort("sha256")

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))


def seen_digests(files: Mapping[str, Path], table: Path) -> dict[str, str]:
    """Of the files (by any name) that stand in `table` and did not change since, the SHA-256. Nothing is read but the table."""
    seen = {row[:3]: row[3] for row in _seen(table).iter_rows()}
    found = ((name, seen.get(_state(file))) for name, file in files.items())
    return {name: sha for name, sha in found if sha is not None}


def digests(files: Mapping[str, Path], table: Path) -> dict[str, str]:
    """The SHA-256 of every file, by its name in `files`; what had to be read is added to `table`."""
    known = seen_digests(files, table)
    rows = list(_rows({name: file for name, file in files.items() if name not in known}, known))
    if rows:
        new = pl.DataFrame(rows, SEEN, orient="row")
        table.parent.mkdir(parents=True, exist_ok=True)
        _write(pl.concat([_seen(table), new]).unique("path", keep="last").sort("path"), partial := table.with_suffix(".partial"))
        partial.rename(table)
    return {name: known[name] for name in files}


def _rows(files: Mapping[str, Path], known: dict[str, str]) -> Iterator[tuple[str, int, int, str]]:
    """A row of SEEN for each file, whose SHA-256 `known` gets too."""
    for name, file in files.items():
        state = _state(file)
        known[name] = file_sha256(file)
        yield *state, known[name]


def _state(file: Path) -> tuple[str, int, int]:
    found = file.stat()
    return str(file.absolute()), found.st_size, found.st_mtime_ns


def _seen(table: Path) -> pl.DataFrame:
    return pl.read_parquet(table, glob=False) if table.is_file() else pl.DataFrame(schema=SEEN)


def _write(table: pl.DataFrame, file: Path) -> None:
    table.write_parquet(file, compression="zstd", compression_level=1)
    flush(file)
