"""What a run leaves behind: a folder under artifacts/runs that appears only when it is complete, and a link `latest` to it.

Files: run.json, config.resolved.toml, metrics.json, recommendations, submissions, models/, and MANIFEST.json, written last.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.machine.disk import full_disk_explained
from lookbook.pipelines.runs.records.files import read_record
from lookbook.pipelines.runs.records.run import About, Results
from lookbook.pipelines.stages.artifacts import MANIFEST, verify, write_manifest

LATEST = "latest"
TIME = "%Y%m%dT%H%M%SZ"


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
    point_latest(root, name)


def check_latest(root: Path) -> None:
    """Refuse, before anything is computed, what could not be replaced when a run is done.

    Raises:
        ArtifactError: `latest` is there and no link.
    """
    link = root / "runs" / LATEST
    if link.exists() and not link.is_symlink():
        what = "a folder" if link.is_dir() else "a file"
        raise ArtifactError(f"{link} is {what}; expected a link to the newest run: rename or remove it, then repeat the command")


def point_latest(root: Path, name: str) -> None:
    """Have `latest` point to the run `name`; at any moment it points to a run."""
    link = root / "runs" / f"{LATEST}.link"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.rename(root / "runs" / LATEST)


def discard(folder: Path) -> None:
    """Remove a finished run. Killed meanwhile, it leaves what the next run clears away."""
    partial = folder.with_name(f"{folder.name}.partial")
    folder.rename(partial)
    shutil.rmtree(partial)


def kept_once(root: Path, folder: Path) -> Path:
    """The run in `folder`; if another finished run has every file of it with the same bytes, on the same data, that one: then
    `latest` points to it and `folder` is removed. Only run.json, which tells when and how, may differ. The caller holds `root`."""
    for other in reversed(finished_runs(root)):
        if other.name != folder.name and _has_all(other, folder):
            point_latest(root, other.name)
            discard(folder)
            return other
    return folder


def _has_all(other: Path, folder: Path) -> bool:
    """Whether the results of the run in `folder` are those of `other` too; a damaged run has none."""
    try:
        if not _results(folder).items() <= _results(other).items():
            return False
        verify(other)
    except (ArtifactError, OSError, ValueError, KeyError):
        return False
    return True


def _results(folder: Path) -> dict[str, object]:
    """The checksum of every file of a run by its name; for run.json, the digest of the data."""
    sums, about = (json.loads((folder / name).read_text()) for name in (MANIFEST, "run.json"))
    return {**sums["sha256"], "run.json": about["data_digest"]}


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


def chosen_run(root: Path, name: str) -> Path:
    """The finished run that is called `name`, or `latest`, or whose name alone begins with it.

    Raises:
        ArtifactError: there is none, or several.
    """
    known = {folder.name: folder for folder in finished_runs(root)}
    wanted = (root / "runs" / LATEST).resolve().name if name == LATEST else name
    found = [wanted] if wanted in known else [run for run in known if name and run.startswith(name)]
    if len(found) != 1:
        if found:
            raise ArtifactError(f"{len(found)} runs begin with {name!r}: {', '.join(found)}; give more characters")
        raise ArtifactError(f"no run {name!r} under {root / 'runs'}; known: {', '.join(known) or 'none yet (lookbook run)'}")
    return known[found[0]]


def find_run(root: Path, name: str) -> Path:
    """The finished run that `name` chooses, its files checked against the manifest.

    Raises:
        ArtifactError: there is no such run, or a file in it was changed.
    """
    folder = chosen_run(root, name).resolve()
    verify(folder)
    return folder


def read_about(folder: Path) -> About:
    """run.json of a finished run."""
    return read_record(folder / "run.json", About)


def read_results(folder: Path) -> Results | None:
    """metrics.json of a finished run; null where it has no test week."""
    file = folder / "metrics.json"
    return read_record(file, Results) if file.is_file() else None


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


def remove_from_run(folder: Path, name: str) -> None:
    """Take a file that was added out of a finished run, if it is there. Killed at any point, the run stays whole."""
    if (folder / name).exists():
        manifest = json.loads((folder / MANIFEST).read_text())
        write_manifest(folder, {key: value for key, value in manifest.items() if key != "sha256"}, leave_out=name)
        (folder / name).unlink()
