"""`lookbook run`: learn before the last week of data and judge that week; then recommend the week after it for everybody.

Input: Settings. Output: a run folder (run_folder.py). Both halves use the same functions, one week apart.
"""

from pathlib import Path

from lookbook.data.windows import last_window
from lookbook.pipelines.runs.folder import as_json, metrics_of, new_run, write_about, write_recommendations
from lookbook.pipelines.runs.submission import write_submission
from lookbook.pipelines.settings.config import Settings, write_settings
from lookbook.pipelines.stages.artifacts import Stage
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.evaluate import judge
from lookbook.pipelines.stages.opened import opened
from lookbook.pipelines.stages.phases import PHASES
from lookbook.pipelines.stages.rank import Ranked, rank_week
from lookbook.pipelines.stages.shards import Shard
from lookbook.pipelines.stages.system import Stages
from lookbook.pipelines.terminal.progress import Reporter


def run(settings: Settings, reporter: Reporter, *, root: Path, final: bool = True, fresh: bool = False) -> Path:
    """Test, and with `final` also recommend the 7 days after the data; returns the run folder."""
    with opened(settings, reporter, root=root, fresh=fresh) as stages:
        targets = _targets(stages, final=final)
        with reporter.showing():
            _work(stages, targets, until="rank")
            halves = {"test": rank_week(stages, targets[0])}
            verdict = judge(stages, halves["test"].recommendations, targets[0])
            if final:
                halves["final"] = rank_week(stages, targets[1], trees=halves["test"].trees)
        return _write(stages, reporter, halves, verdict)


def run_until(phase: str, settings: Settings, reporter: Reporter, *, root: Path, final: bool = True, fresh: bool = False) -> None:
    """The stages of a run up to those of `phase` (phases.PHASES), for a later run to find."""
    with opened(settings, reporter, root=root, fresh=fresh) as stages:
        targets = _targets(stages, final=final)
        with reporter.showing():
            _work(stages, targets, until=phase)


def _targets(stages: Stages, *, final: bool) -> list[list[Shard]]:
    """The customers of the test week and with `final` those of the week after the data; their steps are announced."""
    week = last_window(stages.dataset.last_day)
    buyers, everybody = stages.buyers(week), stages.everybody(week.earlier(-1)) if final else []
    stages.artifacts.reporter.plan(stages.count_steps(week, buyers, everybody))
    return [buyers, everybody] if final else [buyers]


def _work(stages: Stages, targets: list[list[Shard]], *, until: str) -> None:
    """All phases in order, `until` included."""
    for phase, work in PHASES.items():
        work(stages, targets)
        if phase == until:
            return


def recommend_only(settings: Settings, reporter: Reporter, *, root: Path, trees: int, fresh: bool = False) -> Path:
    """The final half alone, with the number of trees of a finished run, on the data as it is now; returns the new run folder."""
    with opened(settings, reporter, root=root, fresh=fresh) as stages:
        week = last_window(stages.dataset.last_day).earlier(-1)
        everybody = stages.everybody(week)
        reporter.plan(stages.count_steps(week.earlier(1), [], everybody))
        with reporter.showing():
            halves = {"final": rank_week(stages, everybody, trees=trees)}
        return _write(stages, reporter, halves)


def _write(stages: Stages, reporter: Reporter, halves: dict[str, Ranked], verdict: Stage | None = None) -> Path:
    prefixes = {"test": "test_", "final": ""}
    with new_run(stages.artifacts.root.parent, digest(stages.settings.tables)) as folder:
        for name, half in halves.items():
            lists = write_recommendations(folder / f"{prefixes[name]}recommendations.parquet", half.recommendations)
            write_submission(lists, dataset_folder=stages.folder, file=folder / f"{prefixes[name]}submission.csv")
            half.ranker.copy_to(folder / "models" / name)
        if verdict is not None:
            (folder / "metrics.json").write_text(as_json(metrics_of(verdict)))
        write_settings(stages.settings, folder / "config.resolved.toml")
        weeks = {f"{name}_week": str(half.window.as_of) for name, half in halves.items()}
        trees = next(half.trees for half in halves.values())
        write_about(folder, stages, reporter, {**weeks, "device": stages.device, "trees": trees})
    return folder.with_name(folder.name.removesuffix(".partial"))
