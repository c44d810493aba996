"""A finished run, opened again: its stages, all found on disk, and the numbers that it left.

Input: a run folder, or Settings of which there is no finished run yet. Output: Inspected.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lookbook.data.windows import Window, last_window
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.run import run
from lookbook.pipelines.runs.folder import find_run, finished_runs, metrics_of, read_about
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.stages.artifacts import Stage
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.evaluate import judge
from lookbook.pipelines.stages.opened import opened
from lookbook.pipelines.stages.rank import Ranked, rank_week
from lookbook.pipelines.stages.shards import Shard
from lookbook.pipelines.stages.system import Stages
from lookbook.pipelines.terminal.progress import Reporter


@dataclass(frozen=True)
class Inspected:
    """The test half of a finished run. week: the test week; buyers: its customers in shards; verdict: the evaluate stage."""

    folder: Path
    stages: Stages
    week: Window
    buyers: list[Shard]
    ranked: Ranked
    verdict: Stage


def run_of(settings: Settings | None, reporter: Reporter, *, root: Path, name: str | None) -> Path:
    """The folder of the run to look at: `name`; else the newest finished run with `settings`; else, without settings, the
    newest of all. Where there is none, the test half is run, which reuses what an unfinished run left.

    Raises:
        ArtifactError: there is no run `name`, or it has no test week.
    """
    if name is not None and name != "latest":
        folder = find_run(root, name)
        if not (folder / "metrics.json").is_file():
            raise ArtifactError(f"run {name} has no test week (it is of `lookbook recommend`); choose one of `lookbook run`")
        return folder
    wanted = digest(settings.tables) if settings else None
    for found in reversed(finished_runs(root)):
        if (found / "metrics.json").is_file() and wanted in (None, read_about(found)["settings_digest"]):
            return find_run(root, found.name)
    return run(settings or load_settings(), reporter, root=root, final=False)


@contextmanager
def inspected(folder: Path, reporter: Reporter, *, root: Path, fresh: bool = False) -> Iterator[Inspected]:
    """Open the stages of the run in `folder`; what is missing in the cache is computed again, with `fresh` all of it.

    Raises:
        ArtifactError: code or data have changed since, so that the stages no longer give the numbers of the run.
    """
    settings = load_settings(folder / "config.resolved.toml")
    with opened(settings, reporter, root=root, fresh=fresh) as stages:
        week = last_window(stages.dataset.last_day)
        buyers = stages.buyers(week)
        reporter.plan(stages.count_steps(week, buyers, []))
        with reporter.showing():
            ranked = rank_week(stages, buyers)
            verdict = judge(stages, ranked.recommendations, buyers)
        if metrics_of(verdict) != json.loads((folder / "metrics.json").read_text()):
            raise ArtifactError(f"{folder.name} was made from other data or by other code: run `lookbook run` again")
        yield Inspected(folder, stages, week, buyers, ranked, verdict)
