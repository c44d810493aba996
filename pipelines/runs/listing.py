"""`lookbook runs list` and `remove`: the finished runs under artifacts/runs.

Input: run folders. Output: one row per run; folders removed, and `latest` on the newest run left.
"""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

from lookbook.evaluation.segments import ALL
from lookbook.pipelines.errors import ArtifactError, SettingsError
from lookbook.pipelines.machine.lock import locked
from lookbook.pipelines.runs.folder import (
    LATEST,
    check_latest,
    chosen_run,
    discard,
    finished_runs,
    point_latest,
    read_about,
    read_results,
)
from lookbook.pipelines.runs.records.finished import Removed, RunRow
from lookbook.pipelines.stages.artifacts import MANIFEST
from lookbook.pipelines.stages.digest import file_sha256
from lookbook.pipelines.stages.evaluate import SYSTEM


def list_runs(root: Path) -> list[RunRow]:
    """One row per finished run, oldest first.

    Raises:
        ArtifactError: a file of a run is missing or damaged.
    """
    newest = (root / "runs" / LATEST).resolve()
    rows: list[RunRow] = []
    for folder in finished_runs(root):
        try:
            rows.append(_row(folder, latest=folder.resolve() == newest))
        except (ArtifactError, OSError, ValueError, KeyError) as error:
            raise ArtifactError(f"run {folder} is damaged ({error}); lookbook runs remove {folder.name} takes it away") from None
    return rows


def remove_runs(root: Path, names: Sequence[str], *, keep: int | None) -> list[Removed]:
    """Remove the named runs, or with `keep` all but the newest `keep`; name and bytes of each. Nothing is removed on an error.

    Raises:
        SettingsError: neither or both are given.
        ArtifactError: a name is unknown, or `latest` is no link.
        LockedError: the folder is in use.
    """
    if bool(names) == (keep is not None):
        raise SettingsError("runs remove: name the runs to remove, or give --keep N to keep the newest N; one of the two")
    for name in names:
        chosen_run(root, name)  # before `root` is locked, which makes a folder of a misspelled one
    if not finished_runs(root):
        return []
    check_latest(root)
    with locked(root):
        known = finished_runs(root)
        named = {chosen_run(root, name) for name in names} if keep is None else set(known[: max(len(known) - keep, 0)])
        gone = [Removed(folder.name, _size(folder)) for folder in sorted(named)]
        _point_latest(root, [folder for folder in known if folder not in named])
        for folder in sorted(named):
            discard(folder)
    return gone


def _point_latest(root: Path, left: Sequence[Path]) -> None:
    """Have `latest` point to the newest run left, unless the one it points to is left."""
    link = root / "runs" / LATEST
    if link.resolve() in {folder.resolve() for folder in left}:
        return
    if left:
        point_latest(root, left[-1].name)
    else:
        link.unlink(missing_ok=True)


def _row(folder: Path, *, latest: bool) -> RunRow:
    about, results = read_about(folder), read_results(folder)
    retrieval = read_toml(folder)["retrieval"]
    assert isinstance(retrieval, dict)
    best = results.standing.baseline if results and results.standing else None
    mean = results.metrics[SYSTEM][ALL]["map"] if results else None
    times = results.differences[best][ALL]["map"] if results and best else None
    return RunRow(
        name=folder.name,
        finished=about.finished,
        dataset=about.dataset,
        test_week=about.test_week,
        final_week=about.final_week,
        sources=retrieval["sources"],
        seconds=round(sum(step.seconds for step in about.stages.values()), 1),
        bytes=_size(folder),
        map=mean.value if mean else None,
        low=mean.low if mean else None,
        high=mean.high if mean else None,
        baseline=best,
        times_baseline=times.ratio if times else None,
        times_low=times.ratio_low if times else None,
        times_high=times.ratio_high if times else None,
        latest=latest,
        edited=_edited(folder),
    )


def _edited(folder: Path) -> list[str]:
    """The rest of a run is checked when it is opened: its tables can be large."""
    written = json.loads((folder / MANIFEST).read_text())["sha256"]
    read = {name: folder / name for name in ("run.json", "config.resolved.toml", "metrics.json")}
    return [name for name, file in read.items() if written.get(name) != (file_sha256(file) if file.is_file() else None)]


def read_toml(folder: Path) -> dict[str, object]:
    """The settings of a run as they were written, also those that this version no longer knows."""
    return tomllib.loads((folder / "config.resolved.toml").read_text())


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
