"""A finished run, opened again: its steps, all found on disk, and the numbers that it left.

Input: a run folder. Output: FinishedRun.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lookbook.data.windows import Window
from lookbook.pipelines.dry_run.planned import Plan
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.runs.folder import LATEST, find_run, finished_runs, read_about
from lookbook.pipelines.runs.records.files import content_of
from lookbook.pipelines.runs.written import metrics_of
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.stages.artifacts import Stage
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.evaluate import evaluate
from lookbook.pipelines.stages.rank import Ranked, fit_and_rank
from lookbook.pipelines.stages.shards import Target, Week, run_targets
from lookbook.pipelines.stages.system import System, open_system
from lookbook.pipelines.terminal.progress import Reporter


@dataclass(frozen=True)
class FinishedRun:
    """The test half of a finished run. verdict: the stage evaluate."""

    folder: Path
    system: System
    ranked: Ranked
    verdict: Stage

    @property
    def target(self) -> Target:
        return self.ranked.target

    @property
    def week(self) -> Window:
        """The test week."""
        return self.target.window

    @property
    def buyers(self) -> Week:
        """Who bought in the test week, in shards."""
        return self.target.shards


def newest_run(settings: Settings | None, *, root: Path, name: str | None) -> Path | None:
    """The folder of the run to look at: `name`; else of the finished runs with `settings`, or without settings of all, the one that
    `latest` points to, else the newest. Null where there is none.

    Raises:
        ArtifactError: there is no run `name`, or it has no test week.
    """
    if name is not None and name != LATEST:
        folder = find_run(root, name)
        if not (folder / "metrics.json").is_file():
            raise ArtifactError(f"run {name} has no test week (it is of `lookbook recommend`); choose one of `lookbook run`")
        return folder
    found = newest(settings, root=root)
    return find_run(root, found.name) if found else None


def newest(settings: Settings | None, *, root: Path) -> Path | None:
    """The run that is looked at where none is named, as `newest_run`; its files are not checked."""
    wanted = digest(settings.tables) if settings else None
    latest = (root / "runs" / LATEST).resolve().name
    for found in sorted(finished_runs(root), key=lambda run: (run.name == latest, run.name), reverse=True):
        if (found / "metrics.json").is_file() and (wanted is None or wanted == read_about(found).settings_digest):
            return found
    return None


@contextmanager
def reopened(folder: Path, reporter: Reporter, *, root: Path, fresh: bool = False) -> Iterator[FinishedRun]:
    """Open the run in `folder`; what is missing in the cache is computed again, with `fresh` all of it.

    Raises:
        ArtifactError: code or data have changed since, so that the steps no longer give the numbers of the run.
    """
    settings = load_settings(folder / "config.resolved.toml")
    with open_system(settings, reporter, root=root, fresh=fresh) as system:
        (target,) = run_targets(system, final=False)
        Plan.of(system.artifacts).announce(system, lambda planned: _judged(planned, target))
        with reporter.showing():
            ranked, verdict = _judged(system, target)
        if content_of(metrics_of(verdict)) != json.loads((folder / "metrics.json").read_text()):
            raise ArtifactError(f"{folder.name} was made from other data or by other code: run `lookbook run` again")
        yield FinishedRun(folder, system, ranked, verdict)


def _judged(system: System, target: Target) -> tuple[Ranked, Stage]:
    ranked = fit_and_rank(system, target)
    return ranked, evaluate(system, ranked.recommendations, target.shards)
