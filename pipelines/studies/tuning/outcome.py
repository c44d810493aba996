"""What settings reach on the validation weeks: lists of a whole system for each week, measured, one week after the other.

Input: System, Targets. Output: Outcome. No later day than the last one of the newest validation week can be seen.
"""

import json
import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from lookbook.data.windows import Window
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.variants import Judged, judge_variants
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.examples import NoExamplesError
from lookbook.pipelines.stages.rank import fit_and_rank, listed, recommend_fallback
from lookbook.pipelines.stages.shards import Target, judged_weeks
from lookbook.pipelines.stages.system import System, first_window

STAGES = "stages.json"


@dataclass(frozen=True)
class Outcome:
    """weeks: customer and average_precision of everybody who bought, for each week, newest first; fewer weeks of a trial that was
    ended early. stages: what is kept in the cache of the study for it."""

    weeks: Sequence[pl.DataFrame]
    stages: Set[str] = frozenset()

    def pooled(self) -> float:
        """The mean over all customer-weeks."""
        return _mean(self.weeks)

    def by_week(self) -> list[float]:
        return [_mean([week]) for week in self.weeks]

    def write(self, folder: Path) -> None:
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for place, week in enumerate(self.weeks):
            week.write_parquet(partial / f"{place}.parquet")
        (partial / STAGES).write_text(json.dumps(sorted(self.stages)) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    @staticmethod
    def read(folder: Path) -> "Outcome | None":
        """The outcome that was written there; null if there is none."""
        if not folder.is_dir():
            return None
        files = sorted(folder.glob("*.parquet"), key=lambda file: int(file.stem))
        stages = json.loads((folder / STAGES).read_text())
        return Outcome([pl.read_parquet(file) for file in files], frozenset(stages))


def judge(outcomes: Mapping[str, Outcome], settings: Settings) -> Judged:
    """Some outcomes on the weeks that all of them have, pooled."""
    count = min(len(outcome.weeks) for outcome in outcomes.values())
    weeks = [{name: outcome.weeks[place] for name, outcome in outcomes.items()} for place in range(count)]
    return judge_variants(weeks, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)


@dataclass(frozen=True)
class Validation:
    """The weeks on which settings are compared. full: the system of the run; newest: the newest of `count` weeks."""

    full: System
    newest: Window
    count: int
    known: dict[str, Sequence[Target]] = field(default_factory=dict)

    def system(self, settings: Settings, artifacts: Artifacts) -> System:
        """With these settings, on the data as they were at the end of the newest week."""
        dataset = self.full.dataset.until(self.newest.end - timedelta(days=1))
        first = first_window(dataset, settings)
        return replace(self.full, dataset=dataset, settings=settings, artifacts=artifacts, first=first)

    def targets(self, system: System) -> Sequence[Target]:
        """The weeks with the training weeks of a system, newest first; settings that choose the same are asked for once.

        Raises:
            SettingsError: there are no data for so many weeks.
        """
        mark = digest({"run": system.settings.run.model_dump(), "training": system.settings.ranking.training_weeks})
        if mark not in self.known:
            self.known[mark] = judged_weeks(system, self.newest, self.count)
        return self.known[mark]


def measured(system: System, target: Target) -> pl.DataFrame:
    """One week of an Outcome. Where there is nothing to learn from, everybody gets a fallback list."""
    try:
        lists = fit_and_rank(system, target).recommendations
    except NoExamplesError:
        lists = recommend_fallback(system, target.shards)
    metrics = customer_metrics(listed(lists), system.dataset.labels(target.window), k=system.settings.run.k)
    return metrics.select("customer", "average_precision").collect()


def _mean(weeks: Sequence[pl.DataFrame]) -> float:
    return float(judge_variants([{"": week} for week in weeks], resamples=1, seed=0).mean[0])
