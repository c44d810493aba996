"""What a run leaves behind: a folder under artifacts/runs that appears only when it is complete, and a link `latest` to it.

Files: run.json, config.resolved.toml, metrics.json, recommendations, submissions, models/, and MANIFEST.json, written last.
"""

import json
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from lookbook.evaluation.results import nested
from lookbook.pipelines.errors import ArtifactError, LockedError, SettingsError
from lookbook.pipelines.machine.disk import FULL, full_disk_explained
from lookbook.pipelines.stages.artifacts import MANIFEST, Artifacts, Stage, verify, write_manifest
from lookbook.pipelines.stages.digest import digest, library_versions
from lookbook.pipelines.stages.system import Stages
from lookbook.pipelines.terminal.progress import Reporter, peak_memory_mb

TIME = "%Y%m%dT%H%M%SZ"


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


@contextmanager
def new_run(root: Path, mark: str) -> Iterator[Path]:
    """A folder to fill; when the context ends well it gets its manifest and name, and `latest` points to it.

    The caller holds `root` (`locked`), so what is unfinished there is from a process that was killed, and is removed.
    """
    runs = root / "runs"
    for left in runs.glob("*.partial"):
        shutil.rmtree(left, ignore_errors=True)
    name = _free_name(runs, mark)
    partial = runs / f"{name}.partial"
    partial.mkdir(parents=True)
    try:
        with full_disk_explained(partial):
            yield partial
            write_manifest(partial, {"run": name})
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    partial.rename(partial.with_name(name))
    link = runs / "latest.link"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.rename(runs / "latest")


def _free_name(runs: Path, mark: str) -> str:
    """<UTC time>-<mark>, of the first second from now on that no run has: names are in the order in which runs ended."""
    moment = datetime.now(UTC)
    while any(runs.glob(f"{moment:{TIME}}-*")):
        moment += timedelta(seconds=1)
    return f"{moment:{TIME}}-{mark}"


def finished_runs(root: Path) -> list[Path]:
    """The folders of all finished runs, oldest first."""
    folders = (manifest.parent for manifest in (root / "runs").glob(f"*/{MANIFEST}"))
    return sorted(folder for folder in folders if not folder.is_symlink() and folder.suffix != ".partial")


def find_run(root: Path, name: str) -> Path:
    """The folder of a finished run, its files checked against the manifest.

    Raises:
        ArtifactError: there is no such run, or a file in it was changed.
    """
    folder = (root / "runs" / name).resolve()
    if folder.parent != (root / "runs").resolve() or not folder.is_dir():
        known = ", ".join(run.name for run in finished_runs(root))
        raise ArtifactError(f"no run {name!r} under {root / 'runs'}; known: {known or 'none yet (lookbook run)'}")
    verify(folder)
    return folder


def read_about(folder: Path) -> dict[str, object]:
    """run.json of a finished run."""
    about: dict[str, object] = json.loads((folder / "run.json").read_text())
    return about


def metrics_of(verdict: Stage) -> dict[str, object]:
    """What metrics.json holds: metrics and differences by variant, segment and metric; sources and union as rows."""
    tables = {name: table.collect() for name, table in verdict.tables.items()}
    return {
        "metrics": nested(tables["metrics"]),
        "differences": nested(tables["differences"]),
        "sources": tables["sources"].to_dicts(),
        "union": tables["union"].to_dicts(),
    }


def as_json(content: Mapping[str, object]) -> str:
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def add_to_run(folder: Path, name: str, content: str) -> None:
    """Write a text file into a finished run, or replace it. Killed at any point, the run stays whole, with the file or without."""
    for left in folder.glob("*.partial"):  # of a process that was killed here
        left.unlink()
    manifest = json.loads((folder / MANIFEST).read_text())
    about = {key: value for key, value in manifest.items() if key != "sha256"}
    if name in manifest["sha256"]:
        write_manifest(folder, about, leave_out=name)
    partial = folder / f"{name}.partial"
    partial.write_text(content)
    partial.rename(folder / name)
    write_manifest(folder, about)


def write_recommendations(file: Path, parts: Sequence[Stage]) -> pl.LazyFrame:
    """One Parquet file from the shards, in customer order."""
    pl.concat([part.table("recommendations") for part in parts]).sink_parquet(file, compression="zstd", maintain_order=True)
    return pl.scan_parquet(file, glob=False)


def write_about(folder: Path, stages: Stages, reporter: Reporter, facts: Mapping[str, object]) -> None:
    """run.json: what was run, on what, with which versions, and what each stage took."""
    about = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings_digest": digest(stages.settings.tables),
        "preset": stages.settings.run.preset,
        "k": stages.settings.run.k,
        "dataset": stages.dataset.name,
        "data_digest": stages.dataset.digest,
        "data": json.loads((stages.folder / "dataset.json").read_text()),
        **facts,
        "versions": {"python": platform.python_version(), **library_versions()},
        "stages": {kind: _cost(stages.artifacts, reporter, kind) for kind in reporter.seconds},
        "peak_memory_mb": peak_memory_mb(),
    }
    (folder / "run.json").write_text(json.dumps(about, indent=1, default=str) + "\n")


def _cost(artifacts: Artifacts, reporter: Reporter, kind: str) -> dict[str, float]:
    """What the stages of one kind took: `seconds` in this run; `seconds_when_computed` and `peak_memory_mb` when they were
    computed, now or in an earlier run."""
    done = [stage for folder, stage in artifacts.done.items() if folder.relative_to(artifacts.root).parts[0] == kind]
    return {
        "seconds": round(reporter.seconds[kind], 2),
        "seconds_when_computed": round(sum(stage.seconds for stage in done), 2),
        "computed": reporter.computed.get(kind, 0),
        "reused": reporter.reused.get(kind, 0),
        "peak_memory_mb": max(stage.peak_memory_mb for stage in done),
    }
