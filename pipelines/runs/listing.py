"""`lookbook runs list` and `remove`: the finished runs under artifacts/runs.

Input: run folders. Output: one JSON-ready dict per run; folders removed, and `latest` on the newest run left.
"""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

from lookbook.evaluation.standing import best_baseline
from lookbook.pipelines.errors import ArtifactError, SettingsError
from lookbook.pipelines.machine.lock import locked
from lookbook.pipelines.runs.folder import LATEST, check_latest, chosen_run, discard, finished_runs, point_latest
from lookbook.pipelines.stages.artifacts import MANIFEST
from lookbook.pipelines.stages.digest import file_sha256
from lookbook.pipelines.stages.evaluate import SYSTEM

Row = dict[str, object]


def list_runs(root: Path) -> list[Row]:
    """One row per finished run, oldest first.

    edited: the files among those read here that are not as they were written, so that the row is not what the run found.
    map: of the system on the test week, with low and high; null for a run without one. baseline: the best of the baselines, and
    times_baseline, the ratio of the two MAPs, with low and high. seconds: what its stages took in that run; bytes: of the
    folder, without the stage tables that runs share.

    Raises:
        ArtifactError: a file of a run is missing or damaged.
    """
    newest = (root / "runs" / LATEST).resolve()
    rows: list[Row] = []
    for folder in finished_runs(root):
        try:
            row = {**_about(folder), **_result(folder), "latest": folder.resolve() == newest}
            rows.append({**row, "edited": _edited(folder)})
        except (OSError, ValueError, KeyError) as error:
            raise ArtifactError(f"run {folder} is damaged ({error}); lookbook runs remove {folder.name} takes it away") from None
    return rows


def remove_runs(root: Path, names: Sequence[str], *, keep: int | None) -> list[Row]:
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
        gone: list[Row] = [{"name": folder.name, "bytes": _size(folder)} for folder in sorted(named)]
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


def _about(folder: Path) -> Row:
    about = json.loads((folder / "run.json").read_text())
    retrieval = read_toml(folder)["retrieval"]
    assert isinstance(retrieval, dict)
    return {
        "name": folder.name,
        "finished": about["finished"],
        "dataset": about["dataset"],
        "test_week": about.get("test_week"),
        "final_week": about.get("final_week"),
        "sources": retrieval["sources"],
        "seconds": round(sum(stage["seconds"] for stage in about["stages"].values()), 1),
        "bytes": _size(folder),
    }


def _result(folder: Path) -> Row:
    file = folder / "metrics.json"
    if not file.is_file():
        return dict.fromkeys(("map", "low", "high", "baseline", "times_baseline", "times_low", "times_high"))
    results = json.loads(file.read_text())
    means = {variant: cells["all"]["map"] for variant, cells in results["metrics"].items()}
    best = best_baseline(results["metrics"], system=SYSTEM)
    ratio = results["differences"][best]["all"]["map"]
    return {
        **{"map" if name == "value" else name: means[SYSTEM][name] for name in ("value", "low", "high")},
        "baseline": best,
        **{f"times_{name}": ratio[key] for name, key in (("baseline", "ratio"), ("low", "ratio_low"), ("high", "ratio_high"))},
    }


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
