"""`lookbook report`: one page about a finished run, report.html in its folder.

Input: a run folder with what the other commands left in it. Output: report.html; profile.json and report.json, the numbers on the
page that no other file holds. Only what is cheap is computed here: the profile of the data and the example customers.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.pipelines.data_sets.profile import profile_of
from lookbook.pipelines.explain.customer import cards, example_customers
from lookbook.pipelines.runs.finished import FinishedRun, reopened
from lookbook.pipelines.runs.folder import add_to_run
from lookbook.pipelines.runs.records.files import as_json
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.settings.layers import DEFAULTS
from lookbook.pipelines.stages.learn import learned
from lookbook.pipelines.stages.shards import windows_of
from lookbook.pipelines.terminal.progress import Reporter

FILES = {
    "metrics.json": "lookbook run",
    "run.json": "lookbook run",
    "ablation.json": "lookbook ablate",
    "backtest.json": "lookbook backtest",
    "leaderboard.json": "lookbook leaderboard",
    "tuning.json": "lookbook tune",
    "importance.json": "lookbook explain",
    "profile.json": "lookbook report",
    "report.json": "lookbook report",
}
"""What the page is made of, and the command that writes it into the run."""
CURVE = ("phase", "epoch", "train_loss", "valid_recall")

Rows = list[dict[str, object]]


def report(
    folder: Path, reporter: Reporter, *, root: Path, fresh: bool = False, flags: Mapping[str, Sequence[str]] | None = None
) -> Path:
    """Write report.html into the run in `folder` and return its path. What other commands have not left yet is named on it.

    flags: what the commands on the page need to be about this run ("run") or to begin with its settings ("settings").
    """
    with reopened(folder, reporter, root=root, fresh=fresh) as finished:
        reporter.plan({"profile": 1, "report": 2})
        with reporter.showing():
            system = finished.system
            profile = profile_of(Dataset.open(system.folder), system.folder, system.artifacts)
            with reporter.step("report", "example customers"):
                gathered = {
                    "customers": cards(finished, example_customers(finished)),
                    "learning": {"sources": learning_curves(finished), "ranker": tree_curve(finished)},
                    "settings": settings_rows(folder),
                    "flags": flags or {},
                }
            add_to_run(folder, "profile.json", as_json(profile))
            add_to_run(folder, "report.json", as_json(gathered))
            with reporter.step("report", "page"):
                from lookbook.report.page import page

                add_to_run(folder, "report.html", page(read_files(folder)))
    return folder / "report.html"


def show_report(page: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Say on stdout where the page is, what it lacks and which command makes that."""
    lacking = missing(page.parent)
    reused, computed = sum(reporter.reused.values()), sum(reporter.computed.values())
    if json_lines:
        about = {"run": str(page.parent), "report": str(page), "bytes": page.stat().st_size, "missing": lacking}
        print(json.dumps({**about, "stages_reused": reused, "stages_computed": computed}))
        return
    for name, command in lacking.items():
        print(f"Not on the page yet: {name.removesuffix('.json')} ({command}).")
    print(reporter.reuse())
    print(f"The report is {page} ({page.stat().st_size / 1e6:.1f} MB).")


def read_files(folder: Path) -> dict[str, object]:
    """The parsed files of FILES that are in the run."""
    return {name: json.loads((folder / name).read_text()) for name in FILES if (folder / name).is_file()}


def missing(folder: Path) -> dict[str, str]:
    """The files that are not there yet, and the command that makes each."""
    return {name: command for name, command in FILES.items() if not (folder / name).is_file()}


def learning_curves(finished: FinishedRun) -> Rows:
    """The table learning_curve of every source that has one, as rows with source and week, the oldest week first."""
    system = finished.system
    parts = [
        learned(system, source, week)
        .table("learning_curve")
        .select(pl.col(CURVE), source=pl.lit(source.name), week=pl.lit(str(week.as_of)))
        .with_columns(pl.col("train_loss", "valid_recall").cast(pl.Float64).fill_nan(None))
        .collect()
        for source in system.sources
        if "learning_curve" in learned(system, source, finished.week).tables
        for week in windows_of([finished.target])
    ]
    return [row for part in parts for row in part.to_dicts()]


def tree_curve(finished: FinishedRun) -> dict[str, object]:
    """MAP@12 by number of trees on the newest training week, and the number that was chosen."""
    search = finished.ranked.fitted.search
    curve: dict[str, object] = json.loads((search.folder / "curve.json").read_text()) if search else {}
    return curve


def settings_rows(folder: Path) -> Rows:
    """key, value and default of every setting of the run."""
    defaults = dict(_flat(tomllib.loads(DEFAULTS.read_text())))
    used = load_settings(folder / "config.resolved.toml").tables
    return [{"key": key, "value": value, "default": defaults.get(key)} for key, value in _flat(used)]


def _flat(table: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value
