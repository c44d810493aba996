"""`lookbook run`: learn before the last week of data and judge that week; then recommend the week after it for everybody.

Input: Settings. Output: a run folder (run_folder.py). Both halves use the same functions, one week apart.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.windows import Window, last_window
from pipelines.artifacts import Artifacts, Stage
from pipelines.config import Settings, write_settings
from pipelines.device import choose_device
from pipelines.digest import digest
from pipelines.judge import judge
from pipelines.open_dataset import open_dataset
from pipelines.progress import Reporter
from pipelines.rank import choose_tree_count, fit_ranker, recommend
from pipelines.run_folder import locked, new_run, write_about, write_metrics, write_recommendations
from pipelines.stages import Shard, Stages
from pipelines.submission import write_submission


@dataclass(frozen=True)
class Ranked:
    """One half of a run: a ranker and what it recommends for `window`, shard by shard. verdict: only of the test half."""

    window: Window
    ranker: Stage
    recommendations: Sequence[Stage]
    verdict: Stage | None = None


def run(settings: Settings, reporter: Reporter, *, root: Path, final: bool = True, fresh: bool = False) -> Path:
    """Test, and with `final` also recommend the 7 days after the data; returns the run folder."""
    with _opened(settings, reporter, root=root, fresh=fresh) as stages:
        week = last_window(stages.dataset.last_day)
        buyers, everybody = stages.buyers(week), stages.everybody(week.earlier(-1)) if final else []
        reporter.plan(stages.count_steps(week, buyers, everybody))
        with reporter.showing():
            trees = choose_tree_count(stages, week)
            halves = {"test": _rank(stages, buyers, trees=trees)}
            if final:
                halves["final"] = _rank(stages, everybody, trees=trees)
        return _write(stages, reporter, halves, trees=trees)


def recommend_only(settings: Settings, reporter: Reporter, *, root: Path, trees: int, fresh: bool = False) -> Path:
    """The final half alone, with the number of trees of a finished run, on the data as it is now; returns the new run folder."""
    with _opened(settings, reporter, root=root, fresh=fresh) as stages:
        week = last_window(stages.dataset.last_day).earlier(-1)
        everybody = stages.everybody(week)
        reporter.plan(stages.count_steps(week.earlier(1), [], everybody))
        with reporter.showing():
            halves = {"final": _rank(stages, everybody, trees=trees)}
        return _write(stages, reporter, halves, trees=trees)


@contextmanager
def _opened(settings: Settings, reporter: Reporter, *, root: Path, fresh: bool) -> Iterator[Stages]:
    device, reason = choose_device(settings.run.device)
    reporter.say(f"device: {device} ({reason})")
    with locked(root):
        artifacts = Artifacts(root / "cache", reporter, fresh)
        dataset, folder = open_dataset(settings, artifacts)
        for warning in json.loads((folder / "dataset.json").read_text())["warnings"]:
            reporter.say(f"warning: {warning}")
        first = last_window(dataset.last_day).earlier(settings.ranking.training_weeks)
        yield Stages(dataset, folder, settings, artifacts, device, first)


def _rank(stages: Stages, shards: Sequence[Shard], *, trees: int) -> Ranked:
    """Fit on the weeks before the window of `shards`, recommend for their customers, and judge where the labels are known."""
    window = shards[0].window
    ranker = fit_ranker(stages, window, trees=trees)
    recommendations = recommend(stages, ranker, shards)
    known = window.as_of <= stages.dataset.last_day
    return Ranked(window, ranker, recommendations, judge(stages, recommendations, shards) if known else None)


def _write(stages: Stages, reporter: Reporter, halves: dict[str, Ranked], *, trees: int) -> Path:
    prefixes = {"test": "test_", "final": ""}
    with new_run(stages.artifacts.root.parent, digest(stages.settings.tables)) as folder:
        for name, half in halves.items():
            lists = write_recommendations(folder / f"{prefixes[name]}recommendations.parquet", half.recommendations)
            write_submission(lists, dataset_folder=stages.folder, file=folder / f"{prefixes[name]}submission.csv")
            half.ranker.copy_to(folder / "models" / name)
            if half.verdict is not None:
                write_metrics(folder, half.verdict)
        write_settings(stages.settings, folder / "config.resolved.toml")
        weeks = {f"{name}_week": str(half.window.as_of) for name, half in halves.items()}
        write_about(folder, stages, reporter, {**weeks, "device": stages.device, "trees": trees})
    return folder.with_name(folder.name.removesuffix(".partial"))
