"""Stage tables on disk: computed once, found again by their digest, never seen half written.

A stage lives in <root>/<stage>/<digest>/: its files and, written last, MANIFEST.json (key, what it took, SHA-256 of each file).
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lookbook.data.durable import flush
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.machine.disk import full_disk_explained
from lookbook.pipelines.machine.memory import PeakMemory
from lookbook.pipelines.stages.digest import digest, file_sha256
from lookbook.pipelines.terminal.progress import Reporter

Build = Callable[[Path], None]
Make = Callable[[], Mapping[str, pl.LazyFrame]]
MANIFEST = "MANIFEST.json"


@dataclass(frozen=True)
class Stage:
    """What one stage left. key: digest of what it was computed from, for the keys of later stages. reused: found on disk.

    seconds, cpu_seconds, peak_memory_mb: what it took when it was computed; CPU of all threads, and the memory of the whole
    process; 0 in caches of versions that did not measure it.
    """

    key: str
    folder: Path
    reused: bool
    seconds: float
    peak_memory_mb: int
    cpu_seconds: float = 0.0

    @property
    def tables(self) -> dict[str, pl.LazyFrame]:
        """Every Parquet file of the folder, by its name."""
        return {file.stem: pl.scan_parquet(file, glob=False) for file in sorted(self.folder.glob("*.parquet"))}

    def copy_to(self, folder: Path) -> None:
        """Copy the files of this stage to a new folder, without its manifest."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(MANIFEST))

    def table(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.folder / f"{name}.parquet", glob=False)


@dataclass(frozen=True)
class Passing:
    """A stage that is not kept: its tables are computed when they are asked for, each time anew. key: as of a kept one."""

    key: str
    make: Make

    def table(self, name: str) -> pl.LazyFrame:
        return self.make()[name]


@dataclass(frozen=True)
class Artifacts:
    """The stage tables under `root`. With `fresh`, what is there from before is computed again, once."""

    root: Path
    reporter: Reporter
    fresh: bool = False
    done: dict[Path, Stage] = field(default_factory=dict)

    def stage(self, name: str, detail: str, *, key: Mapping[str, object], build: Build, customers: int | None = None) -> Stage:
        """The folder that `build` fills for `key`: from disk if it is there and whole, else computed and written.

        name: "kind" or "kind/what"; detail: the rest of what people are shown. A stage is checked and reported once per run.
        customers: how many it works on, for its manifest; null = the whole data set.

        Raises:
            ArtifactError: a file on disk is not the one that was written.
        """
        mark = digest(key)
        folder = self.root / name / mark
        if folder not in self.done:
            with self.reporter.step(name, detail) as tell:
                reused = folder.exists() and not self.fresh
                if not reused:
                    self._write(folder, key, build, customers)
                verify(folder)
                took = json.loads((folder / MANIFEST).read_text())
                cost = took["seconds"], took.get("peak_memory_mb", 0), took.get("cpu_seconds", 0.0)
                self.done[folder] = Stage(mark, folder, reused, *cost)
                tell(reused)
        return self.done[folder]

    def tables(
        self, name: str, detail: str, *, key: Mapping[str, object], make: Make, keep: bool = True, customers: int | None = None
    ) -> Stage | Passing:
        """A stage whose files are the tables that `make` gives; with `keep` false nothing is written or reported."""
        if not keep:
            return Passing(digest(key), make)
        return self.stage(name, detail, key=key, build=lambda folder: write_tables(folder, make()), customers=customers)

    def _write(self, folder: Path, key: Mapping[str, object], build: Build, customers: int | None) -> None:
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        start, cpu = time.perf_counter(), time.process_time()
        try:
            with full_disk_explained(partial):
                with PeakMemory() as memory:
                    build(partial)
                took = {"seconds": round(time.perf_counter() - start, 3), "cpu_seconds": round(time.process_time() - cpu, 3)}
                took["peak_memory_mb"] = memory.mb
                write_manifest(partial, {"key": dict(key), "customers": customers, **took})
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)


def write_tables(folder: Path, tables: Mapping[str, pl.LazyFrame]) -> None:
    """Write each table to <name>.parquet, streaming, its row order kept."""
    for name, table in tables.items():
        table.sink_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1, maintain_order=True)


def write_manifest(folder: Path, about: Mapping[str, object], *, leave_out: str = "") -> None:
    """Write MANIFEST.json with the SHA-256 of every file in `folder` but `leave_out`, all of them flushed to disk before it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name not in (MANIFEST, leave_out))
    for file in files:
        flush(file)
    sums = {str(file.relative_to(folder)): file_sha256(file) for file in files}
    partial = folder / f"{MANIFEST}.partial"
    partial.write_text(json.dumps({**about, "sha256": sums}, indent=1, default=str) + "\n")
    flush(partial)
    partial.rename(folder / MANIFEST)


def verify(folder: Path) -> None:
    """Check every file of `folder` against its manifest.

    Raises:
        ArtifactError: the manifest or a file is missing, or the bytes are not the ones that were written.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise ArtifactError(f"{manifest} is missing: the folder was not finished. Run the command again with --fresh.")
    try:
        sums = json.loads(manifest.read_text())["sha256"]
    except (ValueError, KeyError):
        raise ArtifactError(f"{manifest} is damaged. Run the command again with --fresh.") from None
    for name, expected in sums.items():
        file = folder / name
        if not file.is_file() or file_sha256(file) != expected:
            state = "is missing" if not file.is_file() else "was changed after it was written"
            raise ArtifactError(f"{file} {state}. Run the command again with --fresh.")
